package dev.registrybackup.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RecordObjects;
import dev.registrybackup.objectstore.RecordObjects.Stored;
import dev.registrybackup.objectstore.RewrittenRecord;
import dev.registrybackup.registry.RegistryLayout;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * How many links each part had when it was last compared, under {@value #KEY}, so that they need not be listed once more to
 * be counted. For one run, and one thread.
 */
final class ShardSizes {
    static final String KEY = RegistryLayout.BOOKKEEPING_PREFIX + "reconcile/parts";

    /** A record of more is not read again as a whole; then nothing is kept, and all is counted each time. */
    private static final int MOST = 50_000;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final RecordObjects records;
    private final Optional<Stored> stored;
    private final NavigableMap<String, Long> before = new TreeMap<>();
    private final NavigableMap<String, Long> now = new TreeMap<>();

    /** Those on record in that backup; none if there is no record that can be read. */
    ShardSizes(ObjectStore backup) {
        this.records = new RecordObjects(backup);
        this.stored = records.read(KEY);
        stored.ifPresent(record -> parse(record.json()));
    }

    private void parse(String json) {
        try {
            for (var entry : JSON.readTree(json).properties()) {
                JsonNode keys = entry.getValue();
                if (keys.isIntegralNumber()) {
                    before.put(entry.getKey(), keys.asLong());
                }
            }
        } catch (JsonProcessingException e) {
            before.clear();
        }
    }

    /** How many there were below that prefix, in whatever parts; empty if that is not known. */
    OptionalLong below(String prefix) {
        NavigableMap<String, Long> parts = before.subMap(prefix, true, prefix + Character.MAX_VALUE, true);
        return parts.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        parts.values().stream().mapToLong(Long::longValue).sum());
    }

    /** That many there are now in the part of that prefix. */
    void add(String prefix, long keys) {
        now.put(prefix, keys);
    }

    /** Puts all that were added in place of those on record, if they differ. */
    void write() {
        if (now.size() > MOST) {
            now.clear();
        }
        if (!now.equals(before)) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            now.forEach(json::put);
            new RewrittenRecord(records, KEY, stored.flatMap(Stored::version)).write(json.toString());
        }
    }
}
