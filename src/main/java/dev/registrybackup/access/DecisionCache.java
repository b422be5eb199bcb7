package dev.registrybackup.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.registrybackup.access.Verdict.Answer;
import dev.registrybackup.transfer.Lanes;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the judge's decisions, and asks it for those that are not remembered: once for each token and verb at a time,
 * and for a bounded number of them. Safe for use by many threads.
 */
final class DecisionCache {
    static final Duration ALLOWED_TTL = Duration.ofSeconds(60);
    static final Duration DENIED_TTL = Duration.ofSeconds(10);
    static final int MAX_ENTRIES = 1_000;
    /** A review takes two requests of the cluster's API, which serves others too. */
    static final int MAX_REVIEWS = 32;

    private static final Verdict TOO_MANY =
            Verdict.unknown("too many callers are being looked up at this moment: ask again");
    private static final Verdict TOO_LONG = Verdict.unknown("it took too long to find out who calls: ask again");
    private static final Verdict ENDING = Verdict.unknown("this process is about to end: ask again");

    private final Judge judge;
    private final Lanes lanes;
    private final Duration timeout;
    /** Apart from the others, so that a flood of strangers drives out nobody who may. */
    private final Cache<String, Verdict> allowed;

    private final Cache<String, Verdict> denied;
    private final Map<String, CompletableFuture<Verdict>> underWay = new ConcurrentHashMap<>();
    private final Semaphore permits = new Semaphore(MAX_REVIEWS);

    /**
     * Starts empty.
     *
     * @param timeout how long a caller waits for a review; one that takes longer still counts for the next call
     */
    DecisionCache(Judge judge, Lanes lanes, Clock clock, Duration timeout) {
        this.judge = judge;
        this.lanes = lanes;
        this.timeout = timeout;
        this.allowed = cache(clock, ALLOWED_TTL);
        this.denied = cache(clock, DENIED_TTL);
    }

    private static Cache<String, Verdict> cache(Clock clock, Duration ttl) {
        return Caffeine.newBuilder()
                .maximumSize(MAX_ENTRIES)
                .expireAfterWrite(ttl)
                .ticker(() -> Duration.between(Instant.EPOCH, clock.instant()).toNanos())
                .executor(Runnable::run)
                .build();
    }

    /** Decides whether the holder of the token may do what the verb says; never failed, and completed within the timeout. */
    CompletableFuture<Verdict> decide(String token, String verb) {
        String key = key(token, verb);
        @Nullable Verdict known = allowed.getIfPresent(key);
        known = known == null ? denied.getIfPresent(key) : known;
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        CompletableFuture<Verdict> review = new CompletableFuture<>();
        CompletableFuture<Verdict> same = underWay.putIfAbsent(key, review);
        if (same == null) {
            start(key, token, verb, review);
        }
        return (same == null ? review : same)
                .copy()
                .completeOnTimeout(TOO_LONG, timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void start(String key, String token, String verb, CompletableFuture<Verdict> review) {
        if (!permits.tryAcquire()) {
            finish(key, review, TOO_MANY);
            return;
        }
        try {
            lanes.operation(() -> {
                Verdict verdict = review(token, verb);
                permits.release();
                finish(key, review, verdict);
            });
        } catch (RejectedExecutionException e) {
            permits.release();
            finish(key, review, ENDING);
        }
    }

    private Verdict review(String token, String verb) {
        try {
            return judge.judge(token, verb);
        } catch (RuntimeException e) {
            return Verdict.unknown("it could not be found out who calls: " + e.getMessage());
        }
    }

    private void finish(String key, CompletableFuture<Verdict> review, Verdict verdict) {
        if (verdict.answer() != Answer.UNKNOWN) {
            (verdict.isAllowed() ? allowed : denied).put(key, verdict);
        }
        underWay.remove(key);
        review.complete(verdict);
    }

    /** A hash of both: what is kept in memory for a minute is no secret. */
    private static String key(String token, String verb) {
        return HexFormat.of().formatHex(SharedSecret.sha256((verb + "\n" + token).getBytes(StandardCharsets.UTF_8)));
    }
}
