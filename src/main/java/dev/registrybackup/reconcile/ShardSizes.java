package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.registry.RegistryLayout;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * How many links each shard had when it was last compared, under {@value #KEY}, so that they need not be listed once more to
 * be counted. For one run, and one thread.
 */
final class ShardSizes {
    static final String KEY = RegistryLayout.METADATA_PREFIX + "reconcile/shards";

    /** A record of more is not read again as a whole; then nothing is kept, and all is counted each time. */
    private static final int MAX_SHARDS = 50_000;

    private final MetadataStore records;
    private final Optional<StoredRecord> stored;
    private final NavigableMap<String, Long> previous = new TreeMap<>();
    private final NavigableMap<String, Long> current = new TreeMap<>();

    /** Those on record in that backup; none if there is no record that can be read. */
    ShardSizes(ObjectStore backup) {
        this.records = new MetadataStore(backup);
        this.stored = records.get(KEY);
        stored.flatMap(record -> MetadataStore.parse(record.json()))
                .ifPresent(json -> json.properties().forEach(shard -> {
                    if (shard.getValue().isIntegralNumber()) {
                        previous.put(shard.getKey(), shard.getValue().asLong());
                    }
                }));
    }

    /** How many there were below that prefix, in whatever shards; empty if that is not known. */
    OptionalLong keysBelow(String prefix) {
        NavigableMap<String, Long> shards = previous.subMap(prefix, true, prefix + Character.MAX_VALUE, true);
        return shards.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        shards.values().stream().mapToLong(Long::longValue).sum());
    }

    /** That many there are now in the shard of that prefix. */
    void put(String prefix, long keys) {
        current.put(prefix, keys);
    }

    /** Puts all that were added in place of those on record, if they differ. */
    void write() {
        if (current.size() > MAX_SHARDS) {
            current.clear();
        }
        if (!current.equals(previous)) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            current.forEach(json::put);
            new SingleVersionRecord(records, KEY, stored.flatMap(StoredRecord::version)).write(json.toString());
        }
    }
}
