package dev.registrybackup.intake;

import dev.registrybackup.event.Notification;
import dev.registrybackup.event.NotificationDecoder;
import dev.registrybackup.event.ObjectNotice;
import dev.registrybackup.event.UndecodableEventException;
import dev.registrybackup.ledger.Rejections.Rejection;
import java.util.ArrayList;
import java.util.List;

/** What of a payload concerns the registry bucket, and what will never concern anybody. */
final class Decoding {
    private final NotificationDecoder decoder = new NotificationDecoder();
    private final String registryBucket;
    private final Journal journal;

    Decoding(String registryBucket, Journal journal) {
        this.registryBucket = registryBucket;
        this.journal = journal;
    }

    /** The objects of the registry bucket that a payload names, and what of it is to be rejected. */
    record Decoded(List<ObjectNotice> objects, List<Rejection> rejections) {
        Reply rejectionsAsReply() {
            return rejections.isEmpty() ? Reply.DONE : new Reply(Reply.Answer.PERMANENT, rejections);
        }
    }

    /** Decodes it. Throws {@link dev.registrybackup.event.NotJsonException} if it is no JSON at all. */
    Decoded decode(byte[] payload) {
        List<ObjectNotice> objects = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>();
        Notification notification = notification(payload);
        for (String problem : notification.problems()) {
            journal.undecodable(problem);
            rejections.add(Rejection.ofPayload(payload, problem));
        }
        for (ObjectNotice object : notification.objects()) {
            if (object.bucket().equals(registryBucket)) {
                objects.add(object);
            } else {
                journal.otherBucket(object.bucket());
                rejections.add(Rejection.ofBucket(
                        object.bucket(),
                        "The event is about bucket %s, but the registry's is %s: correct the notification's bucket"
                                .formatted(object.bucket(), registryBucket)));
            }
        }
        return new Decoded(objects, rejections);
    }

    private Notification notification(byte[] payload) {
        try {
            return decoder.decode(payload);
        } catch (UndecodableEventException e) {
            return new Notification(List.of(), List.of(String.valueOf(e.getMessage())));
        }
    }
}
