package dev.registrybackup.replication;

import dev.registrybackup.notification.Notification;
import dev.registrybackup.notification.NotificationDecoder;
import dev.registrybackup.notification.ObjectCreated;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.ArrayList;
import java.util.List;

/** Decodes an event and separates the objects of the registry bucket from what must be rejected. */
final class NotificationFilter {
    private final NotificationDecoder decoder = new NotificationDecoder();
    private final String registryBucket;
    private final ReplicationListener replicationListener;

    NotificationFilter(String registryBucket, ReplicationListener replicationListener) {
        this.registryBucket = registryBucket;
        this.replicationListener = replicationListener;
    }

    /** The registry bucket's objects in a payload, and the rejections of everything else in it. */
    record FilteredNotification(List<ObjectCreated> objects, List<Rejection> rejections) {
        EventResult toEventResult() {
            return rejections.isEmpty() ? EventResult.ACK : new EventResult(EventResult.Disposition.REJECT, rejections);
        }
    }

    /** Decodes the payload. Throws {@link dev.registrybackup.notification.NotJsonException} if it is not JSON. */
    FilteredNotification decode(byte[] payload) {
        List<ObjectCreated> objects = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>();
        Notification notification = decoder.decode(payload);
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
                        "The event is about bucket %s, but the registry bucket is %s: correct the notification's bucket"
                                .formatted(object.bucket(), registryBucket)));
            }
        }
        return new FilteredNotification(objects, rejections);
    }
}
