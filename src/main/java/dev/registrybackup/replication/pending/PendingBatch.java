package dev.registrybackup.replication.pending;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A record of pending keys in the backup bucket.
 *
 * @param objectKey the record's key in the backup bucket
 * @param version the record's version ID, if the bucket is versioned
 * @param keys the pending keys, each once
 */
public record PendingBatch(String objectKey, Optional<String> version, List<PendingKey> keys) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Copies the list. */
    public PendingBatch {
        keys = List.copyOf(keys);
    }

    static String toJson(Instant written, List<PendingKey> keys) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("writtenAt", written.toString());
        ArrayNode list = root.putArray("keys");
        for (PendingKey pending : keys) {
            ObjectNode entry = list.addObject().put("key", pending.key());
            pending.eventTime().ifPresent(time -> entry.put("eventTime", time.toString()));
        }
        return root.toString();
    }

    static List<PendingKey> keys(String json) throws IOException {
        List<PendingKey> keys = new ArrayList<>();
        for (JsonNode entry : JSON.readTree(json).path("keys")) {
            if (entry.path("key").isTextual()) {
                keys.add(new PendingKey(entry.path("key").asText(), parseTime(entry.path("eventTime"))));
            }
        }
        if (keys.isEmpty()) {
            throw new IOException("the record contains no keys");
        }
        return keys;
    }

    private static Optional<Instant> parseTime(JsonNode node) {
        try {
            return node.isTextual() ? Optional.of(Instant.parse(node.asText())) : Optional.empty();
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
