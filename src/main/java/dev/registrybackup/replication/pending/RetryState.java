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
 * Which owed keys this instance works on, when each is due, and which records a finished copy settles. Pure state; safe
 * for use by many threads.
 *
 * <p>A copy settles only the records that were there when it began, so that it never erases a newer debt.
 */
final class RetryState {
    static final Duration INITIAL_BACKOFF = Duration.ofMinutes(1);
    static final Duration MAX_BACKOFF = Duration.ofHours(1);

    private final int maxEntries;
    /** Guarded by this: records being worked, each with the keys still to be settled. */
    private final Map<String, TrackedBatch> batches = new LinkedHashMap<>();
    /** Guarded by this. */
    private final Map<String, KeyState> keys = new HashMap<>();

    /** A record, and what of it is not settled yet. */
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

    /** A try at one key that has begun, and the records it settles if it succeeds. */
    record RetryAttempt(PendingKey key, Set<String> batches) {}

    /** Starts empty, and holds so many keys and records at the most: others stay on the shelf until there is room. */
    RetryState(int most) {
        this.maxEntries = most;
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

    /** Takes a record, unless it has it already; each key is told to be worth trying at once or not. */
    synchronized void add(PendingBatch record, Map<String, Boolean> goesOn, Instant now) {
        Set<String> open = new HashSet<>();
        if (batches.putIfAbsent(record.objectKey(), new TrackedBatch(record, open)) != null) {
            return;
        }
        for (PendingKey owed : record.keys()) {
            open.add(owed.key());
            boolean atOnce = goesOn.getOrDefault(owed.key(), true);
            KeyState keyState =
                    keys.computeIfAbsent(owed.key(), fresh -> new KeyState(atOnce ? now : now.plus(INITIAL_BACKOFF)));
            keyState.batches.add(record.objectKey());
            keyState.eventTime = keyState.eventTime.or(owed::eventTime);
        }
    }

    /** Begins tries at keys that are due and not being tried. */
    synchronized List<RetryAttempt> startDue(Instant now, int count) {
        List<RetryAttempt> tries = new ArrayList<>();
        for (Map.Entry<String, KeyState> entry : keys.entrySet()) {
            KeyState keyState = entry.getValue();
            if (tries.size() < count && !keyState.isRunning && !keyState.nextAttemptAt.isAfter(now)) {
                keyState.isRunning = true;
                tries.add(new RetryAttempt(
                        new PendingKey(entry.getKey(), keyState.eventTime), Set.copyOf(keyState.batches)));
            }
        }
        return tries;
    }

    /** The try succeeded; tells the records that are settled in full by it. */
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

    /** The record is gone from the shelf. Until then it is held, so that a listing does not bring it in again. */
    synchronized void removeBatch(PendingBatch record) {
        batches.remove(record.objectKey());
    }

    /** The try failed; tells when the key is due again. */
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
