package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.CapturePruner;
import dev.registrybackup.inventory.MissingIntervalUpdate;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.ReportReader;
import dev.registrybackup.operation.ReportWriter;
import dev.registrybackup.reconcile.CopyPhase.InBackup;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.replication.pending.PendingStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The phases of one reconciliation, in their order. For one call. */
final class ReconcileRun {
    /** Older uploads of ours belong to nobody: no object takes so long. */
    private static final Duration MAX_UPLOAD_AGE = Duration.ofDays(1);

    private static final Duration FENCE_CHECK_INTERVAL = Duration.ofSeconds(10);

    private final StorePair storePair;
    private final Reconciliation.Tools tools;
    private final ReconcilePolicy reconcilePolicy;
    private final boolean isOpenShift;
    private final Fence fence;
    private final ProgressTracker progressTracker;
    private final ReportWriter reportWriter;
    private final ReconcileStats reconcileStats = new ReconcileStats();
    private final ObjectNode summary = JsonNodeFactory.instance.objectNode();
    private boolean isSuccessful;
    private boolean isComplete;

    ReconcileRun(
            StorePair storePair,
            Reconciliation.Tools tools,
            ReconcilePolicy reconcilePolicy,
            boolean isOpenShift,
            Fence fence,
            ProgressTracker progressTracker,
            ReportWriter reportWriter) {
        this.storePair = storePair;
        this.tools = tools;
        this.reconcilePolicy = reconcilePolicy;
        this.isOpenShift = isOpenShift;
        this.fence = fence;
        this.progressTracker = progressTracker;
        this.reportWriter = reportWriter;
    }

    /** Whether every key was compared, and every other phase came to its end; to be asked once it has run. */
    boolean isSuccessful() {
        return isSuccessful;
    }

    /** Whether it was successful and nothing is left; to be asked once it has run. */
    boolean isComplete() {
        return isComplete;
    }

    /** Does it, and says in figures what it came to. */
    ObjectNode run(Comparer comparer, Path scratch, Instant begun) {
        // What needs a blob was pushed after it: so the blobs may be newer than the snapshot, and never older.
        boolean isCaptured = new SnapshotPhase(storePair, tools, reconcilePolicy, progressTracker, this::addFinding)
                .run(scratch, summary);
        LastRun.RunRecord last = new LastRun(storePair.backup()).read();
        ReplicationTools replicationTools = tools.replicationToolsFactory().apply(storePair, tools.rateLimiter());
        // What was there before the first run that compared everything is its first fill, and no miss of the events'.
        boolean isFilled = last.lastSuccessStartedAt().isPresent() || hasComparedAll(last.summary());
        CopyPhase copyPhase = new CopyPhase(
                storePair,
                replicationTools,
                tools.workerPools(),
                fence,
                progressTracker,
                reconcileStats,
                isFilled ? Optional.of(begun.minus(reconcilePolicy.eventLagThreshold())) : Optional.empty());
        boolean isAdopted = copyPending(replicationTools, copyPhase);
        boolean isRepaired = repair(replicationTools, copyPhase, last);
        DiffPhase diffPhase =
                new DiffPhase(storePair, comparer, copyPhase, reconcileStats, progressTracker, this::addFinding);
        boolean isDoubtful = compare(diffPhase, scratch, begun, last.summary());
        judgeWaiting(replicationTools, copyPhase);
        boolean isRemoved = prune(replicationTools, scratch, isDoubtful, begun);
        progressTracker.phase("looking after records, uploads and the catalog");
        Optional<Long> settled = diffPhase.remainingKeys().map(new ResolvedRejections(storePair, fence)::delete);
        summary.put("rejectionsResolved", settled.orElse(0L));
        abortUploads(begun.minus(MAX_UPLOAD_AGE));
        new CatalogPhase(storePair, tools, isOpenShift, fence, progressTracker, this::addFinding)
                .refresh(diffPhase, reconcileStats, isFilled);
        boolean isArchived = new ArchivePhase(storePair, tools, fence, progressTracker, this::addFinding)
                .update(diffPhase.failedShards().isEmpty(), scratch, begun, summary);
        isSuccessful = isCaptured
                && isAdopted
                && isRemoved
                && isArchived
                && diffPhase.failedShards().isEmpty();
        isComplete = isSuccessful && isRepaired && reconcileStats.total(Count.REMAINING) == 0;
        return summarize(diffPhase, comparer);
    }

