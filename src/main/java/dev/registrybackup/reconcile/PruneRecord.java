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
 * That blobs are being removed, since when: on record from before the first one goes until the links written meanwhile
 * were checked, so that a run that dies in between leaves the check to the next. Blocks.
 */
final class PruneRecord {
    static final String KEY = RegistryLayout.METADATA_PREFIX + "reconcile/pruning";

    private final MetadataStore records;
    private final Clock clock;

    PruneRecord(ObjectStore backup, Clock clock) {
        this.records = new MetadataStore(backup);
        this.clock = clock;
    }

    /** Since when, UTC; empty if nothing is to be checked. A record that cannot be read has everything checked. */
    Optional<Instant> startedAt() {
        return records.get(KEY)
                .map(stored -> MetadataStore.parse(stored.json())
                        .flatMap(json -> MetadataStore.parseTime(json, "startedAt"))
                        .orElse(Instant.EPOCH));
    }

    /** Puts it on record, and says whether it was not on record before: a check that another run left is still to be made. */
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
