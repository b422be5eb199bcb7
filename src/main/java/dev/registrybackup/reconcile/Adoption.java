package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.ObjectCopier;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.ReplicationStatus;
import dev.registrybackup.replication.SourceObject;
import dev.registrybackup.replication.VerifiedMarker;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * Adopts a backup bucket that something else filled, such as an rclone CronJob: verifies every blob once, replaces a corrupt
 * one from the registry or moves it to quarantine, and marks the bucket as verified. Continues where it was interrupted.
 * Events may be handled at the same time, but what filled the bucket must have stopped before the first run, because it
 * writes without verifying. For one use, by one thread that belongs to no worker pool.
 */
final class Adoption {
    /** The key of the checkpoint of an unfinished adoption. */
    static final String CHECKPOINT_KEY = RegistryLayout.METADATA_PREFIX + "adoption";

    /** The prefix to which corrupt blobs are moved, each under its key. */
    static final String QUARANTINE_PREFIX = RegistryLayout.METADATA_PREFIX + "quarantine/";

    /** A checkpoint is written after this many blobs, this many bytes or this long, whichever comes first. */
    static final int BATCH_BLOBS = 1000;

    private static final System.Logger LOGGER = System.getLogger(Adoption.class.getName());

    private static final long BATCH_BYTES = 64L << 30;
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(30);
    private static final int CONCURRENCY = 16;
    private static final int MAX_ATTEMPTS = 3;

    /** More failures than this mean that the store fails, not single objects in it. */
    private static final int MAX_UNKNOWN = 100;

    private final ObjectStore backup;
    private final RegistryLayout layout;
    private final BlobReplicator blobReplicator;
    private final VerifiedMarker verifiedMarker;
    private final RateLimiter rateLimiter;
    private final Clock clock;
    private final OperationContext context;
    private final MetadataStore records;
    private final BoundedTaskGroup readers;

    /** The blobs read since the last checkpoint; written by the worker pools, read once these are done. */
    private final ConcurrentNavigableMap<String, BlobReading> batch = new ConcurrentSkipListMap<>();

    private long verified;
    private long replaced;
    private long quarantined;
    private long unknown;
    private long bytes;

    /**
     * The work of one run.
     *
     * @param verified how many blobs match their digest
     * @param replaced how many were corrupt and were replaced
     * @param quarantined how many were corrupt and were moved to quarantine
     * @param bytes the size of the verified and replaced ones
     * @param isComplete whether all are verified, so that the bucket is marked
     */
    record AdoptionSummary(long verified, long replaced, long quarantined, long bytes, boolean isComplete) {}

    /**
     * The progress: every blob up to a key is done.
     *
     * @param lastKey the key, in key order; empty before the first
     * @param verified how many blobs up to there are valid
     * @param bytes the size of those
     * @param startedAt when the adoption began, UTC
     */
    private record Checkpoint(String lastKey, long verified, long bytes, Instant startedAt) {}

    private enum BlobContent {
        INTACT,
        CORRUPT,
        MISSING,
        /** A store failed. */
        UNKNOWN
    }

    /**
     * The result of reading a blob.
     *
     * @param object the object that was read
     * @param failure why its state is unknown
     */
    private record BlobReading(
            Digest digest, ObjectInfo object, BlobContent content, Optional<ObjectStoreException> failure) {}

    /**
     * Adopts this backup.
     *
     * @param backup the backup; refuses writes once the operation is fenced
     * @param blobReplicator copies the registry's blobs into it
     * @param rateLimiter the limit for reading blobs
     */
    Adoption(
            RegistryStore backup,
            BlobReplicator blobReplicator,
            VerifiedMarker verifiedMarker,
            WorkerPools workerPools,
            RateLimiter rateLimiter,
            Clock clock,
            OperationContext context) {
        this.backup = backup.store();
        this.layout = backup.layout();
        this.blobReplicator = blobReplicator;
        this.verifiedMarker = verifiedMarker;
        this.rateLimiter = rateLimiter;
        this.clock = clock;
        this.context = context;
        this.records = new MetadataStore(this.backup);
        this.readers = new BoundedTaskGroup(workerPools, CONCURRENCY);
    }

