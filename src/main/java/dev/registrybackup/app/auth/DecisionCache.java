package dev.registrybackup.app.auth;

import com.github.benmanes.caffeine.cache.Cache;
import dev.registrybackup.app.auth.AuthDecision.Answer;
import dev.registrybackup.concurrent.ExpiringCaches;
import dev.registrybackup.concurrent.WorkerPools;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Caches the decisions of a {@link TokenAuthorizer}. Requests missing ones once at a time for each token and verb, and
 * a bounded number at once. Safe for use by many threads.
 */
final class DecisionCache {
    static final Duration ALLOWED_TTL = Duration.ofSeconds(60);
    static final Duration DENIED_TTL = Duration.ofSeconds(10);
    static final int MAX_ENTRIES = 1_000;
    /** A review takes two requests to the cluster's API, which serves others too. */
    static final int MAX_REVIEWS = 32;

    private static final AuthDecision TOO_MANY = AuthDecision.unknown("too many callers are being reviewed: retry");
    private static final AuthDecision TOO_LONG = AuthDecision.unknown("the review took too long: retry");
    private static final AuthDecision INTERRUPTED = AuthDecision.unknown("the review was interrupted: retry");
    private static final AuthDecision ENDING = AuthDecision.unknown("this process is stopping: retry");

    private final TokenAuthorizer tokenAuthorizer;
    private final WorkerPools workerPools;
    private final Duration timeout;
    /** Separate, so that a flood of denied callers evicts no allowed one. */
    private final Cache<String, AuthDecision> allowed;

    private final Cache<String, AuthDecision> denied;
    private final Map<String, CompletableFuture<AuthDecision>> underWay = new ConcurrentHashMap<>();
    private final Semaphore permits = new Semaphore(MAX_REVIEWS);

    /**
     * Creates an empty cache.
     *
     * @param timeout how long a caller waits for a review; one that takes longer still counts for the next call
     */
    DecisionCache(TokenAuthorizer tokenAuthorizer, WorkerPools workerPools, Clock clock, Duration timeout) {
        this.tokenAuthorizer = tokenAuthorizer;
        this.workerPools = workerPools;
        this.timeout = timeout;
        this.allowed = ExpiringCaches.create(clock, ALLOWED_TTL, MAX_ENTRIES);
        this.denied = ExpiringCaches.create(clock, DENIED_TTL, MAX_ENTRIES);
    }

    /**
     * Decides whether the holder of the token has the right to the verb; never fails, and completes within the timeout.
     */
    CompletableFuture<AuthDecision> decide(String token, String verb) {
        String key = key(token, verb);
        @Nullable AuthDecision known = allowed.getIfPresent(key);
        known = known == null ? denied.getIfPresent(key) : known;
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        CompletableFuture<AuthDecision> review = new CompletableFuture<>();
        CompletableFuture<AuthDecision> same = underWay.putIfAbsent(key, review);
        if (same == null) {
            start(key, token, verb, review);
        }
        return (same == null ? review : same)
                .copy()
                .completeOnTimeout(TOO_LONG, timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void start(String key, String token, String verb, CompletableFuture<AuthDecision> review) {
        if (!permits.tryAcquire()) {
            finish(key, review, TOO_MANY);
            return;
        }
        try {
            workerPools.submitOperation(() -> review(key, token, verb, review));
        } catch (RejectedExecutionException e) {
            permits.release();
            finish(key, review, ENDING);
        }
    }

    private void review(String key, String token, String verb, CompletableFuture<AuthDecision> review) {
        AuthDecision decision = INTERRUPTED;
        try {
            decision = tokenAuthorizer.authorize(token, verb);
        } catch (RuntimeException e) {
            decision = AuthDecision.unknown("the caller cannot be determined: " + e.getMessage());
        } finally {
            // After an Error too: otherwise its key would never be reviewed again and its permit would be lost.
            permits.release();
            finish(key, review, decision);
        }
    }

    private void finish(String key, CompletableFuture<AuthDecision> review, AuthDecision authDecision) {
        if (authDecision.answer() != Answer.UNKNOWN) {
            (authDecision.isAllowed() ? allowed : denied).put(key, authDecision);
        }
        underWay.remove(key);
        review.complete(authDecision);
    }

    /** A hash of both, so that no secret stays in memory. */
    private static String key(String token, String verb) {
        return HexFormat.of().formatHex(SharedSecret.sha256(verb + "\n" + token));
    }
}
