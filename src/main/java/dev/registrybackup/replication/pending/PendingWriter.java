package dev.registrybackup.replication.pending;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
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
public final class PendingWriter {
    /** How long a record stays open for more keys. */
    public static final Duration OPEN = Duration.ofMillis(100);

    /** Keys whose record is not written yet, at the most: beyond, the store is too slow to owe more to. */
    static final int MOST_WAITING = 16_384;

    private final PendingStore shelf;
    private final WorkerPools workerPools;
    private final BiConsumer<PendingBatch, Map<String, Boolean>> written;
    /** Guarded by this. */
    private @Nullable Batch open;
    /** Guarded by this. */
    private int waiting;

    /** Keys that share a record, and for each whether its copy goes on meanwhile. */
    private static final class Batch {
        private final Map<String, PendingKey> keys = new LinkedHashMap<>();
        private final Map<String, Boolean> goesOn = new LinkedHashMap<>();
        private final CompletableFuture<Void> durable = new CompletableFuture<>();
    }

    /**
     * Starts with nothing waiting.
     *
     * @param written is told each record once it is durable, and for each of its keys whether its copy goes on meanwhile
     */
    public PendingWriter(
            PendingStore shelf, WorkerPools workerPools, BiConsumer<PendingBatch, Map<String, Boolean>> written) {
        this.shelf = shelf;
        this.workerPools = workerPools;
        this.written = written;
    }

    /**
     * Records the key as owed.
     *
     * @param goesOn whether the copy goes on: if not, there is no use in trying again at once
     * @return done when the record is durable; fails with {@link ObjectStoreException} if it could not be written
     */
    public synchronized CompletableFuture<Void> owe(PendingKey key, boolean goesOn) {
        if (waiting >= MOST_WAITING) {
            return CompletableFuture.failedFuture(new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to record %s as owed: %d keys wait for the backup store already"
                            .formatted(key.key(), waiting)));
        }
        Batch batch = open;
        if (batch == null || batch.keys.size() >= PendingStore.MOST_KEYS) {
            Batch started = new Batch();
            open = started;
            batch = started;
            workerPools.after(OPEN, () -> write(started));
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
        List<PendingKey> keys = List.copyOf(batch.keys.values());
        workerPools.record(() -> shelf.write(keys)).whenComplete((record, failure) -> {
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