    /**
     * Verifies what is not verified yet; does nothing if the bucket is marked. If a blob cannot be read, reports it and does
     * not mark the bucket.
     *
     * @throws ObjectStoreException if a store fails, or the bucket cannot be written
     */
    AdoptionSummary run() {
        if (verifiedMarker.isSet()) {
            return new AdoptionSummary(0, 0, 0, 0, true);
        }
        context.phase("adopting");
        Optional<StoredRecord> stored = records.get(CHECKPOINT_KEY);
        SingleVersionRecord record =
                new SingleVersionRecord(records, CHECKPOINT_KEY, stored.flatMap(StoredRecord::version));
        Checkpoint first = stored.flatMap(this::parse).orElseGet(() -> new Checkpoint("", 0, 0, clock.instant()));
        Checkpoint reached = first;
        Instant nextCheckpointAt = clock.instant().plus(CHECKPOINT_INTERVAL);
        int batchBlobs = 0;
        long batchBytes = 0;
        try (Stream<ObjectInfo> listing = backup.list(layout.blobsPrefix())) {
            for (ObjectInfo object : (Iterable<ObjectInfo>) listing::iterator) {
                if (object.key().compareTo(first.lastKey()) <= 0
                        || !(layout.parse(object.key()) instanceof BlobData blob)) {
                    continue;
                }
                context.checkFence();
                context.progress().addExpected(1, object.size());
                readers.submit(object.size(), () -> batch.put(object.key(), read(blob.digest(), object)));
                batchBlobs++;
                batchBytes += object.size();
                if (batchBlobs >= BATCH_BLOBS
                        || batchBytes >= BATCH_BYTES
                        || !clock.instant().isBefore(nextCheckpointAt)) {
                    reached = settleBatch(first, reached, record);
                    nextCheckpointAt = clock.instant().plus(CHECKPOINT_INTERVAL);
                    batchBlobs = 0;
                    batchBytes = 0;
                }
            }
        }
        reached = settleBatch(first, reached, record);
        if (unknown == 0) {
            context.checkFence();
            verifiedMarker.set(
                    "every blob was verified: %d objects, %d bytes".formatted(reached.verified(), reached.bytes()));
            LogEvent.of("backup-adopted")
                    .with("objects", reached.verified())
                    .with("bytes", reached.bytes())
                    .with("since", reached.startedAt())
                    .log(LOGGER, Level.INFO);
            deleteCheckpoint();
        }
        return new AdoptionSummary(verified, replaced, quarantined, bytes, unknown == 0);
    }

    /** The checkpoint in a record; empty if it is not one of this registry. */
    private Optional<Checkpoint> parse(StoredRecord stored) {
        Optional<Checkpoint> checkpoint = MetadataStore.parse(stored.json())
                // A checkpoint of another root directory would skip keys that were not read.
                .filter(json -> json.path("lastKey").asText().startsWith(layout.blobsPrefix())
                        && json.path("verified").canConvertToLong()
                        && json.path("bytes").canConvertToLong())
                .flatMap(json -> MetadataStore.parseTime(json, "startedAt")
                        .map(startedAt -> new Checkpoint(
                                json.path("lastKey").asText(),
                                json.path("verified").asLong(),
                                json.path("bytes").asLong(),
                                startedAt)));
        if (checkpoint.isEmpty()) {
            LogEvent.of("adoption-restarted")
                    .with("record", CHECKPOINT_KEY)
                    .with("reason", "it is not a checkpoint under %s".formatted(layout.blobsPrefix()))
                    .log(LOGGER, Level.WARNING);
        }
        return checkpoint;
    }

    /** Reads the current object to its end, which may be another one than was listed. */
    private BlobReading read(Digest digest, ObjectInfo listed) {
        try {
            Optional<ObjectInfo> current = Optional.of(listed);
            for (int attempt = 1; current.isPresent(); attempt++) {
                try {
                    boolean isIntact =
                            new SourceObject(backup, current.get(), Optional.empty(), rateLimiter).matches(digest);
                    return new BlobReading(
                            digest,
                            current.get(),
                            isIntact ? BlobContent.INTACT : BlobContent.CORRUPT,
                            Optional.empty());
                } catch (ObjectStoreException e) {
                    // An event may have replaced it since it was listed.
                    if (e.error() != StoreError.PRECONDITION_FAILED || attempt == MAX_ATTEMPTS) {
                        throw e;
                    }
                    current = backup.head(listed.key());
                }
            }
            return new BlobReading(digest, listed, BlobContent.MISSING, Optional.empty());
        } catch (ObjectStoreException e) {
            BlobContent content = e.error() == StoreError.NOT_FOUND ? BlobContent.MISSING : BlobContent.UNKNOWN;
            return new BlobReading(digest, listed, content, Optional.of(e));
        } finally {
            context.progress().addDone(1, listed.size());
        }
    }

