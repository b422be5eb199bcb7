package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.replication.EventResult.Disposition;
import dev.registrybackup.replication.pending.RejectionStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Puts on record what of an event will never succeed, for senders that would otherwise send it for ever (a Ceph topic) or
 * never again (NooBaa). Safe for use by many threads.
 */
public final class RejectionRecorder {
    private final RejectionStore rejectionStore;
    private final WorkerPools workerPools;

    /** Keeps them there. */
    public RejectionRecorder(RejectionStore rejectionStore, WorkerPools workerPools) {
        this.rejectionStore = rejectionStore;
        this.workerPools = workerPools;
    }

    /**
     * Whether the event is done with: all of it durable, owed, or on record as rejected.
     *
     * @param left how much time there is to answer
     * @return within that time; never failed
     */
    public CompletableFuture<Boolean> recordRejections(CompletableFuture<EventResult> reply, Duration left) {
        CompletableFuture<Boolean> done = reply.thenCompose(given ->
                        given.rejections().isEmpty()
                                ? CompletableFuture.completedFuture(given)
                                : workerPools.submitMetadata(() -> {
                                    given.rejections().forEach(rejectionStore::save);
                                    return given;
                                }))
                .handle((given, failure) -> failure == null && given.disposition() != Disposition.RETRY);
        workerPools.scheduleUnlessDone(
                done, left.minus(NotificationHandler.RESPONSE_MARGIN), () -> done.complete(false));
        return done;
    }
}
