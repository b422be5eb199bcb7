package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.notification.NotJsonException;
import dev.registrybackup.notification.ObjectCreated;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.NotificationFilter.FilteredNotification;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingWriter;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Takes events in the dead-letter role: those that a broker gave up delivering. It copies nothing; it records what they
 * name as owed, for the replicate role to settle, or as rejected where that role said that it will never succeed.
 */
public final class DeadLetterHandler {
    private final NotificationFilter notificationFilter;
    private final RegistryLayout layout;
    private final PendingWriter pendingWriter;
    private final WorkerPools workerPools;

    /** Takes events about one bucket. */
    public DeadLetterHandler(
            String registryBucket,
            RegistryLayout layout,
            PendingWriter owed,
            WorkerPools workerPools,
            ReplicationListener replicationListener) {
        this.notificationFilter = new NotificationFilter(registryBucket, replicationListener);
        this.layout = layout;
        this.pendingWriter = owed;
        this.workerPools = workerPools;
    }

    /**
     * Takes one event.
     *
     * @param refused whether the replicate role said that it will never succeed
     * @param left how much time there is to answer
     * @return the answer, within that time; its rejections are not on record yet
     */
    public CompletableFuture<EventResult> handle(byte[] payload, boolean refused, Duration left) {
        FilteredNotification filteredNotification;
        try {
            filteredNotification = notificationFilter.decode(payload);
        } catch (NotJsonException e) {
            // There is nobody left to hand it back to.
            return CompletableFuture.completedFuture(
                    EventResult.reject(Rejection.ofPayload(payload, String.valueOf(e.getMessage()))));
        }
        if (refused && filteredNotification.rejections().isEmpty()) {
            return CompletableFuture.completedFuture(EventResult.reject(
                    Rejection.ofPayload(payload, "Refused by the replicate function as never to succeed (422)")));
        }
        CompletableFuture<EventResult> all = CompletableFuture.completedFuture(filteredNotification.toEventResult());
        for (ObjectCreated object : filteredNotification.objects()) {
            all = all.thenCombine(savePending(object, left), EventResult::plus);
        }
        return all;
    }

    private CompletableFuture<EventResult> savePending(ObjectCreated object, Duration left) {
        switch (layout.parse(object.key()).kind()) {
            case UPLOAD, EXCLUDED -> {
                return CompletableFuture.completedFuture(EventResult.ACK);
            }
            case BLOB, LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK, UNKNOWN -> {
                CompletableFuture<EventResult> reply = pendingWriter
                        .submit(new PendingKey(object.key(), object.eventTime()), true)
                        .handle((done, failure) -> failure == null ? EventResult.ACK : EventResult.RETRY);
                workerPools.scheduleUnlessDone(
                        reply,
                        left.minus(NotificationHandler.RESPONSE_MARGIN),
                        () -> reply.complete(EventResult.RETRY));
                return reply;
            }
        }
        throw new IllegalStateException("Not reached: every kind of key is told apart above");
    }
}
