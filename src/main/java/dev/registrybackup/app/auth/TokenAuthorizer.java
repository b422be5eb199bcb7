package dev.registrybackup.app.auth;

/** Authorizes callers by their tokens. */
@FunctionalInterface
public interface TokenAuthorizer {
    /**
     * Identifies the holder of the token and decides. Blocks for a few seconds at most. If it cannot be determined or
     * this throws, the decision is {@link AuthDecision.Answer#UNKNOWN}, which denies the request.
     *
     * @param token the token as sent, with the characters of bearer tokens only
     * @param verb the function's name
     */
    AuthDecision authorize(String token, String verb);
}