    /** Replaces the corrupt blobs since the last checkpoint, then writes and returns the next one. */
    private Checkpoint settleBatch(Checkpoint first, Checkpoint last, SingleVersionRecord record) {
        readers.await();
        Checkpoint reached = last;
        for (BlobReading reading : batch.values()) {
            try {
                switch (reading.content()) {
                    case INTACT -> {
                        verified++;
                        bytes += reading.object().size();
                    }
                    case CORRUPT -> replaceOrQuarantine(reading.digest(), reading.object());
                    case MISSING -> {}
                    case UNKNOWN -> throw reading.failure().orElseThrow();
                }
            } catch (ObjectStoreException e) {
                if (e.error() == StoreError.BUCKET_MISSING || unknown >= MAX_UNKNOWN) {
                    throw e;
                }
                unknown++;
                context.report(new Finding(
                        FindingCode.UNDETERMINED,
                        reading.digest().toString(),
                        "The backup's copy was not verified: %s. The next run tries again".formatted(e.getMessage())));
            }
            // The checkpoint stops before the first blob of unknown state, so that the next run reads it again.
            if (unknown == 0) {
                reached = new Checkpoint(
                        reading.object().key(),
                        first.verified() + verified + replaced,
                        first.bytes() + bytes,
                        first.startedAt());
            }
        }
        batch.clear();
        if (!reached.equals(last)) {
            ObjectNode json = JsonNodeFactory.instance
                    .objectNode()
                    .put("lastKey", reached.lastKey())
                    .put("verified", reached.verified())
                    .put("bytes", reached.bytes())
                    .put("startedAt", reached.startedAt().toString());
            record.write(json.toString());
        }
        return reached;
    }

    /** Throws if a store failed, or the blob was written again since the corrupt object was read. */
    private void replaceOrQuarantine(Digest digest, ObjectInfo object) {
        ReplicationResult copy = overwrite(digest);
        if (!copy.isInBackup()) {
            if (!copyToQuarantine(object)) {
                return;
            }
            backup.delete(object.key(), Optional.empty());
            // An event may have copied a valid blob before the deletion; the registry then has it.
            copy = overwrite(digest);
        }
        if (copy.isInBackup()) {
            replaced++;
            // If an event copied the blob at the same time, it is recognized without reading its bytes.
            bytes += copy.status() == ReplicationStatus.COPIED ? copy.bytesCopied() : object.size();
            return;
        }
        quarantined++;
        String moved = "it was moved to " + QUARANTINE_PREFIX + object.key();
        context.report(new Finding(
                FindingCode.BLOB_DIGEST_MISMATCH,
                digest.toString(),
                copy.status() == ReplicationStatus.CORRUPT
                        ? "The blob does not match its digest in the backup or in the registry: "
                                + moved
                                + ". Delete it from the registry, which never overwrites an existing blob, and push the"
                                + " images that need it again"
                        : "The backup's copy does not match its digest, and the registry does not have the blob: "
                                + moved
                                + ". Push the images that need it again"));
    }

    private ReplicationResult overwrite(Digest digest) {
        context.checkFence();
        return WorkerPools.join(blobReplicator.overwrite(digest));
    }

    /** Returns whether the object still existed. */
    private boolean copyToQuarantine(ObjectInfo object) {
        try {
            new ObjectCopier(backup, copied -> Map.of())
                    .copyTo(
                            QUARANTINE_PREFIX + object.key(),
                            new SourceObject(backup, object, Optional.empty(), rateLimiter),
                            Optional.empty());
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /** A failure is only logged, because a marked bucket needs no checkpoint. */
    private void deleteCheckpoint() {
        try (Stream<ObjectVersion> versions = backup.listVersions(CHECKPOINT_KEY)) {
            // All versions: a writer that was killed may have left two.
            records.delete(versions.filter(version -> version.key().equals(CHECKPOINT_KEY))
                    .toList());
        } catch (ObjectStoreException e) {
            LogEvent.of("record-not-deleted")
                    .with("record", CHECKPOINT_KEY)
                    .with("reason", e.getMessage())
                    .with("remedy", "delete it by hand")
                    .log(LOGGER, Level.WARNING);
        }
    }
}
