package dev.registrybackup.reconcile;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.registry.RegistryLayout;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/** The checkpoint of an adoption, and its record in the backup. One thread at a time. */
final class AdoptionRecord {
    static final String KEY = RegistryLayout.METADATA_PREFIX + "adoption";

    private static final System.Logger LOGGER = System.getLogger(AdoptionRecord.class.getName());
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(30);

    private final ObjectStore backup;
    private final MetadataStore records;
    private final SingleVersionRecord record;
    private final Clock clock;
    private AdoptionCheckpoint checkpoint;
    private Instant nextWriteAt;

    private AdoptionRecord(
            ObjectStore backup,
            MetadataStore records,
            SingleVersionRecord record,
            Clock clock,
            AdoptionCheckpoint checkpoint) {
        this.backup = backup;
        this.records = records;
        this.record = record;
        this.clock = clock;
        this.checkpoint = checkpoint;
        this.nextWriteAt = clock.instant().plus(CHECKPOINT_INTERVAL);
    }

    /** Goes on from the checkpoint that is there; from the start if there is none of a blob under that prefix. */
    static AdoptionRecord open(ObjectStore backup, String blobsPrefix, Clock clock) {
        MetadataStore records = new MetadataStore(backup);
        Optional<StoredRecord> stored = records.get(KEY);
        Optional<AdoptionCheckpoint> checkpoint = stored.map(StoredRecord::json)
                .flatMap(AdoptionCheckpoint::parse)
                // One of another root directory would cover keys that nobody has looked at.
                .filter(there -> there.lastKey().startsWith(blobsPrefix));
        if (stored.isPresent() && checkpoint.isEmpty()) {
            LogEvent.of("adoption-restarted")
                    .with("record", KEY)
                    .with("reason", "what it says is no checkpoint under %s".formatted(blobsPrefix))
                    .log(LOGGER, Level.WARNING);
        }
        return new AdoptionRecord(
                backup,
                records,
                new SingleVersionRecord(records, KEY, stored.flatMap(StoredRecord::version)),
                clock,
                checkpoint.orElseGet(() -> AdoptionCheckpoint.initial(clock.instant())));
    }

    AdoptionCheckpoint checkpoint() {
        return checkpoint;
    }

    boolean covers(String key) {
        return checkpoint.covers(key);
    }

    /** Whether it is time to write it again, if only because some has passed. */
    boolean isDue() {
        return !clock.instant().isBefore(nextWriteAt);
    }

    /** Writes it, unless it is what is there. */
    void write(AdoptionCheckpoint reached) {
        if (!reached.equals(checkpoint)) {
            record.write(reached.json());
            checkpoint = reached;
        }
        nextWriteAt = clock.instant().plus(CHECKPOINT_INTERVAL);
    }

    /** Removes it. Once the bucket is marked nobody reads it, so that a failure is only logged. */
    void delete() {
        try (Stream<ObjectVersion> versions = backup.listVersions(KEY)) {
            // All versions: of a writer that was stopped there may be two.
            records.delete(versions.filter(version -> version.key().equals(KEY)).toList());
        } catch (ObjectStoreException e) {
            LogEvent.of("record-not-deleted")
                    .with("record", KEY)
                    .with("reason", e.getMessage())
                    .with("remedy", "remove it by hand")
                    .log(LOGGER, Level.WARNING);
        }
    }
}
