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
    static final Duration FIRST_BACKOFF = Duration.ofMinutes(1);
    static final Duration LONGEST_BACKOFF = Duration.ofHours(1);

    private final int most;
    /** Guarded by this: records being worked, each with the keys still to be settled. */
    private final Map<String, Debt> debts = new LinkedHashMap<>();
    /** Guarded by this. */
    private final Map<String, Key> keys = new HashMap<>();

    /** A record, and what of it is not settled yet. */
    private record Debt(PendingBatch record, Set<String> open) {}

    private static final class Key {
        private final Set<String> records = new LinkedHashSet<>();
        private Optional<Instant> eventTime = Optional.empty();
        private Instant due;
        private int failures;
        private boolean running;

        Key(Instant due) {
            this.due = due;
        }
    }

    /** A try at one key that has begun, and the records it settles if it succeeds. */
    record Try(PendingKey key, Set<String> records) {}

    /** Starts empty, and holds so many keys and records at the most: others stay on the shelf until there is room. */
    RetryState(int most) {
        this.most = most;
    }

    synchronized boolean hasRoom() {
        return keys.size() < most && debts.size() < most;
    }

    synchronized boolean holds(String record) {
        return debts.containsKey(record);
    }

    synchronized int size() {
        return keys.size();
    }

    /** Takes a record, unless it has it already; each key is told to be worth trying at once or not. */
    synchronized void add(PendingBatch record, Map<String, Boolean> goesOn, Instant now) {
        Set<String> open = new HashSet<>();
        if (debts.putIfAbsent(record.name(), new Debt(record, open)) != null) {
            return;
        }
        for (PendingKey owed : record.keys()) {
            open.add(owed.key());
            boolean atOnce = goesOn.getOrDefault(owed.key(), true);
            Key key = keys.computeIfAbsent(owed.key(), fresh -> new Key(atOnce ? now : now.plus(FIRST_BACKOFF)));
            key.records.add(record.name());
            key.eventTime = key.eventTime.or(owed::eventTime);
        }
    }

    /** Begins tries at keys that are due and not being tried. */
    synchronized List<Try> begin(Instant now, int count) {
        List<Try> tries = new ArrayList<>();
        for (Map.Entry<String, Key> entry : keys.entrySet()) {
            Key key = entry.getValue();
            if (tries.size() < count && !key.running && !key.due.isAfter(now)) {
                key.running = true;
                tries.add(new Try(new PendingKey(entry.getKey(), key.eventTime), Set.copyOf(key.records)));
            }
        }
        return tries;
    }

    /** The try succeeded; tells the records that are settled in full by it. */
    synchronized List<PendingBatch> settled(Try done, Instant now) {
        List<PendingBatch> complete = new ArrayList<>();
        for (String name : done.records()) {
            Debt debt = debts.get(name);
            if (debt != null
                    && debt.open().remove(done.key().key())
                    && debt.open().isEmpty()) {
                complete.add(debt.record());
            }
        }
        Key key = keys.get(done.key().key());
        if (key != null) {
            key.running = false;
            key.failures = 0;
            key.due = now;
            key.records.removeAll(done.records());
            if (key.records.isEmpty()) {
                keys.remove(done.key().key());
            }
        }
        return complete;
    }

    /** The record is gone from the shelf. Until then it is held, so that a listing does not bring it in again. */
    synchronized void removed(PendingBatch record) {
        debts.remove(record.name());
    }

    /** The try failed; tells when the key is due again. */
    synchronized Instant failed(Try failed, Instant now) {
        Key key = keys.get(failed.key().key());
        if (key == null) {
            return now;
        }
        Duration backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(key.failures, 6));
        key.failures++;
        key.running = false;
        key.due = now.plus(backoff.compareTo(LONGEST_BACKOFF) < 0 ? backoff : LONGEST_BACKOFF);
        return key.due;
    }
}
