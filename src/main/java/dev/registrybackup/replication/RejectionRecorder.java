package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.replication.EventResult.Disposition;
import dev.registrybackup.replication.pending.RejectionStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Records what can never succeed, so that the event can be acknowledged. Otherwise some senders would repeat it forever
 * (a Ceph topic), others would drop it (NooBaa). Safe for use by many threads.
 */
public final class RejectionRecorder {
    private final RejectionStore rejectionStore;
    private final WorkerPools workerPools;

    /** Records rejections in this store. */
    public RejectionRecorder(RejectionStore rejectionStore, WorkerPools workerPools) {
        this.rejectionStore = rejectionStore;
        this.workerPools = workerPools;
    }

    /**
     * Records the rejections of an event's result.
     *
     * @param timeLeft the time until the answer is due
     * @return within that time, whether the event can be acknowledged: each object is durable, pending, or on record as
     *     rejected. Never failed
     */
    public CompletableFuture<Boolean> recordRejections(CompletableFuture<EventResult> eventResult, Duration timeLeft) {
        CompletableFuture<Boolean> isRecorded = eventResult
                .thenCompose(result -> result.rejections().isEmpty()
                        ? CompletableFuture.completedFuture(result)
                        : workerPools.submitMetadata(() -> {
                            result.rejections().forEach(rejectionStore::save);
                            return result;
                        }))
                .handle((result, failure) -> failure == null && result.disposition() != Disposition.RETRY);
        workerPools.scheduleUnlessDone(
                isRecorded, timeLeft.minus(NotificationHandler.RESPONSE_MARGIN), () -> isRecorded.complete(false));
        return isRecorded;
    }
}
