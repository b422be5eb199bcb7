package dev.registrybackup.notification;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Recognizes JSON values by their fields, and opens envelopes until it finds records.
 *
 * <p>Sources: Amazon SNS Developer Guide, "HTTP/HTTPS notification JSON format"; AWS Lambda Developer Guide, the event
 * examples of SQS and SNS; Amazon SQS API, ReceiveMessage; MinIO cmd/event-notification.go; eventing-ceph
 * pkg/adapter/adapter.go for bare records.
 */
final class EnvelopeUnwrapper {
    /** SQS in SNS in SQS as text is already three; more is a loop or an attack. */
    static final int MAX_ENVELOPE_DEPTH = 4;

    private static final int MAX_EXCERPT_LENGTH = 160;

    private final JsonText jsonText;

    EnvelopeUnwrapper(JsonText json) {
        this.jsonText = json;
    }

    Notification unwrap(JsonCursor part) {
        if (TestEvent.matches(part)) {
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
            return EventBridgeReader.read(part);
        }
        return openEnvelope(envelopeContent(part).orElseThrow(() -> part.undecodable(description(part))));
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
        List<JsonCursor> elements = IntStream.range(0, records.value().size())
                .mapToObj(records::element)
                .toList();
        if (elements.size() == 1) {
            // A single message is like any other envelope: if it cannot be decoded, neither can the payload.
            return readElement(elements.get(0));
        }
        return Notification.combine(elements.stream().map(this::readOrProblem).toList());
    }

    private Notification readOrProblem(JsonCursor element) {
        try {
            return readElement(element);
        } catch (UndecodableEventException e) {
            // One bad message among several must not reject the good ones.
            return Notification.ofProblem(String.valueOf(e.getMessage()));
        }
    }

    private Notification readElement(JsonCursor element) {
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
