package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FencedObjectStore;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.VerifiedMarker;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Adopts a backup bucket that something else filled, an rclone CronJob say: reads every blob there once, replaces by the
 * registry's what fails its digest, or sets it aside, and marks the bucket. Goes on where it was interrupted. Events may be
 * handled meanwhile; whatever filled the bucket must have stopped before the first run, since it writes unproved.
 */
public final class Adoption {
    private static final System.Logger LOGGER = System.getLogger(Adoption.class.getName());

    private final ObjectStore backup;
    private final RegistryLayout layout;
    private final BlobReplicator blobReplicator;
    private final VerifiedMarker verifiedMarker;
    private final WorkerPools workerPools;
    private final RateLimiter rateLimiter;
    private final Clock clock;

    /**
     * What one run did.
     *
     * @param verified how many blobs are what their digests say
     * @param replaced how many were not, and are now
     * @param quarantined how many were not, and are in the backup no more
     * @param bytes how many bytes the proved and the replaced ones have
     * @param isComplete whether nothing is left to prove, so that the bucket is marked
     */
    public record AdoptionSummary(long verified, long replaced, long quarantined, long bytes, boolean isComplete) {}

    /**
     * Adopts that bucket.
     *
     * @param blobReplicator brings the registry's blobs into it
     * @param rateLimiter how fast its blobs are read
     */
    public Adoption(
            ObjectStore backup,
            RegistryLayout layout,
            BlobReplicator blobReplicator,
            VerifiedMarker mark,
            WorkerPools workerPools,
            RateLimiter rateLimiter,
            Clock clock) {
        this.backup = backup;
        this.layout = layout;
        this.blobReplicator = blobReplicator;
        this.verifiedMarker = mark;
        this.workerPools = workerPools;
        this.rateLimiter = rateLimiter;
        this.clock = clock;
    }

    /**
     * Proves what is not proved yet; does nothing if the bucket is marked. Goes on where one blob cannot be read: that is a
     * finding, and the bucket is not marked then. Blocks for as long as that takes, and has the lanes read: not to be called
     * in a lane of theirs.
     *
     * @param fence asked with each blob and before writes
     * @param progressTracker is told how far it is, and each finding
     * @param found is told each finding too, by the calling thread
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store is out of order, or the bucket cannot be written
     */
    public AdoptionSummary run(Fence fence, ProgressTracker progressTracker, Consumer<Finding> found) {
        if (verifiedMarker.isSet()) {
            return new AdoptionSummary(0, 0, 0, 0, true);
        }
        fence.check();
        progressTracker.phase("adopting");
        ObjectStore permitted = new FencedObjectStore(backup, fence);
        Consumer<Finding> told = finding -> {
            progressTracker.addFinding(finding);
            found.accept(finding);
        };
        AdoptionRecord record = AdoptionRecord.open(permitted, layout.blobsPrefix(), clock);
        AdoptionWalk walk = new AdoptionWalk(
                new AdoptionVerifier(backup, rateLimiter, progressTracker),
                workerPools,
                new CorruptBlobs(permitted, blobReplicator, rateLimiter, fence, told),
                record,
                told);
        try (Stream<ObjectInfo> listing = backup.list(layout.blobsPrefix())) {
            listing.filter(object -> !record.covers(object.key()))
                    .forEach(object -> submit(object, walk, fence, progressTracker));
        }
        walk.resolve();
        if (walk.result().isComplete()) {
            fence.check();
            finish(record);
        }
        return walk.result();
    }

    private void submit(ObjectInfo object, AdoptionWalk walk, Fence fence, ProgressTracker progressTracker) {
        if (layout.parse(object.key()) instanceof BlobData blob) {
            fence.check();
            progressTracker.addExpected(1, object.size());
            walk.submit(blob.digest(), object);
        }
    }

    private void finish(AdoptionRecord record) {
        AdoptionCheckpoint end = record.checkpoint();
        verifiedMarker.set("every blob was proved: %d objects, %d bytes".formatted(end.verified(), end.bytes()));
        LogEvent.of("backup-adopted")
                .with("objects", end.verified())
                .with("bytes", end.bytes())
                .with("since", end.startedAt())
                .log(LOGGER, Level.INFO);
        record.delete();
    }
}
