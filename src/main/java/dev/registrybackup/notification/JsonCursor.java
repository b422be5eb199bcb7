package dev.registrybackup.notification;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * One JSON value of a payload, which may be missing. Navigation never fails: a child of anything else is a missing value.
 * Only reading a required text throws.
 *
 * @param value the value, a missing node if there is none
 * @param path its path, such as {@code payload.Records[0].s3}
 * @param envelopeDepth how many envelopes were opened on the way
 */
record JsonCursor(JsonNode value, String path, int envelopeDepth) {
    static final String EXPECTED_NOTIFICATIONS =
            "Send only bucket notifications of AWS S3, Ceph RGW, MinIO or NooBaa here, alone or through SNS, SQS or"
                    + " EventBridge.";

    private static final String COMPARE_BUCKETS = "This record was skipped: compare the buckets to find its object.";

    static JsonCursor root(JsonNode value) {
        return new JsonCursor(value, "payload", 0);
    }

    /** The value under these field names, each inside the previous one. */
    JsonCursor child(String... names) {
        JsonNode inner = value;
        for (String name : names) {
            inner = inner.path(name);
        }
        return new JsonCursor(inner, path + "." + String.join(".", names), envelopeDepth);
    }

    JsonCursor element(int index) {
        return new JsonCursor(value.path(index), path + "[" + index + "]", envelopeDepth);
    }

    /** The content of this envelope. */
    JsonCursor unwrapped(JsonNode content) {
        return new JsonCursor(content, path, envelopeDepth + 1);
    }

    boolean has(String name) {
        return value.has(name);
    }

    boolean hasText(String name, String text) {
        return text.equals(value.path(name).textValue());
    }

    Optional<String> text() {
        return Optional.ofNullable(value.textValue());
    }

    /**
     * The text of a required field.
     *
     * @throws UndecodableEventException if there is none or it is empty
     */
    String requiredText() {
        String text = text().orElseThrow(() ->
                unreadable(value.isMissingNode() ? "it is missing" : "it is " + typeName() + ", not text"));
        if (text.isEmpty()) {
            throw unreadable("it is empty");
        }
        return text;
    }

    /** The beginning of the text, or the JSON type of another value, for messages. */
    String excerpt(int maxLength) {
        return text().map(text -> SafeExcerpt.of(text, maxLength)).orElseGet(this::typeName);
    }

    /** The JSON type, with an article, for messages. */
    String typeName() {
        return switch (value.getNodeType()) {
            case ARRAY -> "an array";
            case BOOLEAN -> "a boolean";
            case MISSING -> "missing";
            case NULL -> "null";
            case NUMBER -> "a number";
            case OBJECT -> "an object";
            case STRING, BINARY, POJO -> "text";
        };
    }

    /** Rejects the payload because of this value. */
    UndecodableEventException undecodable(String reason) {
        return undecodable(reason, EXPECTED_NOTIFICATIONS);
    }

    UndecodableEventException undecodable(String reason, Throwable cause) {
        return new UndecodableEventException(message(reason, EXPECTED_NOTIFICATIONS), cause);
    }

    UndecodableEventException undecodable(String reason, String remedy) {
        return new UndecodableEventException(message(reason, remedy));
    }

    /** Rejects only the record that this value belongs to. */
    UndecodableEventException unreadable(String reason) {
        return undecodable(reason, COMPARE_BUCKETS);
    }

    private String message(String reason, String remedy) {
        return "Failed to decode %s: %s. %s".formatted(path, reason, remedy);
    }
}
