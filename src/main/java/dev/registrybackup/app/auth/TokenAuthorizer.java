package dev.registrybackup.app.auth;

/** Whoever knows the callers by their tokens. */
@FunctionalInterface
public interface TokenAuthorizer {
    /**
     * Finds out who holds the token, and whether he may. Blocks, for some seconds at most. What could not be found out is
     * {@link AuthDecision.Answer#UNKNOWN}, and is never taken for a yes; so is whatever this throws.
     *
     * @param token as it was sent, of bearer tokens' characters only
     * @param verb the function's name
     */
    AuthDecision authorize(String token, String verb);
}
