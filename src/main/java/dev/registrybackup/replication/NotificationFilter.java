package dev.registrybackup.replication;

import dev.registrybackup.notification.Notification;
import dev.registrybackup.notification.NotificationDecoder;
import dev.registrybackup.notification.ObjectCreated;
import dev.registrybackup.notification.UndecodableEventException;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.ArrayList;
import java.util.List;

/** What of a payload concerns the registry bucket, and what will never concern anybody. */
final class NotificationFilter {
    private final NotificationDecoder decoder = new NotificationDecoder();
    private final String registryBucket;
    private final ReplicationListener replicationListener;

    NotificationFilter(String registryBucket, ReplicationListener replicationListener) {
        this.registryBucket = registryBucket;
        this.replicationListener = replicationListener;
    }

    /** The objects of the registry bucket that a payload names, and what of it is to be rejected. */
    record FilteredNotification(List<ObjectCreated> objects, List<Rejection> rejections) {
        EventResult toEventResult() {
            return rejections.isEmpty() ? EventResult.ACK : new EventResult(EventResult.Disposition.REJECT, rejections);
        }
    }

    /** Decodes it. Throws {@link dev.registrybackup.notification.NotJsonException} if it is no JSON at all. */
    FilteredNotification decode(byte[] payload) {
        List<ObjectCreated> objects = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>();
        Notification notification = decodeOrProblem(payload);
        for (String problem : notification.problems()) {
            replicationListener.undecodable(problem);
            rejections.add(Rejection.ofPayload(payload, problem));
        }
        for (ObjectCreated object : notification.objects()) {
            if (object.bucket().equals(registryBucket)) {
                objects.add(object);
            } else {
                replicationListener.otherBucket(object.bucket());
                rejections.add(Rejection.ofBucket(
                        object.bucket(),
                        "The event is about bucket %s, but the registry's is %s: correct the notification's bucket"
                                .formatted(object.bucket(), registryBucket)));
            }
        }
        return new FilteredNotification(objects, rejections);
    }

    private Notification decodeOrProblem(byte[] payload) {
        try {
            return decoder.decode(payload);
        } catch (UndecodableEventException e) {
            return new Notification(List.of(), List.of(String.valueOf(e.getMessage())));
        }
    }
}
