package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.Reports;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.BlobResult;
import dev.registrybackup.replication.SourceObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** Replaces what verifications since the last run found wrong in the backup. For one thread. */
final class RepairPhase {
    private static final int MOST_REPORTS = 100;

    private final Reports reports;
    private final StorePair storePair;
    private final ReplicationTools replicationTools;
    private final CopyPhase copyPhase;
    private final RateLimiter rateLimiter;
    private final Fence fence;
    private final Consumer<Finding> found;
    private long replaced;
    private long left;

    /**
     * Replaces what the reports say.
     *
     * @param rateLimiter how fast blobs are read that are looked at again before they are replaced
     */
    RepairPhase(
            Reports reports,
            StorePair storePair,
            ReplicationTools replicationTools,
            CopyPhase copyPhase,
            RateLimiter rateLimiter,
            Fence fence,
            Consumer<Finding> found) {
        this.reports = reports;
        this.storePair = storePair;
        this.replicationTools = replicationTools;
        this.copyPhase = copyPhase;
        this.rateLimiter = rateLimiter;
        this.fence = fence;
        this.found = found;
    }

    /** Does it, and tells how many blobs were replaced. */
    long replaceSince(Optional<Instant> lastRun) {
        for (String id : reports.ids(MOST_REPORTS)) {
            if (reports.summary(id)
                    .filter(summary -> summary.path("store").asText().equals("backup"))
                    .filter(summary -> isSince(summary.path("ended").asText(), lastRun))
                    .isPresent()) {
                reports.findings(id, this::mend);
            }
        }
        copyPhase.await();
        return replaced;
    }

    /** How many could not be replaced. */
    long left() {
        return left;
    }

    /** One that does not say when is read too: nothing is replaced that is good by now. */
    private static boolean isSince(String ended, Optional<Instant> lastRun) {
        try {
            return lastRun.isEmpty() || Instant.parse(ended).isAfter(lastRun.get());
        } catch (DateTimeException e) {
            return true;
        }
    }

    private void mend(Finding wrong) {
        switch (wrong.code()) {
            case BLOB_DIGEST_MISMATCH -> digest(wrong).ifPresent(this::replace);
            case BLOB_TRUNCATED, BLOB_MISSING ->
                digest(wrong).map(storePair.layout()::blobKey).ifPresent(this::bring);
            case LINK_EMPTY, LINK_MALFORMED, LINK_DANGLING, LAYER_LINK_MISSING -> bring(wrong.subject());
            default -> {}
        }
    }

    /** Empty if it is an image that is wrong and not a blob. */
    private static Optional<Digest> digest(Finding wrong) {
        try {
            return Optional.of(Digest.parse(wrong.subject()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void bring(String key) {
        copyPhase.bring(key, false, keyResult -> {});
    }

    private void replace(Digest digest) {
        fence.require();
        try {
            if (!isDamaged(digest)) {
                return;
            }
            BlobResult copy = replicationTools.blobReplicator().replace(digest).join();
            if (copy.inBackup()) {
                replaced++;
            } else {
                left++;
                found.accept(new Finding(
                        FindingCode.BLOB_DIGEST_MISMATCH,
                        digest.toString(),
                        "The backup's is damaged, and the registry has no good one: push the image again. "
                                + copy.problem()));
            }
        } catch (CompletionException | ObjectStoreException e) {
            left++;
            found.accept(new Finding(
                    FindingCode.COULD_NOT_TELL,
                    digest.toString(),
                    "Failed to replace the damaged blob in the backup: "
                            + WorkerPools.cause(e).getMessage()));
        }
    }

    /** It may have been replaced or removed since it was found. What is not there, the comparison deals with. */
    private boolean isDamaged(Digest digest) {
        return storePair
                .backup()
                .find(storePair.layout().blobKey(digest))
                .filter(copy ->
                        !new SourceObject(storePair.backup(), copy, Optional.empty(), rateLimiter).proves(digest))
                .isPresent();
    }
}
