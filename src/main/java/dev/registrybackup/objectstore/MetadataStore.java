package dev.registrybackup.objectstore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Reads and writes this program's small JSON records in the backup bucket. Deletes them by version, so that a versioned
 * bucket does not fill with old versions. Blocks; each method throws {@link ObjectStoreException} if the store failed.
 *
 * <p>Records are read field by field and not bound to classes: a corrupt field or one of a later version is handled
 * where it is read, and a native executable needs no reflection.
 */
public final class MetadataStore {
    private static final System.Logger LOGGER = System.getLogger(MetadataStore.class.getName());

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final int MAX_BYTES = 8 << 20;

    private final ObjectStore backup;

    /**
     * A record as read.
     *
     * @param json its content
     * @param version its version, where the bucket keeps versions
     */
    public record StoredRecord(String json, Optional<String> version) {}

    /** Uses the records of this bucket. */
    public MetadataStore(ObjectStore backup) {
        this.backup = backup;
    }

    /** Writes a record and returns its version. */
    public Optional<String> put(String key, String json) {
        return put(key, toContent(json));
    }

    /** As {@link #put(String, String)}, for a record too large for memory. */
    Optional<String> put(String key, ContentSource content) {
        return backup.put(key, content, Map.of());
    }

    /**
     * Writes a record unless its key exists, and returns whether it did. May return false for its own record if the
     * response to its write was lost: callers that must know read the record.
     */
    public boolean putIfAbsent(String key, String json) {
        return backup.putIfAbsent(key, toContent(json), Map.of());
    }

    /** As {@link #putIfAbsent}, with a read and a write, for records whose writer does not matter. */
    public void putIfMissing(String key, String json) {
        if (backup.headBeforeWrite(key).isEmpty()) {
            put(key, json);
        }
    }

    /** Reads a record; empty if there is none in a bucket that exists. */
    public Optional<StoredRecord> get(String key) {
        return backup.read(key, reading -> {
            String json = new String(reading.readAll(MAX_BYTES), StandardCharsets.UTF_8);
            return new StoredRecord(json, reading.info().versionId());
        });
    }

    /**
     * Reads a record that is a JSON object; an empty object if there is none. A corrupt one is logged and counts as
     * missing, for records that the next {@link #update} fixes.
     */
    public ObjectNode read(String key) {
        return objectOf(key, get(key));
    }

    /**
     * Replaces the record with the changed one, starting from an empty object if there is none. Deletes the previous
     * version. Returns the changed record.
     */
    public ObjectNode update(String key, UnaryOperator<ObjectNode> change) {
        Optional<StoredRecord> before = get(key);
        ObjectNode after = change.apply(objectOf(key, before));
        new SingleVersionRecord(this, key, before.flatMap(StoredRecord::version)).write(after.toString());
        return after;
    }

    private static ObjectNode objectOf(String key, Optional<StoredRecord> stored) {
        Optional<ObjectNode> object = stored.flatMap(record -> parse(record.json()));
        if (stored.isPresent() && object.isEmpty()) {
            LogEvent.of("record-damaged")
                    .with("record", key)
                    .with("reason", "it is not a JSON object")
                    .with("remedy", "it counts as missing until the next run writes it again")
                    .log(LOGGER, Level.WARNING);
        }
        return object.orElseGet(JsonNodeFactory.instance::objectNode);
    }

    /** Parses a record or a line of one as a JSON object; empty if it is corrupt. */
    public static Optional<ObjectNode> parse(String json) {
        try {
            return JSON.readTree(json) instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** The time in this field, UTC; empty if it is missing or not a time. */
    public static Optional<Instant> parseTime(JsonNode json, String name) {
        try {
            return Optional.of(Instant.parse(json.path(name).asText()));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Sets the field to a time, or removes the field. */
    public static void putTime(ObjectNode json, String name, Optional<Instant> time) {
        time.ifPresentOrElse(value -> json.put(name, value.toString()), () -> json.remove(name));
    }

    /** Deletes a record whose version is not known. */
    public void delete(String key) {
        backup.headBeforeWrite(key).map(ObjectInfo::versionId).ifPresent(version -> delete(key, version));
    }

    /** Deletes one version of a record, or without a version the record itself in an unversioned bucket. */
    public void delete(String key, Optional<String> version) {
        backup.delete(key, version);
    }

    /** Deletes these listed versions in their order. */
    public void delete(List<ObjectVersion> versions) {
        versions.forEach(version -> delete(version.key(), Optional.of(version.versionId())));
    }

    static ContentSource toContent(String json) {
        return ContentSource.of(json.getBytes(StandardCharsets.UTF_8));
    }
}
