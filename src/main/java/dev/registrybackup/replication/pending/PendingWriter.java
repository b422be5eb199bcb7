package dev.registrybackup.replication.pending;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private final BiConsumer<PendingBatch, Set<String>> onWritten;
    /** Guarded by this. */
    private @Nullable OpenBatch currentBatch;
    /** Guarded by this. */
    private int waitingKeys;

    /** The keys that will share a record, and those of them whose copy has just failed. */
    private static final class OpenBatch {
        private final Map<String, PendingKey> keys = new LinkedHashMap<>();
        private final Set<String> justFailed = new HashSet<>();
        private final CompletableFuture<Void> written = new CompletableFuture<>();
    }

    /**
     * Starts without keys.
     *
     * @param onWritten called with each record after it is durable, and those of its keys whose copy has just failed
     */
    public PendingWriter(
            PendingStore pendingStore, WorkerPools workerPools, BiConsumer<PendingBatch, Set<String>> onWritten) {
        this.pendingStore = pendingStore;
        this.workerPools = workerPools;
        this.onWritten = onWritten;
    }

    /**
     * Records the key as pending.
     *
     * @param justFailed whether the key's copy has just failed, so that it is not retried at once
     * @return done when the record is durable; fails with {@link ObjectStoreException} if it could not be written or
     *     {@value #MAX_WAITING_KEYS} keys already wait
     */
    public synchronized CompletableFuture<Void> submit(PendingKey key, boolean justFailed) {
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
        if (justFailed) {
            openBatch.justFailed.add(key.key());
        }
        return openBatch.written;
    }

    /** How many keys wait to be written. */
    public synchronized int waitingKeys() {
        return waitingKeys;
    }

    private void writeBatch(OpenBatch openBatch) {
        List<PendingKey> keys = close(openBatch);
        workerPools.submitMetadata(() -> pendingStore.write(keys)).whenComplete((record, failure) -> {
            synchronized (this) {
                waitingKeys -= keys.size();
            }
            if (failure == null) {
                openBatch.written.complete(null);
                onWritten.accept(record, openBatch.justFailed);
            } else {
                openBatch.written.completeExceptionally(failure);
            }
        });
    }

    private synchronized List<PendingKey> close(OpenBatch openBatch) {
        if (currentBatch == openBatch) {
            currentBatch = null;
        }
        return List.copyOf(openBatch.keys.values());
    }
}
