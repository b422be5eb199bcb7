package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;

/**
 * The record that blobs are being pruned, and since when. It exists from before the first deletion until the links written
 * in between were checked, so that the next run makes the check if this one dies. Blocks.
 */
final class PruneRecord {
    static final String KEY = RegistryLayout.METADATA_PREFIX + "reconcile/pruning";

    private final MetadataStore records;
    private final Clock clock;

    PruneRecord(ObjectStore backup, Clock clock) {
        this.records = new MetadataStore(backup);
        this.clock = clock;
    }

    /** When pruning began, UTC; empty if no check is due. An unreadable record makes the check cover everything. */
    Optional<Instant> startedAt() {
        return records.get(KEY)
                .map(stored -> MetadataStore.parse(stored.json())
                        .flatMap(json -> MetadataStore.parseTime(json, "startedAt"))
                        .orElse(Instant.EPOCH));
    }

    /** Writes the record, unless there is one: the check of an earlier run is still due. Returns whether it was written. */
    boolean start() {
        Optional<StoredRecord> before = records.get(KEY);
        if (before.isEmpty()) {
            String json = JsonNodeFactory.instance
                    .objectNode()
                    .put("startedAt", clock.instant().toString())
                    .toString();
            records.put(KEY, json);
        }
        return before.isEmpty();
    }

    void finish() {
        records.get(KEY).ifPresent(stored -> records.delete(KEY, stored.version()));
    }
}
