package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.util.Optional;

/**
 * How many items of all ImageStreams were restorable at the last full verification, under {@value #KEY}. Blocks; throws
 * {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup bucket cannot be read or written.
 */
public final class RestorableShare {
    /** The record's key in the backup bucket. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "openshift/restorable";

    private final MetadataStore records;

    /**
     * The recorded share.
     *
     * @param at when it was true, UTC
     * @param items how many items of ImageStreams must be restorable
     * @param restorable how many are
     */
    public record ShareRecord(Instant at, long items, long restorable) {
        /** The share that is restorable, from 0 to 1; 1 if there are no items. */
        public double share() {
            return items == 0 ? 1 : (double) restorable / items;
        }
    }

    /** Uses the record of this backup. */
    public RestorableShare(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /** Reads the record; empty if there is none or it cannot be parsed. */
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
