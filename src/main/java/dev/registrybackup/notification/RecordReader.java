package dev.registrybackup.notification;

import java.util.Set;

/**
 * Reads one record in the format of AWS S3, which the other stores adopted.
 *
 * <p>Sources: Amazon S3 User Guide, "Event message structure"; Ceph src/rgw/rgw_pubsub.cc,
 * rgw_pubsub_s3_event::dump; MinIO cmd/event-notification.go, eventArgs.ToEvent; noobaa-core
 * src/util/notifications_util.js, compose_notification_req.
 */
final class RecordReader {
    /**
     * The sources that form-encode keys. Ceph RGW and NooBaa do not: decoding theirs would change a key that contains a
     * plus or a percent sign.
     */
    private static final Set<String> FORM_ENCODING_SOURCES = Set.of("aws:s3", "minio:s3");

    private RecordReader() {}

    /** Returns one object, nothing, or one problem. */
    static Notification read(JsonCursor record) {
        if (TestEvent.matches(record)) {
            return Notification.EMPTY;
        }
        try {
            if (!record.value().isObject()) {
                throw record.unreadable("it is %s, not an object".formatted(record.typeName()));
            }
            boolean created = isObjectCreated(record.child("eventName"));
            if (!record.has("s3")) {
                // Records of AWS streams have event names too. Only other events about a bucket are ignored silently.
                throw record.unreadable("it has no s3 field, so it is not about a bucket");
            }
            return created ? Notification.of(objectCreated(record)) : Notification.EMPTY;
        } catch (UnreadableRecordException e) {
            return Notification.ofProblem(String.valueOf(e.getMessage()));
        }
    }

    private static boolean isObjectCreated(JsonCursor eventName) {
        String name = eventName.requiredText();
        // MinIO and older Ceph RGW write the prefix that event names have in configurations; AWS and NooBaa do not.
        String bare = name.startsWith("s3:") ? name.substring("s3:".length()) : name;
        // ObjectSynced: an object came to this zone of a Ceph multisite from another one.
        return bare.startsWith("ObjectCreated:") || bare.equals("ObjectSynced:Create");
    }

    private static ObjectCreated objectCreated(JsonCursor record) {
        String source = record.child("eventSource").text().orElse("");
        return BucketAndKeyReader.read(
                record.child("s3"), FORM_ENCODING_SOURCES.contains(source), record.child("eventTime"));
    }
}
