package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.MissingIntervalUpdate;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.Report;
import dev.registrybackup.operation.Reports;
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
    private static final Duration UPLOAD = Duration.ofDays(1);

    private static final Duration LOOK = Duration.ofSeconds(10);

    private final StorePair storePair;
    private final Reconciliation.Tools tools;
    private final Policy policy;
    private final boolean isOpenShift;
    private final Fence fence;
    private final ProgressTracker progressTracker;
    private final Report report;
    private final ReconcileStats reconcileStats = new ReconcileStats();
    private final ObjectNode summary = JsonNodeFactory.instance.objectNode();
    private boolean isComplete;

    ReconcileRun(
            StorePair storePair,
            Reconciliation.Tools tools,
            Policy policy,
            boolean isOpenShift,
            Fence fence,
            ProgressTracker progressTracker,
            Report report) {
        this.storePair = storePair;
        this.tools = tools;
        this.policy = policy;
        this.isOpenShift = isOpenShift;
        this.fence = fence;
        this.progressTracker = progressTracker;
        this.report = report;
    }

    /** Whether nothing is left; to be asked once it has run. */
    boolean isComplete() {
        return isComplete;
    }

    /** Does it, and says in figures what it came to. */
    ObjectNode run(Comparer comparer, Path scratch, Instant begun) {
        // What needs a blob was pushed after it: so the blobs may be newer than the snapshot, and never older.
        boolean isCaptured =
                new SnapshotPhase(storePair, tools, policy, progressTracker, this::found).take(scratch, summary);
        LastRun.Said last = new LastRun(storePair.backup()).read();
        ReplicationTools replicationTools = tools.copying().apply(storePair, tools.rateLimiter());
        // What was there before the first run that compared everything is its first fill, and no miss of the events'.
        boolean isFilled = last.successBegun().isPresent() || hasComparedAll(last.summary());
        CopyPhase copyPhase = new CopyPhase(
                storePair,
                replicationTools,
                tools.workerPools(),
                fence,
                progressTracker,
                reconcileStats,
                isFilled ? Optional.of(begun.minus(policy.missedAfter())) : Optional.empty());
        boolean isMended = mend(replicationTools, copyPhase, last);
        DiffPhase diffPhase =
                new DiffPhase(storePair, comparer, copyPhase, reconcileStats, progressTracker, this::found);
        boolean isDoubtful = compare(diffPhase, scratch, begun, last.summary());
        judgeWaiting(replicationTools, copyPhase);
        boolean isRemoved = remove(replicationTools, scratch, isDoubtful, begun);
        progressTracker.phase("looking after records, uploads and the catalog");
        Optional<Long> settled = diffPhase.left().map(new ResolvedRejections(storePair, fence)::remove);
        summary.put("rejectionsSettled", settled.orElse(0L));
        abortUploads(begun.minus(UPLOAD));
        new CatalogPhase(storePair, tools, isOpenShift, fence, progressTracker, this::found)
                .refresh(diffPhase, reconcileStats, isFilled);
        boolean isArchived = new ArchivePhase(storePair, tools, fence, progressTracker, this::found)
                .update(diffPhase.failed().isEmpty(), scratch, begun, summary);
        isComplete = isCaptured
                && isMended
                && isRemoved
                && isArchived
                && diffPhase.failed().isEmpty()
                && reconcileStats.total(Count.LEFT) == 0;
        return tell(diffPhase, comparer);
    }

    /** Does what is known without a comparison; says whether all of that is done. */
    private boolean mend(ReplicationTools replicationTools, CopyPhase copyPhase, LastRun.Said last) {
        progressTracker.phase("settling what is owed");
        PendingStore shelf = new PendingStore(storePair.backup(), "reconcile", tools.clock());
        summary.put("owedSettled", new PendingPhase(shelf, copyPhase).run());
        boolean isAdopted = adopt(replicationTools);
        progressTracker.phase("replacing what was found damaged");
        RepairPhase repairPhase = new RepairPhase(
                new Reports(storePair.backup()),
                storePair,
                replicationTools,
                copyPhase,
                tools.rateLimiter(),
                fence,
                this::found);
        summary.put("damagedReplaced", repairPhase.replaceSince(last.successBegun()));
        return isAdopted && repairPhase.left() == 0;
    }

    /** Has every link that is on record as waiting looked at again, so that none stays there that waits no more. */
    private void judgeWaiting(ReplicationTools replicationTools, CopyPhase copyPhase) {
        progressTracker.phase("looking at what waits");
        replicationTools.blockedLinks().forEach(links -> {
            links.forEach(link -> copyPhase.bring(link, false, keyResult -> {}));
            copyPhase.await();
        });
    }

    /** Not every store lists uploads; those of ours that are left behind cost room and nothing else. */
    private void abortUploads(Instant startedBefore) {
        try {
            summary.put("uploadsAborted", storePair.backup().abortUploads("", startedBefore));
        } catch (ObjectStoreException e) {
            found(new Finding(
                    FindingCode.COULD_NOT_TELL,
                    storePair.backup().bucket(),
                    "Uploads that were left under way were not given up: " + e.getMessage()));
        }
    }

    private void found(Finding finding) {
        progressTracker.found(finding);
        report.accept(finding);
    }

    private Alarms alarms() {
        return new Alarms(storePair.backup(), tools.clock());
    }

    private boolean adopt(ReplicationTools replicationTools) {
        progressTracker.phase("proving what is there");
        // It tells the meter itself.
        Adoption.Result adopted = new Adoption(
                        storePair.backup(),
                        storePair.layout(),
                        replicationTools.blobReplicator(),
                        replicationTools.adopted(),
                        tools.workerPools(),
                        tools.rateLimiter(),
                        tools.clock())
                .run(fence, progressTracker, report);
        summary.putObject("adoption")
                .put("proved", adopted.proved())
                .put("replaced", adopted.replaced())
                .put("setAside", adopted.setAside())
                .put("bytes", adopted.bytes());
        return adopted.isComplete();
    }

    /** Says whether removals are out of the question. */
    private boolean compare(DiffPhase diffPhase, Path scratch, Instant begun, ObjectNode last) {
        try (MissingIntervalUpdate absences = new MissingIntervals(storePair.backup()).update(scratch, begun)) {
            diffPhase.run(policy.partKeys(), new ShardSizes(storePair.backup()), absences);
            fence.require();
            // First, since what is on record as absent is no news to the next run, should this one die in between.
            boolean isDoubtful =
                    new MassDeletionGuard(policy, reconcileStats, alarms()).look(diffPhase.failed(), !last.isEmpty());
            absences.finish();
            return isDoubtful;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to keep lists in %s: %s. Set reconcile.scratch to a directory with room"
                            .formatted(scratch, e.getMessage()),
                    e);
        }
    }

    private static boolean hasComparedAll(ObjectNode last) {
        return last.has("classes") && last.path("failedParts").isEmpty();
    }

    /** Says whether nothing is left of that to do. */
    private boolean remove(ReplicationTools replicationTools, Path scratch, boolean isDoubtful, Instant begun) {
        boolean isDone = true;
        ReachableSet reachableSet = new ReachableSet(storePair, tools.workerPools());
        PruneRecord removing = new PruneRecord(storePair.backup(), tools.clock());
        if (policy.mirrors() && !isDoubtful && alarms().open().isEmpty()) {
            progressTracker.phase("removing what the registry has lacked for long");
            Instant before = begun.minus(policy.retention());
            CapturedImages captured = new CapturedImages(storePair.backup(), scratch, before);
            isDone = new LinkPruner(
                            storePair,
                            new RepositoryReachableSet(storePair, reachableSet),
                            captured,
                            new BlobSweeper(storePair, reachableSet, captured, removing),
                            fence,
                            reconcileStats,
                            this::found,
                            scratch,
                            before)
                    .run();
        }
        PruneRaceRepair after = new PruneRaceRepair(storePair, replicationTools, reachableSet, fence, this::found);
        removing.since().ifPresent(since -> checkRemoved(after, removing, since));
        return isDone && after.isTold();
    }

    private void checkRemoved(PruneRaceRepair pruneRaceRepair, PruneRecord removing, Instant since) {
        progressTracker.phase("checking links written while blobs were removed");
        wait(policy.memory());
        summary.put("broughtBack", pruneRaceRepair.check(since));
        if (pruneRaceRepair.isTold()) {
            removing.end();
        }
    }

    /** Waits, and learns meanwhile if it may not go on. */
    private void wait(Duration duration) {
        for (Duration left = duration; left.compareTo(Duration.ZERO) > 0; left = left.minus(LOOK)) {
            fence.require();
            CompletableFuture<Boolean> over = new CompletableFuture<>();
            tools.workerPools().after(left.compareTo(LOOK) < 0 ? left : LOOK, () -> over.complete(true));
            over.join();
        }
    }

    private ObjectNode tell(DiffPhase diffPhase, Comparer comparer) {
        summary.put("deletes", policy.mirrors() ? "mirror" : "keep");
        summary.set("classes", reconcileStats.json());
        for (Count count : Count.values()) {
            summary.put(count.label(), reconcileStats.total(count));
        }
        summary.put("parts", diffPhase.parts());
        ArrayNode failed = summary.putArray("failedParts");
        diffPhase.failed().forEach(failed::add);
        ObjectNode rclone = summary.putObject("rclone");
        rclone.put("version", comparer.version()).put("keys", diffPhase.keys());
        ArrayNode commands = rclone.putArray("commands");
        diffPhase.commands().forEach(commands::add);
        return summary;
    }
}