    /** Copies what is pending, and adopts a bucket that something else filled; says whether every blob there is verified. */
    private boolean copyPending(ReplicationTools replicationTools, CopyPhase copyPhase) {
        progressTracker.phase("settling what is owed");
        PendingStore shelf = new PendingStore(storePair.backup(), "reconcile", tools.clock());
        summary.put("pendingResolved", new PendingPhase(shelf, copyPhase).run());
        return adopt(replicationTools);
    }

    /** Replaces what verifications found corrupt since a run left nothing; says whether nothing of it is left. */
    private boolean repair(ReplicationTools replicationTools, CopyPhase copyPhase, LastRun.RunRecord last) {
        progressTracker.phase("replacing what was found damaged");
        RepairPhase repairPhase = new RepairPhase(
                new ReportReader(storePair.backup()),
                storePair,
                replicationTools,
                copyPhase,
                tools.rateLimiter(),
                fence,
                this::addFinding);
        summary.put("corruptReplaced", repairPhase.repairSince(last.lastCompleteStartedAt()));
        return repairPhase.remaining() == 0;
    }

    /** Has every link that is on record as waiting looked at again, so that none stays there that waits no more. */
    private void judgeWaiting(ReplicationTools replicationTools, CopyPhase copyPhase) {
        progressTracker.phase("looking at what waits");
        replicationTools.blockedLinks().forEach(links -> {
            links.forEach(link -> copyPhase.copy(link, InBackup.UNKNOWN, keyResult -> {}));
            copyPhase.await();
        });
    }

    /** Not every store lists uploads; those of ours that are left behind cost room and nothing else. */
    private void abortUploads(Instant startedBefore) {
        try {
            summary.put("uploadsAborted", storePair.backup().abortMultipartUploads("", startedBefore));
        } catch (ObjectStoreException e) {
            addFinding(new Finding(
                    FindingCode.UNDETERMINED,
                    storePair.backup().bucket(),
                    "Uploads that were left under way were not given up: " + e.getMessage()));
        }
    }

    private void addFinding(Finding finding) {
        progressTracker.addFinding(finding);
        reportWriter.accept(finding);
    }

    private Alarms alarms() {
        return new Alarms(storePair.backup(), tools.clock());
    }

    private boolean adopt(ReplicationTools replicationTools) {
        Adoption.AdoptionSummary adopted = new Adoption(
                        new RegistryStore(storePair.backup(), storePair.layout()),
                        replicationTools.blobReplicator(),
                        replicationTools.verifiedMarker(),
                        tools.workerPools(),
                        tools.rateLimiter(),
                        tools.clock(),
                        new OperationContext(fence, progressTracker, reportWriter))
                .run();
        summary.putObject("adoption")
                .put("verified", adopted.verified())
                .put("replaced", adopted.replaced())
                .put("quarantined", adopted.quarantined())
                .put("bytes", adopted.bytes());
        return adopted.isComplete();
    }

