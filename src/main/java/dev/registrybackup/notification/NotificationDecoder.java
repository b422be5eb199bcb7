package dev.registrybackup.notification;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Decodes bucket notifications, whether the store sends them or a topic, queue or bus. Only the payload decides what it
 * is: the CloudEvents type depends on the transport (Ceph RGW, Knative's CephSource, SQS and Kafka sources each set
 * another one for the same record, and MinIO and NooBaa set none).
 *
 * <p>Decodes the records of AWS S3, Ceph RGW 16 to 19, MinIO and NooBaa, in a {@code Records} list or bare as CephSource
 * sends them, and EventBridge's S3 events; each directly, as text within JSON, or in the envelopes of SNS and SQS.
 * Ignores unknown fields and versions.
 *
 * <p>Sources of the envelopes: Amazon SNS Developer Guide, "HTTP/HTTPS notification JSON format"; AWS Lambda Developer
 * Guide, the event examples of SQS and SNS; Amazon SQS API, ReceiveMessage; MinIO cmd/event-notification.go;
 * eventing-ceph pkg/adapter/adapter.go for bare records.
 *
 * <p>Safe for use by several threads at a time.
 */
public final class NotificationDecoder {
    /** SQS in SNS in SQS as text is already three; more is a loop or an attack. */
    private static final int MAX_ENVELOPE_DEPTH = 4;

    private static final int MAX_EXCERPT_LENGTH = 160;

    /** What NooBaa sends to test a notification, in versions before it sent {@code s3:TestEvent}. */
    private static final String NOOBAA_TEST_TEXT = "test notification";

    private final JsonText jsonText = new JsonText(JsonCursor.EXPECTED_NOTIFICATIONS);

    /** Decodes every known dialect. */
    public NotificationDecoder() {}

    /**
     * Decodes one payload. What is JSON but cannot be decoded becomes a problem: the payload, one of its messages or one
     * of its records. It does not affect the others.
     *
     * @throws NotJsonException if the payload is empty, not JSON, or JSON followed by something else
     */
    public Notification decode(byte[] payload) {
        return decodeOrProblem(() -> unwrap(JsonCursor.root(jsonText.parse(payload))));
    }

    private static Notification decodeOrProblem(Supplier<Notification> part) {
        try {
            return part.get();
        } catch (UndecodableEventException e) {
            return new Notification(List.of(), List.of(String.valueOf(e.getMessage())));
        }
    }

    /** Recognizes a value by its fields, and opens envelopes until it finds records. */
    private Notification unwrap(JsonCursor part) {
        if (isTestEvent(part)) {
            return Notification.EMPTY;
        }
        if (part.value().isTextual()) {
            return openEnvelope(part);
        }
        if (part.has("Records")) {
            return readRecords(part.child("Records"));
        }
        if (part.has("s3") && part.has("eventName")) {
            return RecordReader.read(part);
        }
        if (part.has("detail-type")) {
            return RecordReader.readEventBridge(part);
        }
        return openEnvelope(envelopeContent(part).orElseThrow(() -> part.undecodable(description(part))));
    }

    /**
     * Whether it is the event that stores send to test a new notification. It names no object. If it is refused, some
     * stores refuse the notification.
     *
     * <p>Sources: Amazon S3 User Guide, "Event message structure" ({@code s3:TestEvent} at the top); NooBaa sends the
     * same within {@code Records} (noobaa-core src/util/notifications_util.js, test_notifications).
     */
    private static boolean isTestEvent(JsonCursor part) {
        return part.hasText("Event", "s3:TestEvent")
                || NOOBAA_TEST_TEXT.equals(part.value().textValue());
    }

    private Notification openEnvelope(JsonCursor envelope) {
        if (envelope.envelopeDepth() == MAX_ENVELOPE_DEPTH) {
            throw envelope.undecodable(
                    "it is in more than %d envelopes".formatted(MAX_ENVELOPE_DEPTH),
                    "Check that no topic or queue feeds itself.");
        }
        Optional<String> text = envelope.text();
        return unwrap(envelope.unwrapped(text.isPresent() ? jsonText.parse(text.get(), envelope) : envelope.value()));
    }

    private Notification readRecords(JsonCursor records) {
        if (!records.value().isArray()) {
            throw records.undecodable("it is %s, not an array".formatted(records.typeName()));
        }
        return Notification.combine(IntStream.range(0, records.value().size())
                .mapToObj(index -> decodeOrProblem(() -> readElement(records.element(index))))
                .toList());
    }

    private Notification readElement(JsonCursor element) {
        if (isTestEvent(element)) {
            return Notification.EMPTY;
        }
        Optional<JsonCursor> message = envelopeMessage(element);
        return message.isPresent() ? openEnvelope(message.get()) : RecordReader.read(element);
    }

    /** The message in a record of SQS or SNS; empty for other records. SNS writes EventSource with a capital. */
    private static Optional<JsonCursor> envelopeMessage(JsonCursor element) {
        String source = element.child("eventSource")
                .text()
                .or(() -> element.child("EventSource").text())
                .orElse("");
        return switch (source) {
            case "aws:sqs" -> Optional.of(element.child(element.has("Body") ? "Body" : "body"));
            case "aws:sns" -> Optional.of(element.child("Sns", "Message"));
            default -> Optional.empty();
        };
    }

    private static Optional<JsonCursor> envelopeContent(JsonCursor part) {
        rejectSubscriptionMessage(part);
        if (part.hasText("Type", "Notification")) {
            return Optional.of(part.child("Message"));
        }
        return List.of("body", "Body").stream()
                .filter(part::has)
                .map(part::child)
                .findFirst();
    }

    private static void rejectSubscriptionMessage(JsonCursor part) {
        String topic = SafeExcerpt.of(part.child("TopicArn").text().orElse("an unnamed topic"), MAX_EXCERPT_LENGTH);
        if (part.hasText("Type", "SubscriptionConfirmation")) {
            throw part.undecodable(
                    "the subscription to SNS topic %s has to be confirmed first".formatted(topic),
                    "Confirm it by opening the SubscribeURL of this payload, or by \"aws sns confirm-subscription\""
                            + " with its Token; until then no notification arrives.");
        }
        if (part.hasText("Type", "UnsubscribeConfirmation")) {
            throw part.undecodable(
                    "the subscription to SNS topic %s was ended".formatted(topic),
                    "Subscribe again if it was not meant to end, since no notification arrives any more.");
        }
    }

    private static String description(JsonCursor part) {
        if (!part.value().isObject()) {
            return part.value().isMissingNode() ? "it is missing" : "it is " + part.typeName() + ", not an object";
        }
        Iterable<String> names = part.value()::fieldNames;
        return "it is an unknown object with the fields [%s]"
                .formatted(SafeExcerpt.of(String.join(", ", names), MAX_EXCERPT_LENGTH));
    }
}
