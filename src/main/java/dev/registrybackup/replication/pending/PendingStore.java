package dev.registrybackup.replication.pending;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * The owed records of all instances, {@code registry-backup/pending/<instance>/<sequence>}, and each instance's sign of life
 * beside them. A record is always a new object, so that a finished copy can never erase a newer debt. Blocks.
 */
public final class PendingStore {
    /** Where owed records lie. */
    public static final String PREFIX = RegistryLayout.METADATA_PREFIX + "pending/";

    /** Of 1,024 bytes each, and six characters of JSON for a control character, these are less than a record may have. */
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
     * The shelf as one instance uses it.
     *
     * @param instance this process's name, new with each start, without slashes
     */
    public PendingStore(ObjectStore backup, String instance, Clock clock) {
        this.backup = backup;
        this.metadataStore = new MetadataStore(backup);
        this.instance = instance;
        this.clock = clock;
        this.heartbeatRecord = new SingleVersionRecord(metadataStore, heartbeatKey(instance), Optional.empty());
    }

    /**
     * Writes a new record; when this returns, the keys are durably owed.
     *
     * @throws ObjectStoreException if it could not be written: the keys are then owed by nobody
     */
    public PendingBatch write(List<PendingKey> keys) {
        String name = PREFIX + instance + "/%012d".formatted(sequence.incrementAndGet());
        return new PendingBatch(name, metadataStore.put(name, PendingBatch.toJson(clock.instant(), keys)), keys);
    }

    /** The record of that name; empty if it is gone or is no record, which is logged. */
    public Optional<PendingBatch> read(String name) {
        try {
            Optional<StoredRecord> stored = metadataStore.get(name);
            return stored.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new PendingBatch(
                            name,
                            stored.get().version(),
                            PendingBatch.keys(stored.get().json())));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.BAD_REQUEST) {
                return logUnreadable(name, e);
            }
            throw e;
        } catch (IOException e) {
            return logUnreadable(name, e);
        }
    }

    /** Left where it is, and no hindrance to the others. */
    private static Optional<PendingBatch> logUnreadable(String name, Exception e) {
        LogEvent.of("pending-batch-unreadable")
                .with("record", name)
                .with("reason", e.getMessage())
                .with("remedy", "look at it and remove it by hand; comparing the buckets finds what it named")
                .log(LOGGER, Level.ERROR);
        return Optional.empty();
    }

    /** Removes a record, for good. */
    public void delete(PendingBatch record) {
        metadataStore.delete(record.objectKey(), record.version());
    }

    /** Says that this instance lives and works its own records; removes the sign before it. */
    public void writeHeartbeat() {
        heartbeatRecord.write("{\"heartbeatAt\":\"%s\"}".formatted(clock.instant()));
    }

    /** When an instance last showed that it lives, by the store's clock. */
    Optional<Instant> lastHeartbeat(String other) {
        return backup.headBeforeWrite(heartbeatKey(other)).map(ObjectInfo::lastModified);
    }

    /** Removes the sign of life of an instance that is gone and has left nothing. */
    void deleteHeartbeat(String other) {
        metadataStore.delete(heartbeatKey(other));
    }

    /** All objects of the shelf, in order of instance and sequence, each instance's sign of life last. */
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

    /** Whether that object of the shelf is no record but a sign of life. */
    public static boolean isHeartbeat(String name) {
        return name.endsWith("/" + HEARTBEAT_NAME);
    }

    private static String heartbeatKey(String instance) {
        return PREFIX + instance + "/" + HEARTBEAT_NAME;
    }
}
