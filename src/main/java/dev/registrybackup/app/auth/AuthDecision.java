package dev.registrybackup.app.auth;

/**
 * Whether a caller may do what he asks for.
 *
 * @param answer which of the four it is
 * @param caller who it is; {@value #NOBODY} if that is not known. It may hold any character: escape it where it is shown
 * @param reason why, in words that never hold the token; any character too
 */
public record AuthDecision(Answer answer, String caller, String reason) {
    /** Stands for a caller of whom nothing is known. */
    public static final String NOBODY = "-";

    /** What a caller is answered. */
    public enum Answer {
        /** He may. */
        ALLOWED,
        /** He has not said who he is, or nobody knows him: 401. */
        UNAUTHENTICATED,
        /** It is known who he is, and he may not: 403. */
        FORBIDDEN,
        /** It could not be found out, which may be otherwise soon: 503. */
        UNKNOWN
    }

    /** He may. */
    public static AuthDecision allowed(String caller, String reason) {
        return new AuthDecision(Answer.ALLOWED, caller, reason);
    }

    /** He is nobody that is known. */
    public static AuthDecision unauthenticated(String reason) {
        return new AuthDecision(Answer.UNAUTHENTICATED, NOBODY, reason);
    }

    /** He may not. */
    public static AuthDecision forbidden(String caller, String reason) {
        return new AuthDecision(Answer.FORBIDDEN, caller, reason);
    }

    /** It could not be found out. */
    public static AuthDecision unknown(String reason) {
        return new AuthDecision(Answer.UNKNOWN, NOBODY, reason);
    }

    /** Whether he may. */
    public boolean isAllowed() {
        return answer == Answer.ALLOWED;
    }
}
