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
    public static final Duration BATCH_WINDOW = Duration.ofMillis(100);

    /** Keys whose record is not written yet, at the most: beyond, the store is too slow to owe more to. */
    static final int MAX_WAITING_KEYS = 16_384;

    private final PendingStore pendingStore;
    private final WorkerPools workerPools;
    private final BiConsumer<PendingBatch, Map<String, Boolean>> onWritten;
    /** Guarded by this. */
    private @Nullable OpenBatch currentBatch;
    /** Guarded by this. */
    private int waitingKeys;

    /** Keys that share a record, and for each whether its copy goes on meanwhile. */
    private static final class OpenBatch {
        private final Map<String, PendingKey> keys = new LinkedHashMap<>();
        private final Map<String, Boolean> stillCopying = new LinkedHashMap<>();
        private final CompletableFuture<Void> written = new CompletableFuture<>();
    }

    /**
     * Starts with nothing waiting.
     *
     * @param written is told each record once it is durable, and for each of its keys whether its copy goes on meanwhile
     */
    public PendingWriter(
            PendingStore shelf, WorkerPools workerPools, BiConsumer<PendingBatch, Map<String, Boolean>> written) {
        this.pendingStore = shelf;
        this.workerPools = workerPools;
        this.onWritten = written;
    }

    /**
     * Records the key as owed.
     *
     * @param goesOn whether the copy goes on: if not, there is no use in trying again at once
     * @return done when the record is durable; fails with {@link ObjectStoreException} if it could not be written
     */
    public synchronized CompletableFuture<Void> submit(PendingKey key, boolean goesOn) {
        if (waitingKeys >= MAX_WAITING_KEYS) {
            return CompletableFuture.failedFuture(new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to record %s as owed: %d keys wait for the backup store already"
                            .formatted(key.key(), waitingKeys)));
        }
        OpenBatch openBatch = currentBatch;
        if (openBatch == null || openBatch.keys.size() >= PendingStore.MAX_BATCH_KEYS) {
            OpenBatch started = new OpenBatch();
            currentBatch = started;
            openBatch = started;
            workerPools.schedule(BATCH_WINDOW, () -> writeBatch(started));
        }
        if (openBatch.keys.putIfAbsent(key.key(), key) == null) {
            waitingKeys++;
        }
        openBatch.stillCopying.merge(key.key(), goesOn, Boolean::logicalAnd);
        return openBatch.written;
    }

    /** How many keys wait for their record to be written. */
    public synchronized int waitingKeys() {
        return waitingKeys;
    }

    private void writeBatch(OpenBatch openBatch) {
        closeBatch(openBatch);
        List<PendingKey> keys = List.copyOf(openBatch.keys.values());
        workerPools.submitMetadata(() -> pendingStore.write(keys)).whenComplete((record, failure) -> {
            releaseKeys(keys.size());
            if (failure == null) {
                openBatch.written.complete(null);
                onWritten.accept(record, openBatch.stillCopying);
            } else {
                openBatch.written.completeExceptionally(failure);
            }
        });
    }

    private synchronized void closeBatch(OpenBatch openBatch) {
        if (currentBatch == openBatch) {
            currentBatch = null;
        }
    }

    private synchronized void releaseKeys(int count) {
        waitingKeys -= count;
    }
}
