package dev.registrybackup.access;

import dev.registrybackup.transfer.Lanes;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Tells whether a caller may do what he asks for. Safe for use by many threads. */
public final class Gate {
    /** Longer ones are nobody's, and are not looked at. Kubernetes' are around 1 KiB. */
    static final int LONGEST_TOKEN = 8 << 10;
    /** What a bearer token is made of: RFC 6750, section 2.1. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** What decides about somebody, however he calls. */
    @FunctionalInterface
    private interface Rule {
        CompletableFuture<Verdict> ask(Optional<String> token, String verb, boolean fromLoopback);
    }

    private final Rule rule;

    private Gate(Rule rule) {
        this.rule = rule;
    }

    /**
     * Lets in whom the judge allows. Its decisions are remembered: 60 s that somebody may, 10 s that he may not. A decision
     * that takes longer than 5 s, or comes on top of {@value DecisionCache#MAX_REVIEWS} others under way, is {@link
     * Verdict.Answer#UNKNOWN}.
     */
    public static Gate of(Judge judge, Lanes lanes, Clock clock) {
        return of(judge, lanes, clock, PATIENCE);
    }

    static Gate of(Judge judge, Lanes lanes, Clock clock, Duration patience) {
        DecisionCache decisions = new DecisionCache(judge, lanes, clock, patience);
        return new Gate((token, verb, fromLoopback) -> withToken(token, given -> decisions.decide(given, verb)));
    }

    /** Lets in whoever has that token, to everything. */
    public static Gate of(SharedSecret secret) {
        return new Gate((token, verb, fromLoopback) -> withToken(
                token,
                given -> CompletableFuture.completedFuture(
                        secret.is(given)
                                ? Verdict.allowed("access.token", "the token is the one that is configured")
                                : Verdict.unauthenticated("the token is not the one that is configured"))));
    }

    /** Lets in whoever calls from this machine, with or without a token. */
    public static Gate loopback() {
        return new Gate((token, verb, fromLoopback) -> CompletableFuture.completedFuture(
                fromLoopback
                        ? Verdict.allowed("loopback", "the call comes from this machine")
                        : Verdict.forbidden(
                                Verdict.NOBODY,
                                "only calls from this machine are served as long as access.token is not set")));
    }

    /** Lets nobody in: where a proxy calls from loopback on behalf of all the world, and nothing tells one from another. */
    public static Gate shut() {
        return new Gate(
                (token, verb, fromLoopback) -> CompletableFuture.completedFuture(
                        Verdict.forbidden(
                                Verdict.NOBODY,
                                "nobody may call, since nothing is configured that tells callers apart: set access.by to kubernetes, or access.token")));
    }

    /**
     * Asks whether the caller may.
     *
     * @param token his bearer token, if he sent one
     * @param verb the function's name
     * @param fromLoopback whether he is certainly on this machine, and nobody's proxy
     * @return never failed; completed within some seconds, on any thread
     */
    public CompletableFuture<Verdict> ask(Optional<String> token, String verb, boolean fromLoopback) {
        return rule.ask(token, verb, fromLoopback);
    }

    private static CompletableFuture<Verdict> withToken(
            Optional<String> token, Function<String, CompletableFuture<Verdict>> ask) {
        if (token.isEmpty()) {
            return CompletableFuture.completedFuture(
                    Verdict.unauthenticated("there is no bearer token: send Authorization: Bearer <token>"));
        }
        if (token.get().length() > LONGEST_TOKEN) {
            return CompletableFuture.completedFuture(
                    Verdict.unauthenticated("the token is longer than " + LONGEST_TOKEN + " characters"));
        }
        if (!TOKEN.matcher(token.get()).matches()) {
            return CompletableFuture.completedFuture(
                    Verdict.unauthenticated("the token has characters that no bearer token has"));
        }
        return ask.apply(token.get());
    }
}
