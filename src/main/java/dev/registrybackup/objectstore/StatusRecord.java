package dev.registrybackup.objectstore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What the last run of something came to: one JSON object under a key, each in place of the one before. Blocks; throws
 * {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup did not do its part.
 */
public final class StatusRecord {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final MetadataStore metadataStore;
    private final String key;

    /** The record of that key in that bucket. */
    public StatusRecord(ObjectStore backup, String key) {
        this.metadataStore = new MetadataStore(backup);
        this.key = key;
    }

    /** What is on record; an empty object if there is no record, or none that is a JSON object. */
    public ObjectNode read() {
        return parse(metadataStore.get(key));
    }

    /** Writes what becomes of what is on record, an empty object if there is none, in place of it. */
    public void update(UnaryOperator<ObjectNode> change) {
        Optional<StoredRecord> before = metadataStore.get(key);
        new SingleVersionRecord(metadataStore, key, before.flatMap(StoredRecord::version))
                .write(change.apply(parse(before)).toString());
    }

    private static ObjectNode parse(Optional<StoredRecord> stored) {
        try {
            return stored.isPresent() && JSON.readTree(stored.get().json()) instanceof ObjectNode json
                    ? json
                    : JsonNodeFactory.instance.objectNode();
        } catch (JsonProcessingException e) {
            return JsonNodeFactory.instance.objectNode();
        }
    }

    /** The time of that name, UTC; empty if there is none, or it is no time. */
    public static Optional<Instant> parseTime(JsonNode json, String name) {
        try {
            return Optional.of(Instant.parse(json.path(name).asText()));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Puts a time under that name, or takes away what is there. */
    public static void putTime(ObjectNode json, String name, Optional<Instant> time) {
        time.ifPresentOrElse(value -> json.put(name, value.toString()), () -> json.remove(name));
    }
}
