package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.notification.NotJsonException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.NotificationFilter.FilteredNotification;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingWriter;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Handles the events that a broker could not deliver, in the role dead-letter. Copies nothing: it records the events'
 * keys as pending, for the role replicate to retry, or as rejected if that role answered that they can never succeed.
 */
public final class DeadLetterHandler {
    private final NotificationFilter notificationFilter;
    private final RegistryLayout layout;
    private final PendingWriter pendingWriter;
    private final WorkerPools workerPools;

    /** Handles events about one bucket. */
    public DeadLetterHandler(
            String registryBucket,
            RegistryLayout layout,
            PendingWriter pendingWriter,
            WorkerPools workerPools,
            ReplicationListener replicationListener) {
        this.notificationFilter = new NotificationFilter(registryBucket, replicationListener);
        this.layout = layout;
        this.pendingWriter = pendingWriter;
        this.workerPools = workerPools;
    }

    /**
     * Handles one event.
     *
     * @param payload the event's data
     * @param wasRejected whether the role replicate answered that the event can never succeed
     * @param timeLeft the time until the answer is due
     * @return the answer, within that time; its rejections are not on record yet
     */
    public CompletableFuture<EventResult> handle(byte[] payload, boolean wasRejected, Duration timeLeft) {
        FilteredNotification filteredNotification;
        try {
            filteredNotification = notificationFilter.decode(payload);
        } catch (NotJsonException e) {
            // No sender remains that could retry or correct it.
            return CompletableFuture.completedFuture(
                    EventResult.reject(Rejection.ofPayload(payload, String.valueOf(e.getMessage()))));
        }
        if (wasRejected && filteredNotification.rejections().isEmpty()) {
            return CompletableFuture.completedFuture(EventResult.reject(
                    Rejection.ofPayload(payload, "The role replicate rejected the event: it can never succeed (422)")));
        }
        return filteredNotification.handleEach(key -> savePending(key, timeLeft));
    }

    private CompletableFuture<EventResult> savePending(PendingKey key, Duration timeLeft) {
        Kind kind = layout.parse(key.key()).kind();
        if (kind == Kind.UPLOAD || kind == Kind.EXCLUDED) {
            return CompletableFuture.completedFuture(EventResult.ACK);
        }
        CompletableFuture<EventResult> reply = pendingWriter
                .submit(key, false)
                .handle((done, failure) -> failure == null ? EventResult.ACK : EventResult.RETRY);
        workerPools.scheduleUnlessDone(
                reply, timeLeft.minus(NotificationHandler.RESPONSE_MARGIN), () -> reply.complete(EventResult.RETRY));
        return reply;
    }
}
