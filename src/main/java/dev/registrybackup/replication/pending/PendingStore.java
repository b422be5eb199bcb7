package dev.registrybackup.replication.pending;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * The records of pending keys of all instances, {@code registry-backup/pending/<instance>/<sequence>}, and a heartbeat
 * for each instance. Every record is a new object, so deleting one after a copy can never delete a newer record.
 * Blocks; methods throw {@link ObjectStoreException} if the backup bucket cannot be read or written.
 */
public final class PendingStore {
    /** The prefix of these records in the backup bucket. */
    public static final String PREFIX = RegistryLayout.METADATA_PREFIX + "pending/";

    /**
     * Keys have at most 1,024 bytes, and JSON escapes one as six characters at most: a full batch fits into a record.
     */
    static final int MAX_BATCH_KEYS = 1_024;

    private static final System.Logger LOGGER = System.getLogger(PendingStore.class.getName());
    private static final String HEARTBEAT_NAME = "heartbeat";

    private final ObjectStore backup;
    private final MetadataStore metadataStore;
    private final String instance;
    private final Clock clock;
    private final AtomicLong sequence = new AtomicLong();
    private final SingleVersionRecord heartbeatRecord;

    /**
     * Uses the records in this bucket as one instance.
     *
     * @param instance a name without slashes that is unique to this run of the process
     */
    public PendingStore(ObjectStore backup, String instance, Clock clock) {
        this.backup = backup;
        this.metadataStore = new MetadataStore(backup);
        this.instance = instance;
        this.clock = clock;
        this.heartbeatRecord = new SingleVersionRecord(metadataStore, heartbeatKey(instance), Optional.empty());
    }

    /**
     * Writes a new record. When this returns, the keys are durably recorded as pending.
     *
     * @throws ObjectStoreException if the record could not be written: the keys are then not pending
     */
    public PendingBatch write(List<PendingKey> keys) {
        String name = PREFIX + instance + "/%012d".formatted(sequence.incrementAndGet());
        return new PendingBatch(name, metadataStore.put(name, PendingBatch.toJson(clock.instant(), keys)), keys);
    }

    /** Reads the record with this key. Empty if it does not exist or cannot be parsed; the latter is logged. */
    public Optional<PendingBatch> read(String name) {
        try {
            Optional<PendingBatch> batch = metadataStore
                    .get(name)
                    .map(stored -> new PendingBatch(name, stored.version(), PendingBatch.parseKeys(stored.json())));
            return batch.isPresent() && batch.get().keys().isEmpty()
                    ? logUnreadable(name, "it is not a JSON object with keys")
                    : batch;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.BAD_REQUEST) {
                return logUnreadable(name, String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    /** Logs a record that cannot be parsed. It stays in the bucket for a human; others are still processed. */
    private static Optional<PendingBatch> logUnreadable(String name, String reason) {
        LogEvent.of("pending-batch-unreadable")
                .with("record", name)
                .with("reason", reason)
                .with(
                        "remedy",
                        "inspect the record and delete it; the next reconciliation copies the keys that it contained")
                .log(LOGGER, Level.ERROR);
        return Optional.empty();
    }

    /** Deletes a record permanently, including its version. */
    public void delete(PendingBatch record) {
        metadataStore.delete(record.objectKey(), record.version());
    }

    /** Writes the heartbeat of this instance, which shows that it retries its own records. Deletes the previous one. */
    public void writeHeartbeat() {
        heartbeatRecord.write("{\"heartbeatAt\":\"%s\"}".formatted(clock.instant()));
    }

    /** When an instance last wrote its heartbeat, UTC, by the store's clock; empty if there is none. */
    Optional<Instant> lastHeartbeat(String other) {
        return backup.headBeforeWrite(heartbeatKey(other)).map(ObjectInfo::lastModified);
    }

    /** Deletes the heartbeat of a dead instance without records. */
    void deleteHeartbeat(String other) {
        metadataStore.delete(heartbeatKey(other));
    }

    /** Lists all records and heartbeats in order of instance and sequence, each instance's heartbeat last. */
    @MustBeClosed
    public Stream<ObjectInfo> list() {
        return backup.list(PREFIX);
    }

    String instance() {
        return instance;
    }

    static String instanceOf(String name) {
        return name.substring(PREFIX.length(), Math.max(PREFIX.length(), name.lastIndexOf('/')));
    }

    /** Whether the object with this key is a heartbeat instead of a record. */
    public static boolean isHeartbeat(String name) {
        return name.endsWith("/" + HEARTBEAT_NAME);
    }

    private static String heartbeatKey(String instance) {
        return PREFIX + instance + "/" + HEARTBEAT_NAME;
    }
}
