package dev.registrybackup.app.auth;

/**
 * The decision whether a caller may do something.
 *
 * @param answer the decision
 * @param caller the caller; {@value #NOBODY} if unknown. It may have any character: escape it in output
 * @param reason the reason, which never has the token in it; may have any character too
 */
public record AuthDecision(Answer answer, String caller, String reason) {
    /** Stands for an unknown caller. */
    public static final String NOBODY = "-";

    public enum Answer {
        ALLOWED,
        /** There is no token, or it is not known: 401. */
        UNAUTHENTICATED,
        /** The caller is known but not allowed: 403. */
        FORBIDDEN,
        /** It cannot be determined now: 503. */
        UNKNOWN
    }

    public static AuthDecision allowed(String caller, String reason) {
        return new AuthDecision(Answer.ALLOWED, caller, reason);
    }

    /** Denies an unknown caller. */
    public static AuthDecision unauthenticated(String reason) {
        return new AuthDecision(Answer.UNAUTHENTICATED, NOBODY, reason);
    }

    public static AuthDecision forbidden(String caller, String reason) {
        return new AuthDecision(Answer.FORBIDDEN, caller, reason);
    }

    /** Denies because it cannot be determined. */
    public static AuthDecision unknown(String reason) {
        return new AuthDecision(Answer.UNKNOWN, NOBODY, reason);
    }

    public boolean isAllowed() {
        return answer == Answer.ALLOWED;
    }
}
