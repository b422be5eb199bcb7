package dev.registrybackup.replication.pending;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
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

    /** The keys in a record; empty if it has none or cannot be parsed. */
    static List<PendingKey> parseKeys(String json) {
        List<PendingKey> keys = new ArrayList<>();
        MetadataStore.parse(json)
                .ifPresent(record -> record.path("keys").forEach(entry -> {
                    if (entry.path("key").isTextual()) {
                        keys.add(new PendingKey(
                                entry.path("key").asText(), MetadataStore.parseTime(entry, "eventTime")));
                    }
                }));
        return keys;
    }
}
