package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every dialect, as it arrives. */
class NotificationDecoderTest {
    private static final String BLOB =
            "docker/registry/v2/blobs/sha256/5c/5c9d1f0f2f6bb0a5e2c4f4f0c6a0f7b1de1f3b9f6a7d8c9e0b1a2c3d4e5f6071/data";
    private static final String TAG_LINK = "docker/registry/v2/repositories/shop/cart/_manifests/tags/v1/current/link";
    private static final String UPLOAD =
            "docker/registry/v2/repositories/shop/cart/_uploads/78dc65a6-d8ee-40c4-8225-a4f09bb5b8c9/data";

    /** Those whose answers name the place of a problem, which an envelope changes, and bare text, which is no JSON in one. */
    private static final Set<String> PROBLEMATIC = Set.of(
            "mixed-good-and-bad.json",
            "aws-lambda-sqs-records.json",
            "aws-sns-subscription-confirmation.json",
            "noobaa-test-text.json");

    private final NotificationDecoder decoder = new NotificationDecoder();

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "aws-s3-2.1-put.json, " + BLOB + ", 2026-03-04T05:06:07.890Z",
                "aws-s3-2.3-encoded-key.json, red flower+green röt.jpg, 2026-03-04T05:06:07.890Z",
                "ceph-rgw-16.2.15-literal-key.json, dir a/hello+w %41 ö.txt, 2026-03-04T05:06:07.915073Z",
                "ceph-rgw-2.1-prefixed-name.json, " + TAG_LINK + ", 2026-03-04T05:06:07.915073Z",
                "ceph-rgw-2.2-multipart-begun.json, " + UPLOAD + ", 2026-03-04T05:06:07.915073Z",
                "ceph-rgw-2.2-object-synced.json, " + TAG_LINK + ", 2026-03-04T05:06:07.915073Z",
                "ceph-rgw-2.2-string-size.json, " + BLOB + ", 2026-03-04T05:06:07.915073Z",
                "knative-cephsource-2.2-record.json, " + TAG_LINK + ", 2026-03-04T05:06:07.915073Z",
                "minio-2.0-put.json, " + TAG_LINK + ", 2026-03-04T05:06:07.890Z",
                "noobaa-2.3-put.json, a+b/%2F/c d, 2026-03-04T05:06:07.890Z",
                "aws-eventbridge-object-created.json, a+b/%2F/c d, 2026-03-04T05:06:07Z",
                "aws-sns-notification.json, " + BLOB + ", 2026-03-04T05:06:07.890Z",
                "aws-sqs-receive-message.json, a+b/%2F/c d, 2026-03-04T05:06:07Z",
                "aws-lambda-sns-records.json, " + BLOB + ", 2026-03-04T05:06:07.890Z",
                "knative-integrationsource-body.json, " + BLOB + ", 2026-03-04T05:06:07.890Z",
                "knative-integrationsource-json-string.json, " + BLOB + ", 2026-03-04T05:06:07.890Z",
            })
    void aCreatedObjectIsFoundInEveryDialect(String fixture, String key, Instant eventTime) {
        // When
        Notification notification = decoder.decode(NotificationFixtures.bytes(fixture));

        // Then
        ObjectCreated expected = new ObjectCreated("image-registry", key, Optional.of(eventTime));
        assertEquals(new Notification(List.of(expected), List.of()), notification);
    }

    @ParameterizedTest
    @MethodSource("inEveryEnvelope")
    void envelopesChangeNothingOfWhatIsInThem(String fixture, String envelope) {
        // Given
        String content = NotificationFixtures.text(fixture);
        String wrapped =
                envelope.replace("TEXT", TextNode.valueOf(content).toString()).replace("OBJECT", content);

        // When
        Notification notification = decode(wrapped);

        // Then
        assertEquals(decode(content), notification);
    }

    static Stream<Arguments> inEveryEnvelope() {
        List<String> envelopes = List.of(
                "TEXT",
                "{\"body\":TEXT}",
                "{\"Body\":TEXT}",
                "{\"body\":OBJECT}",
                "{\"Type\":\"Notification\",\"Message\":TEXT}",
                "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":TEXT}]}",
                "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"Body\":TEXT}]}",
                "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":TEXT}}]}");
        return NotificationFixtures.names()
                .filter(fixture -> !PROBLEMATIC.contains(fixture))
                .flatMap(fixture -> envelopes.stream().map(envelope -> Arguments.of(fixture, envelope)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aws-s3-test-event.json",
                "noobaa-test-event.json",
                "noobaa-test-text.json",
                "aws-s3-2.1-removed.json",
                "aws-eventbridge-object-deleted.json",
            })
    void testEventsAndRemovalsLeaveNothingToDo(String fixture) {
        // When
        Notification notification = decoder.decode(NotificationFixtures.bytes(fixture));

        // Then
        assertEquals(nothing(), notification);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ObjectCreated:Put",
                "ObjectCreated:Post",
                "ObjectCreated:Copy",
                "ObjectCreated:CompleteMultipartUpload",
                "ObjectCreated:SomethingNew",
                "s3:ObjectCreated:Put",
                "s3:ObjectCreated:PutRetention",
                "ObjectSynced:Create",
                "s3:ObjectSynced:Create",
            })
    void creationsGiveTheirObject(String eventName) {
        // When
        Notification notification = decode(record(eventName, "ceph:s3", "a"));

        // Then
        assertEquals(List.of("a"), keys(notification));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ObjectRemoved:Delete",
                "s3:ObjectRemoved:DeleteMarkerCreated",
                "ObjectRestore:Completed",
                "s3:ObjectAccessed:Get",
                "LifecycleExpiration:Delete",
                "ObjectLifecycle:Expiration:Current",
                "ObjectSynced:Delete",
                "ReducedRedundancyLostObject",
                "ObjectTagging:Put",
                "objectcreated:put",
            })
    void otherKindsOfEventsLeaveNothingToDo(String eventName) {
        // When
        Notification notification = decode(record(eventName, "ceph:s3", "a"));

        // Then
        assertEquals(nothing(), notification);
    }

    @ParameterizedTest
    @CsvSource({
        "aws:s3, a b/c",
        "minio:s3, a b/c",
        "ceph:s3, a+b%2Fc",
        "noobaa:s3, a+b%2Fc",
        "AWS:S3, a+b%2Fc",
        "aws:s3:eu, a+b%2Fc",
        "'', a+b%2Fc",
    })
    void keysAreDecodedForAwsAndMinioOnly(String eventSource, String key) {
        // When
        Notification notification = decode(record("ObjectCreated:Put", eventSource, "a+b%2Fc"));

        // Then
        assertEquals(List.of(key), keys(notification));
    }

    @Test
    void anEmptyListOfRecordsLeavesNothingToDo() {
        // When
        Notification notification = decode("{\"Records\":[]}");

        // Then
        assertEquals(nothing(), notification);
    }

    @Test
    void badRecordsAreNamedAndLeaveTheGoodOnesInOrder() {
        // When
        Notification notification = decoder.decode(NotificationFixtures.bytes("mixed-good-and-bad.json"));

        // Then
        assertEquals(List.of(TAG_LINK, BLOB), keys(notification));
        String remedy = ". This record was skipped: compare the buckets to find its object.";
        assertEquals(
                List.of(
                        "Failed to decode payload.Records[1]: it is a number, not an object" + remedy,
                        "Failed to decode payload.Records[2].s3.object.key: it is empty" + remedy,
                        "Failed to decode payload.Records[3].s3.object.key: it is missing" + remedy,
                        "Failed to decode payload.Records[4].eventName: it is null, not text" + remedy,
                        "Failed to decode payload.Records[6].s3.object.key: it is not form-encoded UTF-8 (\"a%zz\")"
                                + remedy),
                notification.problems());
    }

    @Test
    void aBadMessageAmongManyLeavesTheGoodOnes() {
        // When
        Notification notification = decoder.decode(NotificationFixtures.bytes("aws-lambda-sqs-records.json"));

        // Then
        assertEquals(List.of(BLOB, "a+b/%2F/c d"), keys(notification));
        assertEquals(
                List.of("Failed to decode payload.Records[1].body: its text is not readable as JSON (Unrecognized token"
                        + " 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or"
                        + " 'false'), line 1, column 1). Send only bucket notifications of AWS S3, Ceph RGW, MinIO or"
                        + " NooBaa here, alone or through SNS, SQS or EventBridge."),
                notification.problems());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2026-03-04T05:06:07Z | 2026-03-04T05:06:07Z",
                "2026-03-04T07:06:07.5+02:00 | 2026-03-04T05:06:07.500Z",
                "2026-03-04T05:06:07.890 | 2026-03-04T05:06:07.890Z",
                "2026-03-04T05:06 | 2026-03-04T05:06:00Z",
                "2026-03-04 |",
                "2026-02-30T05:06:07Z |",
                "yesterday |",
                "'' |",
            })
    void eventTimesAreReadWhereTheyCan(String written, Instant expected) {
        // When
        Notification notification =
                decode(record("ObjectCreated:Put", "ceph:s3", "a").put("eventTime", written));

        // Then
        assertEquals(
                Optional.ofNullable(expected), notification.objects().get(0).eventTime());
    }

    @Test
    void theRecordedSequenceOfAPersistentTopicDecodesLineByLine() {
        // Given
        List<String> lines = NotificationFixtures.recordedSequence();

        // When
        List<Notification> notifications = lines.stream().map(this::decode).toList();

        // Then
        assertEquals(55, notifications.size());
        assertEquals(List.of(), Notification.combine(notifications).problems());
        List<String> keys = keys(Notification.combine(notifications));
        assertEquals(55, keys.size());
        assertEquals(28, keys.stream().distinct().count(), "objects, since the store tells of many twice and more");
        assertEquals(
                6,
                IntStream.range(0, keys.size())
                        .filter(index -> keys.get(index).endsWith("/current/link"))
                        .findFirst()
                        .orElseThrow(),
                "the tag comes before the blobs it needs");
    }

    @Test
    void aBucketNameLongerThanAnyBucketHasIsAProblem() {
        // Given
        ObjectNode payload = record("ObjectCreated:Put", "ceph:s3", "k");
        payload.withObject("/s3/bucket").put("name", "b".repeat(3_000_000));

        // When
        Notification notification = decode(payload);

        // Then
        assertEquals(List.of(), notification.objects());
        assertEquals(1, notification.problems().size());
        assertTrue(notification.problems().get(0).contains("bucket names have at most 255"), notification::toString);
        assertTrue(notification.problems().get(0).length() < 1_000, notification::toString);
    }

    private Notification decode(ObjectNode bareRecord) {
        return decode(bareRecord.toString());
    }

    private Notification decode(String payload) {
        return decoder.decode(payload.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> keys(Notification notification) {
        return notification.objects().stream().map(ObjectCreated::key).toList();
    }

    private static Notification nothing() {
        return new Notification(List.of(), List.of());
    }

    private static ObjectNode record(String eventName, String eventSource, String key) {
        ObjectNode record = JsonNodeFactory.instance
                .objectNode()
                .put("eventName", eventName)
                .put("eventSource", eventSource);
        record.withObject("/s3/bucket").put("name", "image-registry");
        record.withObject("/s3/object").put("key", key);
        return record;
    }
}
