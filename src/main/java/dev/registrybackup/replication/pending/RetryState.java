package dev.registrybackup.replication.pending;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which pending keys this instance retries, when each is due, and which records are complete after a copy. Makes no
 * request; safe for use by many threads.
 *
 * <p>A copy completes only the records that existed when it started, so it never deletes a newer record.
 */
final class RetryState {
    static final Duration INITIAL_BACKOFF = Duration.ofMinutes(1);
    static final Duration MAX_BACKOFF = Duration.ofHours(1);

    private final int maxEntries;
    /** Guarded by this: the records being retried by their key, each with its remaining keys. */
    private final Map<String, TrackedBatch> batches = new LinkedHashMap<>();
    /** Guarded by this. */
    private final Map<String, KeyState> keys = new HashMap<>();

    /** A record and those of its keys that are not durable yet. */
    private record TrackedBatch(PendingBatch batch, Set<String> remainingKeys) {}

    private static final class KeyState {
        private final List<TrackedBatch> batches = new ArrayList<>();
        private Optional<Instant> eventTime = Optional.empty();
        /** {@link Instant#MAX} while an attempt runs. */
        private Instant nextAttemptAt;

        private int failures;

        KeyState(Instant due) {
            this.nextAttemptAt = due;
        }
    }

    /** A running retry of one key, and the records with this key when it started. */
    record RetryAttempt(PendingKey key, KeyState state, List<TrackedBatch> batches) {}

    /**
     * Starts empty.
     *
     * @param maxEntries how many keys or records fill it; while it is full, others stay in the {@link PendingStore}
     */
    RetryState(int maxEntries) {
        this.maxEntries = maxEntries;
    }

    synchronized boolean hasCapacity() {
        return keys.size() < maxEntries && batches.size() < maxEntries;
    }

    synchronized boolean contains(String record) {
        return batches.containsKey(record);
    }

    synchronized int size() {
        return keys.size();
    }

    /** Adds a record, unless it was added before. Keys whose copy has just failed are due after {@link #INITIAL_BACKOFF}. */
    synchronized void add(PendingBatch record, Set<String> justFailed, Instant now) {
        TrackedBatch trackedBatch = new TrackedBatch(record, new HashSet<>());
        if (batches.putIfAbsent(record.objectKey(), trackedBatch) != null) {
            return;
        }
        for (PendingKey pending : record.keys()) {
            trackedBatch.remainingKeys().add(pending.key());
            KeyState keyState = keys.computeIfAbsent(
                    pending.key(), key -> new KeyState(justFailed.contains(key) ? now.plus(INITIAL_BACKOFF) : now));
            keyState.batches.add(trackedBatch);
            keyState.eventTime = keyState.eventTime.or(pending::eventTime);
        }
    }

    /** Starts up to {@code count} retries of keys that are due and have no running one. */
    synchronized List<RetryAttempt> startDue(Instant now, int count) {
        List<RetryAttempt> attempts = new ArrayList<>();
        for (Map.Entry<String, KeyState> entry : keys.entrySet()) {
            KeyState keyState = entry.getValue();
            if (attempts.size() < count && !keyState.nextAttemptAt.isAfter(now)) {
                keyState.nextAttemptAt = Instant.MAX;
                attempts.add(new RetryAttempt(
                        new PendingKey(entry.getKey(), keyState.eventTime), keyState, List.copyOf(keyState.batches)));
            }
        }
        return attempts;
    }

    /** Ends a retry that succeeded. Returns the records that have no keys left. */
    synchronized List<PendingBatch> succeeded(RetryAttempt done, Instant now) {
        String key = done.key().key();
        KeyState keyState = done.state();
        keyState.failures = 0;
        keyState.nextAttemptAt = now;
        // Records added since it started come after those that it completes.
        keyState.batches.subList(0, done.batches().size()).clear();
        if (keyState.batches.isEmpty()) {
            keys.remove(key);
        }
        done.batches().forEach(trackedBatch -> trackedBatch.remainingKeys().remove(key));
        return done.batches().stream()
                .filter(trackedBatch -> trackedBatch.remainingKeys().isEmpty())
                .map(TrackedBatch::batch)
                .toList();
    }

    /** Forgets a record, after it was deleted from the bucket: otherwise a listing would add it again. */
    synchronized void removeBatch(PendingBatch record) {
        batches.remove(record.objectKey());
    }

    /** Ends a retry that failed. Returns when the key is due again. */
    synchronized Instant failed(RetryAttempt failed, Instant now) {
        KeyState keyState = failed.state();
        Duration backoff = INITIAL_BACKOFF.multipliedBy(1L << Math.min(keyState.failures, 6));
        keyState.failures++;
        keyState.nextAttemptAt = now.plus(backoff.compareTo(MAX_BACKOFF) < 0 ? backoff : MAX_BACKOFF);
        return keyState.nextAttemptAt;
    }
}
