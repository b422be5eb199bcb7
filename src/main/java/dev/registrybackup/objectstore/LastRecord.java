package dev.registrybackup.objectstore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.RecordObjects.Stored;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What the last run of something came to: one JSON object under a key, each in place of the one before. Blocks; throws
 * {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup did not do its part.
 */
public final class LastRecord {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RecordObjects records;
    private final String key;

    /** The record of that key in that bucket. */
    public LastRecord(ObjectStore backup, String key) {
        this.records = new RecordObjects(backup);
        this.key = key;
    }

    /** What is on record; an empty object if there is no record, or none that is a JSON object. */
    public ObjectNode read() {
        return parse(records.read(key));
    }

    /** Writes what becomes of what is on record, an empty object if there is none, in place of it. */
    public void rewrite(UnaryOperator<ObjectNode> change) {
        Optional<Stored> before = records.read(key);
        new RewrittenRecord(records, key, before.flatMap(Stored::version))
                .write(change.apply(parse(before)).toString());
    }

    private static ObjectNode parse(Optional<Stored> stored) {
        try {
            return stored.isPresent() && JSON.readTree(stored.get().json()) instanceof ObjectNode json
                    ? json
                    : JsonNodeFactory.instance.objectNode();
        } catch (JsonProcessingException e) {
            return JsonNodeFactory.instance.objectNode();
        }
    }

    /** The time of that name, UTC; empty if there is none, or it is no time. */
    public static Optional<Instant> time(JsonNode json, String name) {
        try {
            return Optional.of(Instant.parse(json.path(name).asText()));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Puts a time under that name, or takes away what is there. */
    public static void put(ObjectNode json, String name, Optional<Instant> time) {
        time.ifPresentOrElse(value -> json.put(name, value.toString()), () -> json.remove(name));
    }
}
