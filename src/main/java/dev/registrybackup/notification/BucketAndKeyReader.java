package dev.registrybackup.notification;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads the part with bucket and object, which records and EventBridge events write alike. */
final class BucketAndKeyReader {
    /** For buckets created before 2018 in us-east-1; later ones have 63: Amazon S3 User Guide, "Bucket naming rules". */
    private static final int MAX_BUCKET_LENGTH = 255;

    private static final int MAX_QUOTED_BUCKET = 64;

    private BucketAndKeyReader() {}

    /**
     * Returns the object that is named there.
     *
     * @throws UnreadableRecordException if bucket or key cannot be read; unreadable sizes and times are left out
     */
    static ObjectCreated read(JsonCursor subject, boolean formEncodedKey, JsonCursor time) {
        return new ObjectCreated(
                bucket(subject.child("bucket", "name")),
                KeyReader.read(subject.child("object", "key"), formEncodedKey),
                size(subject.child("object", "size")),
                time.text().flatMap(BucketAndKeyReader::parseInstant));
    }

    private static String bucket(JsonCursor name) {
        String bucket = name.requiredText();
        if (bucket.length() > MAX_BUCKET_LENGTH) {
            throw name.unreadable("it has %d characters, but bucket names have at most %d (\"%s\")"
                    .formatted(bucket.length(), MAX_BUCKET_LENGTH, SafeExcerpt.of(bucket, MAX_QUOTED_BUCKET)));
        }
        return bucket;
    }

    /** A number, or the text of one as in the samples of Ceph doc/radosgw/notifications.rst. */
    private static OptionalLong size(JsonCursor size) {
        JsonNode value = size.value();
        long bytes = value.isIntegralNumber() && value.canConvertToLong()
                ? value.longValue()
                : size.text().map(BucketAndKeyReader::parseLong).orElse(-1L);
        return bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    private static long parseLong(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Parses ISO 8601. A time without an offset is UTC, which all known stores write. */
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
