package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads that cannot be decoded, and their messages. */
class DecoderErrorsTest {
    private static final String ONLY_NOTIFICATIONS =
            ". Send only bucket notifications of AWS S3, Ceph RGW, MinIO or NooBaa here, alone or through SNS, SQS or"
                    + " EventBridge.";
    private static final String COMPARE_BUCKETS = ". This record was skipped: compare the buckets to find its object.";

    private final NotificationDecoder decoder = new NotificationDecoder();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | a payload of 0 bytes: it is empty",
                "`  ` | a payload of 2 bytes: it is empty",
                "hello | a payload of 5 bytes: it is not JSON (Unrecognized token 'hello': was expecting (JSON String,"
                        + " Number, Array, Object or token 'null', 'true' or 'false'), line 1, column 1)",
                "{\"Records\":[]} x | a payload of 16 bytes: it is not JSON (Unrecognized token 'x': was expecting"
                        + " (JSON String, Number, Array, Object or token 'null', 'true' or 'false'), line 1, column 16)",
                "{\"Records\":[]}{} | a payload of 16 bytes: it is not JSON (Trailing token (of type START_OBJECT)"
                        + " found after value, line 1, column 15)",
                "{\"Records\":[ | a payload of 12 bytes: it is not JSON (Unexpected end-of-input: expected close marker"
                        + " for Array, line 1, column 13)",
            })
    void aPayloadThatIsNotJsonIsRefused(String payload, String reason) {
        // When
        NotJsonException refusal = assertThrows(NotJsonException.class, () -> decode(payload));

        // Then
        assertEquals("Failed to decode " + reason + ONLY_NOTIFICATIONS, refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[] | payload: it is an array, not an object",
                "[{\"Records\":[]}] | payload: it is an array, not an object",
                "17 | payload: it is a number, not an object",
                "null | payload: it is null, not an object",
                "true | payload: it is a boolean, not an object",
                "\"\" | payload: its text is empty",
                "\"17\" | payload: it is a number, not an object",
                "\"{\" | payload: its text is not readable as JSON (Unexpected end-of-input: expected close marker for"
                        + " Object, line 1, column 2)",
                "{} | payload: it is an unknown object with the fields []",
                "{\"a\":1,\"b\\nc\":2} | payload: it is an unknown object with the fields [a, b?c]",
                "{\"Records\":null} | payload.Records: it is null, not an array",
                "{\"Records\":{\"0\":{}}} | payload.Records: it is an object, not an array",
                "{\"Records\":\"[]\"} | payload.Records: it is text, not an array",
                "{\"body\":7} | payload.body: it is a number, not an object",
                "{\"Body\":\"no\"} | payload.Body: its text is not readable as JSON (Unrecognized token 'no': was"
                        + " expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false'), line 1,"
                        + " column 1)",
                "{\"Type\":\"Notification\"} | payload.Message: it is missing",
                "{\"Type\":\"Notification\",\"Message\":[]} | payload.Message: it is an array, not an object",
                "{\"Type\":7,\"Message\":\"{}\"} | payload: it is an unknown object with the fields [Type,"
                        + " Message]",
                "{\"Records\":[{\"eventSource\":\"aws:sqs\"}]} | payload.Records[0].body: it is missing",
                "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":null}]} | payload.Records[0].Sns.Message: it is"
                        + " missing",
                "{\"detail-type\":\"EC2 State\",\"source\":\"aws.ec2\"} | payload: it is not an S3 event but \"EC2"
                        + " State\" of \"aws.ec2\"",
                "{\"detail-type\":null} | payload: it is not an S3 event but \"null\" of \"missing\"",
            })
    void jsonOfNoKnownKindIsRefusedWithItsPlace(String payload, String reason) {
        // When, Then
        assertEquals(problem(reason + ONLY_NOTIFICATIONS), decode(payload));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"s3\":null,\"eventName\":null} | payload.eventName: it is null, not text",
                "{\"s3\":7,\"eventName\":[]} | payload.eventName: it is an array, not text",
                "{\"s3\":{},\"eventName\":\"\"} | payload.eventName: it is empty",
                "{\"Records\":[null]} | payload.Records[0]: it is null, not an object",
                "{\"Records\":[[]]} | payload.Records[0]: it is an array, not an object",
                "{\"Records\":[{}]} | payload.Records[0].eventName: it is missing",
                "{\"Records\":[{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\"}]} | payload.Records[0]: it"
                        + " has no s3 field, so it is not about a bucket",
                "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":7}]} | payload.Records[0].s3.bucket.name: it"
                        + " is missing",
                "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"\"}}}]} |"
                        + " payload.Records[0].s3.bucket.name: it is empty",
                "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":{}}}}]} |"
                        + " payload.Records[0].s3.bucket.name: it is an object, not text",
                "{\"detail-type\":\"Object Created\",\"detail\":[]} | payload.detail.bucket.name: it is missing",
                "{\"detail-type\":\"Object Created\",\"detail\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":1}}} |"
                        + " payload.detail.object.key: it is a number, not text",
                "{\"body\":{\"Records\":[0]}} | payload.body.Records[0]: it is a number, not an object",
            })
    void oneBadRecordIsAProblemWithItsPlace(String payload, String reason) {
        // When, Then
        assertEquals(problem(reason + COMPARE_BUCKETS), decode(payload));
    }

    @Test
    void aSubscriptionToConfirmSaysByWhat() {
        // When
        Notification notification =
                decoder.decode(NotificationFixtures.bytes("aws-sns-subscription-confirmation.json"));

        // Then
        assertEquals(
                problem("payload: the subscription to SNS topic arn:aws:sns:eu-central-1:111122223333:registry has to"
                        + " be confirmed first. Confirm it by opening the SubscribeURL of this payload, or by"
                        + " \"aws sns confirm-subscription\" with its Token; until then no notification arrives."),
                notification);
    }

    @Test
    void anEndedSubscriptionIsNotSilent() {
        // When
        Notification notification = decode("{\"Type\":\"UnsubscribeConfirmation\",\"TopicArn\":7}");

        // Then
        assertEquals(
                problem("payload: the subscription to SNS topic an unnamed topic was ended. Subscribe again if it was"
                        + " not meant to end, since no notification arrives any more."),
                notification);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4})
    void fourEnvelopesAreOpened(int envelopes) {
        // Given
        String payload = inTopicMessages(NotificationFixtures.text("aws-s3-2.1-put.json"), envelopes);

        // When
        Notification notification = decode(payload);

        // Then
        assertEquals(1, notification.objects().size());
    }

    @Test
    void aFifthEnvelopeIsRefused() {
        // Given
        String payload = inTopicMessages(NotificationFixtures.text("aws-s3-2.1-put.json"), 5);

        // When
        Notification notification = decode(payload);

        // Then
        assertEquals(
                problem("payload.Message.Message.Message.Message.Message: it is in more than 4 envelopes. Check that no"
                        + " topic or queue feeds itself."),
                notification);
    }

    @Test
    void textWithinTextIsAnEnvelopeToo() {
        // Given
        String payload = "{\"Records\":[]}";
        for (int layer = 0; layer < 5; layer++) {
            payload = TextNode.valueOf(payload).toString();
        }

        // When
        Notification notification = decode(payload);

        // Then
        assertEquals(
                problem("payload: it is in more than 4 envelopes. Check that no topic or queue feeds itself."),
                notification);
    }

    @Test
    void refusalsNeverQuoteMoreThanTwoHundredCharacters() {
        // Given
        String payload = "ẍ".repeat(5000);

        // When
        NotJsonException refusal = assertThrows(NotJsonException.class, () -> decode(payload));

        // Then
        assertTrue(quoted(String.valueOf(refusal)) <= 200, refusal.getMessage());
        assertTrue(quoted(String.valueOf(refusal.getCause())) <= 200, "in the cause");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"%s\"",
                "{\"%s\":1}",
                "{\"Body\":\"%s\"}",
                "{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"%s\"}",
                "{\"detail-type\":\"%s\",\"source\":\"%1$s\"}",
                "{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"%s\"}}}",
                "{\"eventName\":\"ObjectCreated:Put\",\"eventSource\":\"aws:s3\","
                        + "\"s3\":{\"bucket\":{\"name\":\"registry\"},\"object\":{\"key\":\"%s%%\"}}}",
            })
    void problemsNeverQuoteMoreThanTwoHundredCharacters(String shape) {
        // Given
        String payload = shape.formatted("ẍ".repeat(5000));

        // When
        Notification notification = decode(payload);

        // Then
        assertEquals(1, notification.problems().size());
        assertTrue(quoted(notification.problems().get(0)) <= 200, notification::toString);
    }

    @Test
    void aDocumentBeyondJacksonsBoundsIsUndecodable() {
        // When
        Notification notification = decode("[".repeat(100_000));

        // Then
        assertEquals(
                problem("a payload of 100000 bytes: it is larger or deeper than any notification (Document nesting"
                        + " depth (1001) exceeds the maximum allowed (1000, from"
                        + " `StreamReadConstraints.getMaxNestingDepth()`))"
                        + ONLY_NOTIFICATIONS),
                notification);
    }

    private static Notification problem(String reason) {
        return new Notification(List.of(), List.of("Failed to decode " + reason));
    }

    private static String inTopicMessages(String payload, int envelopes) {
        String wrapped = payload;
        for (int layer = 0; layer < envelopes; layer++) {
            wrapped = JsonNodeFactory.instance
                    .objectNode()
                    .put("Type", "Notification")
                    .put("Message", wrapped)
                    .toString();
        }
        return wrapped;
    }

    private static long quoted(String message) {
        return message.chars().filter(one -> one == 'ẍ').count();
    }

    private Notification decode(String payload) {
        return decoder.decode(payload.getBytes(StandardCharsets.UTF_8));
    }
}
