package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.util.Optional;

/**
 * How many of the items of all ImageStreams could be restored when everything was last verified, under {@value #KEY}.
 * Blocks; throws {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup did not do its part.
 */
public final class RestorableShare {
    /** Where it lies. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "openshift/restorable";

    private final MetadataStore records;

    /**
     * What is on record.
     *
     * @param at when it was true, UTC
     * @param items how many items of ImageStreams have to be restorable
     * @param restorable how many are
     */
    public record ShareRecord(Instant at, long items, long restorable) {
        /** The share that is restorable, from 0 to 1; 1 if there are no items. */
        public double share() {
            return items == 0 ? 1 : (double) restorable / items;
        }
    }

    /** That of this backup. */
    public RestorableShare(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /** What is on record; empty if there is no record that can be understood. */
    public Optional<ShareRecord> read() {
        JsonNode json = records.read(KEY);
        return MetadataStore.parseTime(json, "at")
                .map(at -> new ShareRecord(
                        at, json.path("items").asLong(), json.path("restorable").asLong()));
    }

    void write(ImageStreamCounts items, Instant at) {
        records.update(
                KEY,
                before -> JsonNodeFactory.instance
                        .objectNode()
                        .put("at", at.toString())
                        .put("snapshotAt", items.snapshotAt().toString())
                        .put("items", items.managed())
                        .put("restorable", items.restorable()));
    }
}
