package dev.registrybackup.operation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/** Reads the fields of a JSON record; throws {@link IOException} if a required field is missing or malformed. */
record JsonReader(JsonNode root) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static JsonReader parse(String json) throws IOException {
        try {
            return new JsonReader(JSON.readTree(json));
        } catch (JsonProcessingException e) {
            // Without the position, which is on a second line.
            throw new IOException("not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    String text(String name) throws IOException {
        return optionalText(name)
                .orElseThrow(() -> new IOException("field \"%s\" is missing or not a string".formatted(name)));
    }

    Optional<String> optionalText(String name) {
        return Optional.of(root.path(name)).filter(JsonNode::isTextual).map(JsonNode::asText);
    }

    Instant time(String name) throws IOException {
        String text = text(name);
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IOException("field \"%s\" is not a time: %s".formatted(name, text), e);
        }
    }

    Optional<Instant> optionalTime(String name) throws IOException {
        return root.has(name) ? Optional.of(time(name)) : Optional.empty();
    }

    Optional<ObjectNode> object(String name) {
        return root.path(name) instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
    }
}
