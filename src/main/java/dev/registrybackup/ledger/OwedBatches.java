package dev.registrybackup.ledger;

import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.Lanes;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Records keys as owed, all that fall due within a tenth of a second in one object, so that one write answers them all.
 * Safe for use by many threads; never blocks.
 */
public final class OwedBatches {
    /** How long a record stays open for more keys. */
    public static final Duration OPEN = Duration.ofMillis(100);

    /** Keys whose record is not written yet, at the most: beyond, the store is too slow to owe more to. */
    static final int MOST_WAITING = 16_384;

    private final OwedShelf shelf;
    private final Lanes lanes;
    private final BiConsumer<OwedRecord, Map<String, Boolean>> written;
    /** Guarded by this. */
    private @Nullable Batch open;
    /** Guarded by this. */
    private int waiting;

    /** Keys that share a record, and for each whether its copy goes on meanwhile. */
    private static final class Batch {
        private final Map<String, OwedKey> keys = new LinkedHashMap<>();
        private final Map<String, Boolean> goesOn = new LinkedHashMap<>();
        private final CompletableFuture<Void> durable = new CompletableFuture<>();
    }

    /**
     * Starts with nothing waiting.
     *
     * @param written is told each record once it is durable, and for each of its keys whether its copy goes on meanwhile
     */
    public OwedBatches(OwedShelf shelf, Lanes lanes, BiConsumer<OwedRecord, Map<String, Boolean>> written) {
        this.shelf = shelf;
        this.lanes = lanes;
        this.written = written;
    }

    /**
     * Records the key as owed.
     *
     * @param goesOn whether the copy goes on: if not, there is no use in trying again at once
     * @return done when the record is durable; fails with {@link ObjectStoreException} if it could not be written
     */
    public synchronized CompletableFuture<Void> owe(OwedKey key, boolean goesOn) {
        if (waiting >= MOST_WAITING) {
            return CompletableFuture.failedFuture(new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to record %s as owed: %d keys wait for the backup store already"
                            .formatted(key.key(), waiting)));
        }
        Batch batch = open;
        if (batch == null || batch.keys.size() >= OwedShelf.MOST_KEYS) {
            Batch started = new Batch();
            open = started;
            batch = started;
            lanes.after(OPEN, () -> write(started));
        }
        if (batch.keys.putIfAbsent(key.key(), key) == null) {
            waiting++;
        }
        batch.goesOn.merge(key.key(), goesOn, Boolean::logicalAnd);
        return batch.durable;
    }

    /** How many keys wait for their record to be written. */
    public synchronized int waiting() {
        return waiting;
    }

    private void write(Batch batch) {
        close(batch);
        List<OwedKey> keys = List.copyOf(batch.keys.values());
        lanes.record(() -> shelf.write(keys)).whenComplete((record, failure) -> {
            settle(keys.size());
            if (failure == null) {
                batch.durable.complete(null);
                written.accept(record, batch.goesOn);
            } else {
                batch.durable.completeExceptionally(failure);
            }
        });
    }

    private synchronized void close(Batch batch) {
        if (open == batch) {
            open = null;
        }
    }

    private synchronized void settle(int count) {
        waiting -= count;
    }
}
