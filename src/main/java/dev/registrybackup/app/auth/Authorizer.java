package dev.registrybackup.app.auth;

import dev.registrybackup.concurrent.WorkerPools;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Decides whether a caller may do something. Safe for use by many threads. */
public final class Authorizer {
    /** In characters; a longer token is rejected unread. Kubernetes' tokens have around 1 KiB. */
    static final int MAX_TOKEN_LENGTH = 8 << 10;
    /** The characters of a bearer token: RFC 6750, section 2.1. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private static final String SCHEME = "Bearer ";
    private static final Duration REVIEW_TIMEOUT = Duration.ofSeconds(5);

    @FunctionalInterface
    private interface Rule {
        CompletableFuture<AuthDecision> ask(Optional<String> token, String verb, boolean fromLoopback);
    }

    private final Rule rule;

    private Authorizer(Rule rule) {
        this.rule = rule;
    }

    /**
     * Allows whom the token authorizer allows. Caches allowed callers for 60 s and denied ones for 10 s. A decision
     * that takes longer than 5 s, or exceeds {@value DecisionCache#MAX_REVIEWS} running reviews, is
     * {@link AuthDecision.Answer#UNKNOWN}.
     */
    public static Authorizer of(TokenAuthorizer tokenAuthorizer, WorkerPools workerPools, Clock clock) {
        return of(tokenAuthorizer, workerPools, clock, REVIEW_TIMEOUT);
    }

    static Authorizer of(TokenAuthorizer tokenAuthorizer, WorkerPools workerPools, Clock clock, Duration patience) {
        DecisionCache decisions = new DecisionCache(tokenAuthorizer, workerPools, clock, patience);
        return new Authorizer((token, verb, fromLoopback) -> withToken(token, given -> decisions.decide(given, verb)));
    }

    /** Allows everything to callers with this token. */
    public static Authorizer of(SharedSecret secret) {
        return new Authorizer((token, verb, fromLoopback) -> withToken(
                token,
                given -> CompletableFuture.completedFuture(
                        secret.matches(given)
                                ? AuthDecision.allowed("auth.token", "the token is auth.token")
                                : AuthDecision.unauthenticated("the token is not auth.token"))));
    }

    /** Allows calls from this machine, with or without a token. */
    public static Authorizer loopback() {
        return new Authorizer((token, verb, fromLoopback) -> CompletableFuture.completedFuture(
                fromLoopback
                        ? AuthDecision.allowed("loopback", "the call comes from this machine")
                        : AuthDecision.forbidden(
                                AuthDecision.NOBODY, "without auth.token only calls from this machine are allowed")));
    }

    /** Denies everybody: behind a proxy every call comes from loopback, and nothing distinguishes callers. */
    public static Authorizer denyAll() {
        return new Authorizer((token, verb, fromLoopback) -> CompletableFuture.completedFuture(AuthDecision.forbidden(
                AuthDecision.NOBODY,
                "no authorization is configured, so nobody is allowed: set auth.mode to kubernetes, or auth.token")));
    }

    /** The token of an Authorization header, as sent; empty without a header or with another scheme. */
    public static Optional<String> bearerToken(@Nullable String authorization) {
        return authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? Optional.of(authorization.substring(SCHEME.length()).strip())
                : Optional.empty();
    }

    /**
     * Decides whether the caller is allowed.
     *
     * @param token the caller's bearer token, if there is one
     * @param verb the function's name
     * @param fromLoopback whether the caller is certainly on this machine and not a proxy
     * @return a future that never fails; completes within seconds, on any thread
     */
    public CompletableFuture<AuthDecision> authorize(Optional<String> token, String verb, boolean fromLoopback) {
        return rule.ask(token, verb, fromLoopback);
    }

    private static CompletableFuture<AuthDecision> withToken(
            Optional<String> token, Function<String, CompletableFuture<AuthDecision>> ask) {
        String problem = "";
        if (token.isEmpty()) {
            problem = "there is no bearer token: send Authorization: Bearer <token>";
        } else if (token.get().length() > MAX_TOKEN_LENGTH) {
            problem = "the token is longer than " + MAX_TOKEN_LENGTH + " characters";
        } else if (!TOKEN.matcher(token.get()).matches()) {
            problem = "the token has characters that no bearer token has";
        }
        return problem.isEmpty()
                ? ask.apply(token.get())
                : CompletableFuture.completedFuture(AuthDecision.unauthenticated(problem));
    }
}
