package dev.registrybackup.inventory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * An interval in which a key of the backup was missing from the registry.
 *
 * @param from when it was first found missing, UTC
 * @param until when it was found again, UTC; empty if it is still missing
 */
public record MissingInterval(String key, Instant from, Optional<Instant> until) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Whether the key is still missing. */
    public boolean isOpen() {
        return until.isEmpty();
    }

    boolean covers(Instant at) {
        return !at.isBefore(from) && until.map(at::isBefore).orElse(true);
    }

    MissingInterval endAt(Instant end) {
        return new MissingInterval(key, from, Optional.of(end));
    }

    static MissingInterval parse(String line) throws IOException {
        try {
            JsonNode json = JSON.readTree(line);
            Optional<Instant> until = json.has("until")
                    ? Optional.of(Instant.parse(json.path("until").asText()))
                    : Optional.empty();
            return new MissingInterval(
                    json.path("key").asText(), Instant.parse(json.path("from").asText()), until);
        } catch (DateTimeException e) {
            throw new IOException("not an interval: " + line, e);
        }
    }

    String toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("key", key).put("from", from.toString());
        until.ifPresent(end -> json.put("until", end.toString()));
        return json.toString();
    }
}
