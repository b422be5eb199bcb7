package dev.registrybackup.notification;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Tells what a JSON value is by its fields, and opens envelopes until there are records to read.
 *
 * <p>Sources: Amazon SNS Developer Guide, "HTTP/HTTPS notification JSON format"; AWS Lambda Developer Guide, the event
 * examples of SQS and SNS; Amazon SQS API, ReceiveMessage; MinIO cmd/event-notification.go; eventing-ceph
 * pkg/adapter/adapter.go for bare records.
 */
final class EnvelopeUnwrapper {
    /** SQS in SNS in SQS as text is already three; more is a loop or an attack. */
    static final int MAX_ENVELOPES = 4;

    private static final int MAX_NAMES = 160;

    private final JsonText json;

    EnvelopeUnwrapper(JsonText json) {
        this.json = json;
    }

    Notification read(JsonCursor part) {
        if (TestEvent.matches(part)) {
            return Notification.NOTHING;
        }
        if (part.value().isTextual()) {
            return open(part);
        }
        if (part.has("Records")) {
            return readRecords(part.part("Records"));
        }
        if (part.has("s3") && part.has("eventName")) {
            return RecordReader.read(part);
        }
        if (part.has("detail-type")) {
            return EventBridgeReader.read(part);
        }
        return open(content(part).orElseThrow(() -> part.unknown(description(part))));
    }

    private Notification open(JsonCursor envelope) {
        if (envelope.envelopes() == MAX_ENVELOPES) {
            throw envelope.unknown(
                    "it is in more than %d envelopes".formatted(MAX_ENVELOPES),
                    "Check that no topic or queue feeds itself.");
        }
        Optional<String> text = envelope.text();
        return read(envelope.opened(text.isPresent() ? json.parse(text.get(), envelope) : envelope.value()));
    }

    private Notification readRecords(JsonCursor records) {
        if (!records.value().isArray()) {
            throw records.unknown("it is %s, not an array".formatted(records.kind()));
        }
        List<JsonCursor> elements = IntStream.range(0, records.value().size())
                .mapToObj(records::element)
                .toList();
        if (elements.size() == 1) {
            // A message alone is an envelope like any other: if it is nothing known, neither is the payload.
            return readElement(elements.get(0));
        }
        return Notification.all(elements.stream().map(this::readOneOfMany).toList());
    }

    private Notification readOneOfMany(JsonCursor element) {
        try {
            return readElement(element);
        } catch (UndecodableEventException e) {
            // Among others, one bad message must not take the good ones down with it.
            return Notification.problem(String.valueOf(e.getMessage()));
        }
    }

    private Notification readElement(JsonCursor element) {
        Optional<JsonCursor> message = message(element);
        return message.isPresent() ? open(message.get()) : RecordReader.read(element);
    }

    /** What a record of SQS or SNS carries, if it is one; SNS writes EventSource with a capital. */
    private static Optional<JsonCursor> message(JsonCursor element) {
        String source = element.part("eventSource")
                .text()
                .or(() -> element.part("EventSource").text())
                .orElse("");
        return switch (source) {
            case "aws:sqs" -> Optional.of(element.part(element.has("Body") ? "Body" : "body"));
            case "aws:sns" -> Optional.of(element.part("Sns", "Message"));
            default -> Optional.empty();
        };
    }

    private static Optional<JsonCursor> content(JsonCursor part) {
        refuseConfirmation(part);
        if (part.says("Type", "Notification")) {
            return Optional.of(part.part("Message"));
        }
        return List.of("body", "Body").stream()
                .filter(part::has)
                .map(part::part)
                .findFirst();
    }

    private static void refuseConfirmation(JsonCursor part) {
        String topic = SafeExcerpt.of(part.part("TopicArn").text().orElse("an unnamed topic"), MAX_NAMES);
        if (part.says("Type", "SubscriptionConfirmation")) {
            throw part.unknown(
                    "the subscription to SNS topic %s has to be confirmed first".formatted(topic),
                    "Confirm it by opening the SubscribeURL of this payload, or by \"aws sns confirm-subscription\""
                            + " with its Token; until then no notification arrives.");
        }
        if (part.says("Type", "UnsubscribeConfirmation")) {
            throw part.unknown(
                    "the subscription to SNS topic %s was ended".formatted(topic),
                    "Subscribe again if it was not meant to end, since no notification arrives any more.");
        }
    }

    private static String description(JsonCursor part) {
        if (!part.value().isObject()) {
            return part.value().isMissingNode() ? "it is missing" : "it is " + part.kind() + ", not an object";
        }
        Iterable<String> names = part.value()::fieldNames;
        return "it is an object of no known kind, with the fields [%s]"
                .formatted(SafeExcerpt.of(String.join(", ", names), MAX_NAMES));
    }
}
