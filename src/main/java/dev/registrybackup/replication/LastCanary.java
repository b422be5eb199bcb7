package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.util.Optional;

/**
 * What became of the scheduled canaries, under {@value #KEY}: when the event of the last one arrived, and how many have been
 * lost since. Blocks; throws {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup bucket cannot be read
 * or written.
 */
public final class LastCanary {
    /** The record's key in the backup bucket. Not beside the canaries' own records, which are removed by their age. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "last-canary";

    private static final String ARRIVED = "lastArrivalAt";
    private static final String SENT = "lastSentAt";
    private static final String LOST = "lost";

    private final MetadataStore records;

    /**
     * What is on record.
     *
     * @param sentAt when the last canary was written into the registry bucket, UTC; empty if none was ever
     * @param arrivedAt when the event of the last one that was not lost arrived, UTC; empty if none did yet
     * @param lost how many have been lost since
     */
    public record CanaryRecord(Optional<Instant> sentAt, Optional<Instant> arrivedAt, int lost) {}

    /** The last canary of that backup. */
    public LastCanary(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /** Reads the record; an empty one if there is none or it cannot be parsed. */
    public CanaryRecord read() {
        return parse(records.read(KEY));
    }

    /** Records that one was written then and its event arrived at that time, or was lost. Returns the new record. */
    public CanaryRecord write(Instant sentAt, Optional<Instant> arrivedAt) {
        records.update(KEY, json -> {
            MetadataStore.putTime(json, SENT, Optional.of(sentAt));
            arrivedAt.ifPresent(time -> MetadataStore.putTime(json, ARRIVED, Optional.of(time)));
            return json.put(LOST, arrivedAt.isPresent() ? 0 : json.path(LOST).asInt() + 1);
        });
        return read();
    }

    private static CanaryRecord parse(ObjectNode json) {
        return new CanaryRecord(
                MetadataStore.parseTime(json, SENT),
                MetadataStore.parseTime(json, ARRIVED),
                json.path(LOST).asInt());
    }
}
