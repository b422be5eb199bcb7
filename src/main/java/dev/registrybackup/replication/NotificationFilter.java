package dev.registrybackup.replication;

import dev.registrybackup.notification.Notification;
import dev.registrybackup.notification.NotificationDecoder;
import dev.registrybackup.notification.ObjectCreated;
import dev.registrybackup.replication.EventResult.Disposition;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Decodes an event and separates the objects of the registry bucket from what must be rejected. */
final class NotificationFilter {
    private final NotificationDecoder decoder = new NotificationDecoder();
    private final String registryBucket;
    private final ReplicationListener replicationListener;

    NotificationFilter(String registryBucket, ReplicationListener replicationListener) {
        this.registryBucket = registryBucket;
        this.replicationListener = replicationListener;
    }

    /** The keys of the registry bucket in a payload, and the rejections of everything else in it. */
    record FilteredNotification(List<PendingKey> keys, List<Rejection> rejections) {
        /** The answer to the payload, once each of its keys is handled. */
        CompletableFuture<EventResult> handleEach(Function<PendingKey, CompletableFuture<EventResult>> handler) {
            CompletableFuture<EventResult> all = CompletableFuture.completedFuture(
                    rejections.isEmpty() ? EventResult.ACK : new EventResult(Disposition.REJECT, rejections));
            for (PendingKey key : keys) {
                all = all.thenCombine(handler.apply(key), EventResult::plus);
            }
            return all;
        }
    }

    /** Decodes the payload. Throws {@link dev.registrybackup.notification.NotJsonException} if it is not JSON. */
    FilteredNotification decode(byte[] payload) {
        List<PendingKey> keys = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>();
        Notification notification = decoder.decode(payload);
        for (String problem : notification.problems()) {
            replicationListener.undecodable(problem);
            rejections.add(Rejection.ofPayload(payload, problem));
        }
        for (ObjectCreated object : notification.objects()) {
            if (object.bucket().equals(registryBucket)) {
                keys.add(new PendingKey(object.key(), object.eventTime()));
            } else {
                replicationListener.otherBucket(object.bucket());
                rejections.add(Rejection.ofBucket(
                        object.bucket(),
                        "The event is about bucket %s, but the registry bucket is %s: correct the notification's bucket"
                                .formatted(object.bucket(), registryBucket)));
            }
        }
        return new FilteredNotification(keys, rejections);
    }
}
