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
 * Records keys as pending. All keys submitted within {@link #BATCH_WINDOW} share one record, so that one write suffices
 * for them. Safe for use by many threads; never blocks.
 */
public final class PendingWriter {
    /** How long a batch accepts more keys before it is written. */
    public static final Duration BATCH_WINDOW = Duration.ofMillis(100);

    /** The maximum number of keys not written yet. Beyond it, keys are rejected: the store is too slow. */
    static final int MAX_WAITING_KEYS = 16_384;

    private final PendingStore pendingStore;
    private final WorkerPools workerPools;
    private final BiConsumer<PendingBatch, Map<String, Boolean>> onWritten;
    /** Guarded by this. */
    private @Nullable OpenBatch currentBatch;
    /** Guarded by this. */
    private int waitingKeys;

    /** The keys that will share a record, and for each whether it is retried at once. */
    private static final class OpenBatch {
        private final Map<String, PendingKey> keys = new LinkedHashMap<>();
        private final Map<String, Boolean> retryAtOnce = new LinkedHashMap<>();
        private final CompletableFuture<Void> written = new CompletableFuture<>();
    }

    /**
     * Starts without keys.
     *
     * @param onWritten called with each record after it is durable, and for each of its keys whether to retry it at
     *     once
     */
    public PendingWriter(
            PendingStore pendingStore,
            WorkerPools workerPools,
            BiConsumer<PendingBatch, Map<String, Boolean>> onWritten) {
        this.pendingStore = pendingStore;
        this.workerPools = workerPools;
        this.onWritten = onWritten;
    }

    /**
     * Records the key as pending.
     *
     * @param retryAtOnce whether to retry the key at once; false if its copy has just failed
     * @return done when the record is durable; fails with {@link ObjectStoreException} if it could not be written or
     *     {@value #MAX_WAITING_KEYS} keys already wait
     */
    public synchronized CompletableFuture<Void> submit(PendingKey key, boolean retryAtOnce) {
        if (waitingKeys >= MAX_WAITING_KEYS) {
            return CompletableFuture.failedFuture(new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to record %s as pending: %d keys already wait for the backup store, which is too slow"
                            .formatted(key.key(), waitingKeys)));
        }
        OpenBatch openBatch = currentBatch;
        if (openBatch == null || openBatch.keys.size() >= PendingStore.MAX_BATCH_KEYS) {
            OpenBatch newBatch = new OpenBatch();
            currentBatch = newBatch;
            openBatch = newBatch;
            workerPools.schedule(BATCH_WINDOW, () -> writeBatch(newBatch));
        }
        if (openBatch.keys.putIfAbsent(key.key(), key) == null) {
            waitingKeys++;
        }
        openBatch.retryAtOnce.merge(key.key(), retryAtOnce, Boolean::logicalAnd);
        return openBatch.written;
    }

    /** How many keys wait to be written. */
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
                onWritten.accept(record, openBatch.retryAtOnce);
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
