package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.util.Optional;

/**
 * The record of the scheduled canaries, under {@value #KEY}: when the event of a canary last arrived, and how many
 * canaries were lost since. Blocks; throws {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup
 * bucket cannot be read or written.
 */
public final class LastCanary {
    /** The record's key in the backup bucket. Outside the prefix of canary records, which are deleted by age. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "last-canary";

    private static final String ARRIVED = "lastArrivalAt";
    private static final String SENT = "lastSentAt";
    private static final String LOST = "lost";

    private final MetadataStore records;

    /**
     * The content of the record.
     *
     * @param sentAt when the last canary was written into the registry bucket, UTC; empty if there was none
     * @param arrivedAt when the event of a canary last arrived, UTC; empty if none did
     * @param lost how many canaries were lost since then
     */
    public record CanaryRecord(Optional<Instant> sentAt, Optional<Instant> arrivedAt, int lost) {}

    /** Uses the record in this backup bucket. */
    public LastCanary(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /** Reads the record; an empty one if there is none or it cannot be parsed. */
    public CanaryRecord read() {
        return parse(records.read(KEY));
    }

    /**
     * Records one canary.
     *
     * @param sentAt when it was written into the registry bucket, UTC
     * @param arrivedAt when its event arrived, UTC; empty if it was lost
     * @return the new record
     */
    public CanaryRecord write(Instant sentAt, Optional<Instant> arrivedAt) {
        return parse(records.update(KEY, json -> {
            MetadataStore.putTime(json, SENT, Optional.of(sentAt));
            arrivedAt.ifPresent(time -> MetadataStore.putTime(json, ARRIVED, Optional.of(time)));
            return json.put(LOST, arrivedAt.isPresent() ? 0 : json.path(LOST).asInt() + 1);
        }));
    }

    private static CanaryRecord parse(ObjectNode json) {
        return new CanaryRecord(
                MetadataStore.parseTime(json, SENT),
                MetadataStore.parseTime(json, ARRIVED),
                json.path(LOST).asInt());
    }
}
