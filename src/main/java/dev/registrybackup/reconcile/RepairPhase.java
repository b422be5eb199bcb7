package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ReportReader;
import dev.registrybackup.reconcile.CopyPhase.InBackup;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.SourceObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/** Repairs the findings of verifications of the backup since the last run. For one thread. */
final class RepairPhase {
    private static final int MAX_REPORTS = 100;

    private final ReportReader reportReader;
    private final StorePair storePair;
    private final Replicator replicator;
    private final CopyPhase copyPhase;
    private final RateLimiter rateLimiter;
    private final OperationContext context;
    private long replaced;
    private long remaining;

    /**
     * Repairs from the registry.
     *
     * @param rateLimiter the limit for reading blobs, which are verified again before they are replaced
     */
    RepairPhase(
            StorePair storePair,
            Replicator replicator,
            CopyPhase copyPhase,
            RateLimiter rateLimiter,
            OperationContext context) {
        this.reportReader = new ReportReader(storePair.backup());
        this.storePair = storePair;
        this.replicator = replicator;
        this.copyPhase = copyPhase;
        this.rateLimiter = rateLimiter;
        this.context = context;
    }

    /** Repairs the blobs in reports since then, and returns how many corrupt blobs were replaced. */
    long repairSince(Optional<Instant> lastRun) {
        for (String id : reportReader.newestIds(MAX_REPORTS)) {
            if (reportReader
                    .readSummary(id)
                    .filter(summary -> summary.path("store").asText().equals("backup"))
                    .filter(summary -> isSince(summary.path("finishedAt").asText(), lastRun))
                    .isPresent()) {
                reportReader.forEachFinding(id, this::repair);
            }
        }
        copyPhase.await();
        return replaced;
    }

    /** How many corrupt blobs could not be replaced. */
    long remaining() {
        return remaining;
    }

    /** A report without a time counts as recent, because an intact blob is not replaced anyway. */
    private static boolean isSince(String ended, Optional<Instant> lastRun) {
        try {
            return lastRun.isEmpty() || Instant.parse(ended).isAfter(lastRun.get());
        } catch (DateTimeException e) {
            return true;
        }
    }

    private void repair(Finding wrong) {
        switch (wrong.code()) {
            case BLOB_DIGEST_MISMATCH -> wrong.blob().ifPresent(this::replace);
            case BLOB_TRUNCATED, BLOB_MISSING ->
                wrong.blob().map(storePair.layout()::blobKey).ifPresent(this::copy);
            case LINK_EMPTY, LINK_MALFORMED, LINK_DANGLING, LAYER_LINK_MISSING -> copy(wrong.subject());
            default -> {}
        }
    }

    private void copy(String key) {
        copyPhase.copy(key, InBackup.UNKNOWN, keyResult -> {});
    }

    private void replace(Digest digest) {
        context.checkFence();
        try {
            if (!isCorrupt(digest)) {
                return;
            }
            ReplicationResult copy =
                    replicator.blobReplicator().overwrite(digest).join();
            if (copy.isInBackup()) {
                replaced++;
            } else {
                remaining++;
                context.report(new Finding(
                        FindingCode.BLOB_DIGEST_MISMATCH,
                        digest.toString(),
                        "The backup's blob is corrupt, and the registry has no valid one: push the image again. "
                                + copy.problem()));
            }
        } catch (CompletionException | ObjectStoreException e) {
            remaining++;
            context.report(new Finding(
                    FindingCode.UNDETERMINED,
                    digest.toString(),
                    "Failed to replace the corrupt blob in the backup: "
                            + WorkerPools.unwrap(e).getMessage()));
        }
    }

    /** A blob may have been replaced or deleted since the finding; the comparison handles a missing one. */
    private boolean isCorrupt(Digest digest) {
        return storePair
                .backup()
                .head(storePair.layout().blobKey(digest))
                .filter(copy ->
                        !new SourceObject(storePair.backup(), copy, Optional.empty(), rateLimiter).matches(digest))
                .isPresent();
    }
}
