package dev.registrybackup.replication.pending;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
        private final Set<String> batches = new LinkedHashSet<>();
        private Optional<Instant> eventTime = Optional.empty();
        private Instant nextAttemptAt;
        private int failures;
        private boolean isRunning;

        KeyState(Instant due) {
            this.nextAttemptAt = due;
        }
    }

    /** A running retry of one key, and the records with this key when it started. */
    record RetryAttempt(PendingKey key, Set<String> batches) {}

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

    /** Adds a record, unless it was added before. Keys mapped to false are due after {@link #INITIAL_BACKOFF}. */
    synchronized void add(PendingBatch record, Map<String, Boolean> retryAtOnce, Instant now) {
        Set<String> remaining = new HashSet<>();
        if (batches.putIfAbsent(record.objectKey(), new TrackedBatch(record, remaining)) != null) {
            return;
        }
        for (PendingKey pending : record.keys()) {
            remaining.add(pending.key());
            boolean dueNow = retryAtOnce.getOrDefault(pending.key(), true);
            KeyState keyState = keys.computeIfAbsent(
                    pending.key(), absent -> new KeyState(dueNow ? now : now.plus(INITIAL_BACKOFF)));
            keyState.batches.add(record.objectKey());
            keyState.eventTime = keyState.eventTime.or(pending::eventTime);
        }
    }

    /** Starts up to {@code count} retries of keys that are due and have no running one. */
    synchronized List<RetryAttempt> startDue(Instant now, int count) {
        List<RetryAttempt> attempts = new ArrayList<>();
        for (Map.Entry<String, KeyState> entry : keys.entrySet()) {
            KeyState keyState = entry.getValue();
            if (attempts.size() < count && !keyState.isRunning && !keyState.nextAttemptAt.isAfter(now)) {
                keyState.isRunning = true;
                attempts.add(new RetryAttempt(
                        new PendingKey(entry.getKey(), keyState.eventTime), Set.copyOf(keyState.batches)));
            }
        }
        return attempts;
    }

    /** Ends a retry that succeeded. Returns the records that have no keys left. */
    synchronized List<PendingBatch> succeeded(RetryAttempt done, Instant now) {
        List<PendingBatch> complete = new ArrayList<>();
        for (String name : done.batches()) {
            TrackedBatch trackedBatch = batches.get(name);
            if (trackedBatch != null
                    && trackedBatch.remainingKeys().remove(done.key().key())
                    && trackedBatch.remainingKeys().isEmpty()) {
                complete.add(trackedBatch.batch());
            }
        }
        KeyState keyState = keys.get(done.key().key());
        if (keyState != null) {
            keyState.isRunning = false;
            keyState.failures = 0;
            keyState.nextAttemptAt = now;
            keyState.batches.removeAll(done.batches());
            if (keyState.batches.isEmpty()) {
                keys.remove(done.key().key());
            }
        }
        return complete;
    }

    /** Forgets a record, after it was deleted from the bucket: otherwise a listing would add it again. */
    synchronized void removeBatch(PendingBatch record) {
        batches.remove(record.objectKey());
    }

    /** Ends a retry that failed. Returns when the key is due again. */
    synchronized Instant failed(RetryAttempt failed, Instant now) {
        KeyState keyState = keys.get(failed.key().key());
        if (keyState == null) {
            return now;
        }
        Duration backoff = INITIAL_BACKOFF.multipliedBy(1L << Math.min(keyState.failures, 6));
        keyState.failures++;
        keyState.isRunning = false;
        keyState.nextAttemptAt = now.plus(backoff.compareTo(MAX_BACKOFF) < 0 ? backoff : MAX_BACKOFF);
        return keyState.nextAttemptAt;
    }
}
