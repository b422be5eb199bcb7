package dev.registrybackup.notification;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads one record in the format of AWS S3, which the other stores adopted, or one event that AWS S3 puts on the
 * EventBridge bus. Each is one object, or nothing if it created none. Throws {@link UndecodableEventException} for what
 * cannot be read.
 *
 * <p>Sources: Amazon S3 User Guide, "Event message structure" and "EventBridge event message structure"; Ceph
 * src/rgw/rgw_pubsub.cc, rgw_pubsub_s3_event::dump; MinIO cmd/event-notification.go, eventArgs.ToEvent; noobaa-core
 * src/util/notifications_util.js, compose_notification_req.
 */
final class RecordReader {
    /**
     * The sources that form-encode keys. Ceph RGW, NooBaa and EventBridge do not: decoding theirs would change a key that
     * contains a plus or a percent sign.
     */
    private static final Set<String> FORM_ENCODING_SOURCES = Set.of("aws:s3", "minio:s3");

    /** For buckets created before 2018 in us-east-1; later ones have 63: Amazon S3 User Guide, "Bucket naming rules". */
    private static final int MAX_BUCKET_LENGTH = 255;

    private static final int MAX_EXCERPT_LENGTH = 60;

    private RecordReader() {}

    static Notification read(JsonCursor record) {
        if (!record.value().isObject()) {
            throw record.unreadable("it is %s, not an object".formatted(record.typeName()));
        }
        boolean created = isObjectCreated(record.child("eventName").requiredText());
        if (!record.has("s3")) {
            // Records of AWS streams have event names too. Only other events about a bucket are ignored silently.
            throw record.unreadable("it has no s3 field, so it is not about a bucket");
        }
        if (!created) {
            return Notification.EMPTY;
        }
        String source = record.child("eventSource").text().orElse("");
        return object(record.child("s3"), FORM_ENCODING_SOURCES.contains(source), record.child("eventTime"));
    }

    private static boolean isObjectCreated(String eventName) {
        // MinIO and older Ceph RGW write the prefix that event names have in configurations; AWS and NooBaa do not.
        String bare = eventName.startsWith("s3:") ? eventName.substring("s3:".length()) : eventName;
        // ObjectSynced: an object came to this zone of a Ceph multisite from another one.
        return bare.startsWith("ObjectCreated:") || bare.equals("ObjectSynced:Create");
    }

    static Notification readEventBridge(JsonCursor event) {
        if (event.hasText("detail-type", "Object Created")) {
            return object(event.child("detail"), false, event.child("time"));
        }
        if (event.hasText("source", "aws.s3")) {
            return Notification.EMPTY;
        }
        throw event.undecodable("it is not an S3 event but \"%s\" of \"%s\""
                .formatted(
                        event.child("detail-type").excerpt(MAX_EXCERPT_LENGTH),
                        event.child("source").excerpt(MAX_EXCERPT_LENGTH)));
    }

    private static Notification object(JsonCursor subject, boolean formEncodedKey, JsonCursor time) {
        return new Notification(
                List.of(new ObjectCreated(
                        bucket(subject.child("bucket", "name")),
                        KeyReader.read(subject.child("object", "key"), formEncodedKey),
                        time.text().flatMap(RecordReader::parseInstant))),
                List.of());
    }

    private static String bucket(JsonCursor name) {
        String bucket = name.requiredText();
        if (bucket.length() > MAX_BUCKET_LENGTH) {
            throw name.unreadable("it has %d characters, but bucket names have at most %d (\"%s\")"
                    .formatted(bucket.length(), MAX_BUCKET_LENGTH, SafeExcerpt.of(bucket, MAX_EXCERPT_LENGTH)));
        }
        return bucket;
    }

    /** Parses ISO 8601; empty if it is not. A time without an offset is UTC, which all known stores write. */
    private static Optional<Instant> parseInstant(String text) {
        try {
            TemporalAccessor time =
                    DateTimeFormatter.ISO_DATE_TIME.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
            return Optional.of(
                    time instanceof OffsetDateTime exact
                            ? exact.toInstant()
                            : LocalDateTime.from(time).toInstant(ZoneOffset.UTC));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
