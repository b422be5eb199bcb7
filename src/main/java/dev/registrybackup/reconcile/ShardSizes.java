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
 * The record of how many keys each shard had in the last run, under {@value #KEY}: saves a listing to count them, and tells
 * which shards may be compared at once. For one run, and one thread.
 */
final class ShardSizes {
    static final String KEY = RegistryLayout.METADATA_PREFIX + "reconcile/shards";

    /** A larger record could not be read back; then none is kept, and keys are counted in each run. */
    private static final int MAX_SHARDS = 50_000;

    private final MetadataStore records;
    private final Optional<StoredRecord> stored;
    private final NavigableMap<String, Long> previous = new TreeMap<>();
    private final NavigableMap<String, Long> current = new TreeMap<>();

    /** Reads the record in this backup; there are no sizes if it is missing or unreadable. */
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

    /** How many keys there were below this prefix, in any shards; empty if unknown. */
    OptionalLong keysBelow(String prefix) {
        NavigableMap<String, Long> shards = previous.subMap(prefix, true, prefix + Character.MAX_VALUE, true);
        return shards.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        shards.values().stream().mapToLong(Long::longValue).sum());
    }

    /** Sets the size of the shard with this prefix. */
    void put(String prefix, long keys) {
        current.put(prefix, keys);
    }

    /** Replaces the record with the sizes that were set, if they differ from it. */
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