    /** Says whether removals are out of the question. */
    private boolean compare(DiffPhase diffPhase, Path scratch, Instant begun, ObjectNode last) {
        try (MissingIntervalUpdate absences = new MissingIntervals(storePair.backup()).update(scratch, begun)) {
            diffPhase.run(reconcilePolicy.shardSize(), new ShardSizes(storePair.backup()), absences);
            fence.check();
            // First, since what is on record as absent is no news to the next run, should this one die in between.
            boolean isDoubtful = new MassDeletionGuard(reconcilePolicy, reconcileStats, alarms())
                    .check(diffPhase.failedShards(), !last.isEmpty());
            absences.commit();
            return isDoubtful;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to keep lists in %s: %s. Set reconcile.scratch to a directory with room"
                            .formatted(scratch, e.getMessage()),
                    e);
        }
    }

    private static boolean hasComparedAll(ObjectNode last) {
        return last.has("classes") && last.path("failedShards").isEmpty();
    }

    /** Says whether nothing is left of that to do. */
    private boolean prune(ReplicationTools replicationTools, Path scratch, boolean isDoubtful, Instant begun) {
        boolean isDone = true;
        ReachableSet reachableSet = new ReachableSet(storePair, tools.workerPools());
        PruneRecord removing = new PruneRecord(storePair.backup(), tools.clock());
        if (reconcilePolicy.isMirror() && !isDoubtful && alarms().openAlarms().isEmpty()) {
            progressTracker.phase("removing what the registry has lacked for long");
            Instant before = begun.minus(reconcilePolicy.retention());
            CapturedImages captured = new CapturedImages(storePair.backup(), scratch, before);
            isDone = new LinkPruner(
                            storePair,
                            replicationTools,
                            new RepositoryReachableSet(storePair, reachableSet),
                            captured,
                            new BlobSweeper(storePair, reachableSet, captured, removing),
                            fence,
                            reconcileStats,
                            this::addFinding,
                            scratch,
                            before)
                    .run();
            isDone &= prune(scratch, before);
        }
        PruneRaceRepair after = new PruneRaceRepair(storePair, replicationTools, reachableSet, fence, this::addFinding);
        removing.startedAt().ifPresent(since -> repairPruneRaces(after, removing, since));
        return isDone && after.isConclusive();
    }

    private boolean prune(Path scratch, Instant before) {
        progressTracker.phase("removing captures that are older than the retention");
        try {
            CapturePruner.Pruned pruned = new CapturePruner(storePair.backup(), scratch, tools.clock()).prune(before);
            summary.putObject("capturesPruned")
                    .put("snapshots", pruned.snapshots())
                    .put("changes", pruned.changes())
                    .put("bodies", pruned.bodies())
                    .put("reinstated", pruned.broughtBack());
            return true;
        } catch (ObjectStoreException e) {
            addFinding(new Finding(
                    FindingCode.UNDETERMINED,
                    storePair.backup().bucket(),
                    "Captures older than the retention were not removed, or not all of them: " + e.getMessage()));
            // What is refused is refused to the next run too.
            return e.error() == StoreError.BAD_REQUEST;
        }
    }

    private void repairPruneRaces(PruneRaceRepair pruneRaceRepair, PruneRecord removing, Instant since) {
        progressTracker.phase("checking links written while blobs were removed");
        sleep(reconcilePolicy.durableKeyTtl());
        summary.put("reinstated", pruneRaceRepair.repairSince(since));
        if (pruneRaceRepair.isConclusive()) {
            removing.finish();
        }
    }

    /** Waits, and learns meanwhile if it may not go on. */
    private void sleep(Duration duration) {
        for (Duration left = duration; left.compareTo(Duration.ZERO) > 0; left = left.minus(FENCE_CHECK_INTERVAL)) {
            fence.check();
            CompletableFuture<Boolean> over = new CompletableFuture<>();
            tools.workerPools()
                    .schedule(
                            left.compareTo(FENCE_CHECK_INTERVAL) < 0 ? left : FENCE_CHECK_INTERVAL,
                            () -> over.complete(true));
            over.join();
        }
    }

    private ObjectNode summarize(DiffPhase diffPhase, Comparer comparer) {
        summary.put("deletionPolicy", reconcilePolicy.isMirror() ? "mirror" : "keep");
        summary.set("classes", reconcileStats.json());
        for (Count count : Count.values()) {
            summary.put(count.label(), reconcileStats.total(count));
        }
        summary.put("shards", diffPhase.shardCount());
        ArrayNode failed = summary.putArray("failedShards");
        diffPhase.failedShards().forEach(failed::add);
        ObjectNode rclone = summary.putObject("rclone");
        rclone.put("version", comparer.version()).put("keys", diffPhase.comparedKeys());
        ArrayNode commands = rclone.putArray("commands");
        diffPhase.commands().forEach(commands::add);
        return summary;
    }
}
