package dev.registrybackup.app.auth;

import dev.registrybackup.concurrent.WorkerPools;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Tells whether a caller may do what he asks for. Safe for use by many threads. */
public final class Authorizer {
    /** Longer ones are nobody's, and are not looked at. Kubernetes' are around 1 KiB. */
    static final int MAX_TOKEN_LENGTH = 8 << 10;
    /** What a bearer token is made of: RFC 6750, section 2.1. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private static final Duration REVIEW_TIMEOUT = Duration.ofSeconds(5);

    /** What decides about somebody, however he calls. */
    @FunctionalInterface
    private interface Rule {
        CompletableFuture<AuthDecision> ask(Optional<String> token, String verb, boolean fromLoopback);
    }

    private final Rule rule;

    private Authorizer(Rule rule) {
        this.rule = rule;
    }

    /**
     * Lets in whom the judge allows. Its decisions are remembered: 60 s that somebody may, 10 s that he may not. A decision
     * that takes longer than 5 s, or comes on top of {@value DecisionCache#MAX_REVIEWS} others under way, is {@link
     * AuthDecision.Answer#UNKNOWN}.
     */
    public static Authorizer of(TokenAuthorizer tokenAuthorizer, WorkerPools workerPools, Clock clock) {
        return of(tokenAuthorizer, workerPools, clock, REVIEW_TIMEOUT);
    }

    static Authorizer of(TokenAuthorizer tokenAuthorizer, WorkerPools workerPools, Clock clock, Duration patience) {
        DecisionCache decisions = new DecisionCache(tokenAuthorizer, workerPools, clock, patience);
        return new Authorizer((token, verb, fromLoopback) -> withToken(token, given -> decisions.decide(given, verb)));
    }

    /** Lets in whoever has that token, to everything. */
    public static Authorizer of(SharedSecret secret) {
        return new Authorizer((token, verb, fromLoopback) -> withToken(
                token,
                given -> CompletableFuture.completedFuture(
                        secret.matches(given)
                                ? AuthDecision.allowed("auth.token", "the token is the one that is configured")
                                : AuthDecision.unauthenticated("the token is not the one that is configured"))));
    }

    /** Lets in whoever calls from this machine, with or without a token. */
    public static Authorizer loopback() {
        return new Authorizer((token, verb, fromLoopback) -> CompletableFuture.completedFuture(
                fromLoopback
                        ? AuthDecision.allowed("loopback", "the call comes from this machine")
                        : AuthDecision.forbidden(
                                AuthDecision.NOBODY,
                                "only calls from this machine are served as long as auth.token is not set")));
    }

    /** Lets nobody in: where a proxy calls from loopback on behalf of all the world, and nothing tells one from another. */
    public static Authorizer denyAll() {
        return new Authorizer(
                (token, verb, fromLoopback) -> CompletableFuture.completedFuture(
                        AuthDecision.forbidden(
                                AuthDecision.NOBODY,
                                "nobody may call, since nothing is configured that tells callers apart: set auth.mode to kubernetes, or auth.token")));
    }

    /**
     * Asks whether the caller may.
     *
     * @param token his bearer token, if he sent one
     * @param verb the function's name
     * @param fromLoopback whether he is certainly on this machine, and nobody's proxy
     * @return never failed; completed within some seconds, on any thread
     */
    public CompletableFuture<AuthDecision> authorize(Optional<String> token, String verb, boolean fromLoopback) {
        return rule.ask(token, verb, fromLoopback);
    }

    private static CompletableFuture<AuthDecision> withToken(
            Optional<String> token, Function<String, CompletableFuture<AuthDecision>> ask) {
        if (token.isEmpty()) {
            return CompletableFuture.completedFuture(
                    AuthDecision.unauthenticated("there is no bearer token: send Authorization: Bearer <token>"));
        }
        if (token.get().length() > MAX_TOKEN_LENGTH) {
            return CompletableFuture.completedFuture(
                    AuthDecision.unauthenticated("the token is longer than " + MAX_TOKEN_LENGTH + " characters"));
        }
        if (!TOKEN.matcher(token.get()).matches()) {
            return CompletableFuture.completedFuture(
                    AuthDecision.unauthenticated("the token has characters that no bearer token has"));
        }
        return ask.apply(token.get());
    }
}
