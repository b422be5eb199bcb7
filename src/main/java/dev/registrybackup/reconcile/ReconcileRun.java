package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.imagestream.CapturePruner;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.inventory.MissingIntervalUpdate;
import dev.registrybackup.inventory.MissingIntervalUpdate.Added;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.reconcile.CopyPhase.InBackup;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.pending.PendingBatch;
import dev.registrybackup.replication.pending.PendingStore;
import dev.registrybackup.replication.pending.RejectionStore;
import dev.registrybackup.verify.Depth;
import dev.registrybackup.verify.Verifier;
import dev.registrybackup.verify.VerifyRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * The phases of one reconciliation: {@link #prepare}, {@link #compare} and {@link #finish}, which {@link #run} runs one
 * after the other. For one use.
 */
final class ReconcileRun {
    /** The age from which an upload counts as abandoned. */
    private static final Duration MAX_UPLOAD_AGE = Duration.ofDays(1);

    private static final Duration FENCE_CHECK_INTERVAL = Duration.ofSeconds(10);
    private static final int MAX_ASKED_MISSING = 1_000;

    private final StorePair storePair;
    private final RegistryStore backup;
    private final Reconciliation.Tools tools;
    private final ReconcilePolicy reconcilePolicy;
    private final boolean isOpenShift;
    private final Comparer comparer;
    private final Replicator replicator;
    private final OperationContext context;
    private final Path scratch;
    private final Alarms alarms;
    private final ReconcileStats reconcileStats = new ReconcileStats();
    private final DiffResult diffResult = new DiffResult();
    private final ObjectNode summary = JsonNodeFactory.instance.objectNode();
    private int askedMissing;

    /**
     * What happens before the comparison, and all shares of a divided reconciliation have in common.
     *
     * @param startedAt when the run began, UTC
     * @param isFilled whether one run has compared everything. Until then this is a first fill, in which no event counts as
     *     missed
     * @param hasRunBefore whether there was a run before, complete or not
     * @param isSuccessful whether ImageStreams were captured and foreign blobs verified
     * @param isRepaired whether no corrupt blob of the backup remains
     * @param groups all shards, in the order of their keys; those of a group are compared at once
     */
    record Preparation(
            Instant startedAt,
            boolean isFilled,
            boolean hasRunBefore,
            boolean isSuccessful,
            boolean isRepaired,
            List<List<Shard>> groups) {}

    /** Passes on the results of all shards of the plan, in its order. */
    @FunctionalInterface
    interface ShardSource {
        void forEach(DiffPhase.ShardConsumer each);
    }

    /**
     * The result of a run.
     *
     * @param startedAt when it began, UTC
     * @param summary its figures
     * @param isSuccessful whether every key was compared and every other phase finished
     * @param isComplete whether it was successful and nothing remains
     */
    record RunResult(Instant startedAt, ObjectNode summary, boolean isSuccessful, boolean isComplete) {}

    /**
     * Prepares a run over these stores.
     *
     * @param scratch a directory for lists
     */
    ReconcileRun(
            StorePair storePair,
            Reconciliation.Tools tools,
            ReconcilePolicy reconcilePolicy,
            boolean isOpenShift,
            Comparer comparer,
            Replicator replicator,
            OperationContext context,
            Path scratch) {
        this.storePair = storePair;
        this.backup = new RegistryStore(storePair.backup(), storePair.layout());
        this.tools = tools;
        this.reconcilePolicy = reconcilePolicy;
        this.isOpenShift = isOpenShift;
        this.comparer = comparer;
        this.replicator = replicator;
        this.context = context;
        this.scratch = scratch;
        this.alarms = new Alarms(storePair.backup(), tools.clock());
    }

    /**
     * Runs all phases.
     *
     * @param startedAt now, UTC
     */
    RunResult run(Instant startedAt) {
        Preparation preparation = prepare(startedAt, 1);
        return finish(preparation, each -> compare(preparation, preparation.groups(), each));
    }

    /**
     * Captures ImageStreams, copies what is pending or was found corrupt, and plans the comparison.
     *
     * @param startedAt now, UTC
     * @param processes how many processes share the comparison
     */
    Preparation prepare(Instant startedAt, int processes) {
        // A manifest is pushed after its blobs. So the snapshot comes first: blobs may be newer than it, never older.
        boolean isCaptured =
                new SnapshotPhase(backup.store(), tools, reconcilePolicy, alarms, context).run(scratch, summary);
        LastRun.LastRunRecord last = new LastRun(backup.store()).read();
        boolean isFilled = last.lastSuccessStartedAt().isPresent() || hasComparedAll(last.summary());
        CopyPhase copyPhase = copyPhase(startedAt, isFilled);
        copyPending(copyPhase);
        boolean isAdopted = adopt();
        context.phase("replacing corrupt blobs");
        RepairPhase repairPhase = new RepairPhase(storePair, replicator, copyPhase, tools.rateLimiter(), context);
        summary.put("corruptReplaced", repairPhase.repairSince(last.lastCompleteStartedAt()));
        context.phase("planning the comparison");
        List<List<Shard>> groups = new ShardPlanner(storePair, comparer).plan(processes);
        return new Preparation(
                startedAt,
                isFilled,
                !last.summary().isEmpty(),
                isCaptured && isAdopted,
                repairPhase.remaining() == 0,
                groups);
    }

    /**
     * Compares these shards and copies what differs.
     *
     * @param groups some of the plan, in its order
     * @return whether both stores can be reached; otherwise not all were compared
     */
    boolean compare(Preparation preparation, List<List<Shard>> groups, DiffPhase.ShardConsumer each) {
        CopyPhase copyPhase = copyPhase(preparation.startedAt(), preparation.isFilled());
        return new DiffPhase(
                        storePair,
                        comparer,
                        copyPhase,
                        reconcileStats,
                        diffResult,
                        tools.workerPools(),
                        context,
                        scratch)
                .run(groups, each);
    }

    /** Records what the comparison of all shards has shown, prunes, and writes the catalog and the archive. */
    RunResult finish(Preparation preparation, ShardSource shards) {
        Instant startedAt = preparation.startedAt();
        boolean mayPrune = recordShards(preparation, shards);
        retryBlockedLinks(copyPhase(startedAt, preparation.isFilled()));
        boolean isPruned = prune(startedAt, mayPrune);
        context.phase("deleting resolved records and writing the catalog");
        summary.put(
                "rejectionsResolved",
                diffResult.remainingKeys().map(this::deleteResolvedRejections).orElse(0L));
        abortUploads(startedAt);
        refreshCatalog(preparation.isFilled());
        boolean isArchived = archive(startedAt);
        summarize(preparation);
        boolean isSuccessful = preparation.isSuccessful()
                && isPruned
                && isArchived
                && diffResult.failedShards().isEmpty();
        boolean isComplete = isSuccessful && preparation.isRepaired() && reconcileStats.total(Count.REMAINING) == 0;
        return new RunResult(startedAt, summary, isSuccessful, isComplete);
    }

    /** The counts, by kind, of this process's phases and of those that were added. */
    ReconcileStats reconcileStats() {
        return reconcileStats;
    }

    /** What this process's comparisons have shown, and those that were added. */
    DiffResult diffResult() {
        return diffResult;
    }

    /** The figures so far. */
    ObjectNode summary() {
        return summary;
    }

    private CopyPhase copyPhase(Instant startedAt, boolean isFilled) {
        return new CopyPhase(
                storePair,
                replicator,
                tools.workerPools(),
                context,
                reconcileStats,
                isFilled ? Optional.of(startedAt.minus(reconcilePolicy.eventLagThreshold())) : Optional.empty());
    }

    private static boolean hasComparedAll(ObjectNode last) {
        return last.has("classes") && last.path("failedShards").isEmpty();
    }

    /**
     * Copies pending keys and deletes their records. A record written meanwhile is left to the process that wrote it.
     */
    private void copyPending(CopyPhase copyPhase) {
        context.phase("copying pending keys");
        PendingStore pendingStore = new PendingStore(backup.store(), "reconcile", tools.clock());
        long resolved = 0;
        try (Stream<ObjectInfo> listing = pendingStore.list()) {
            Stream<PendingBatch> batches = listing.map(ObjectInfo::key)
                    .filter(name -> !PendingStore.isHeartbeat(name))
                    .flatMap(name -> pendingStore.read(name).stream());
            for (PendingBatch batch : (Iterable<PendingBatch>) batches::iterator) {
                if (copyAll(batch, copyPhase)) {
                    pendingStore.delete(batch);
                    resolved += batch.keys().size();
                }
            }
        }
        summary.put("pendingResolved", resolved);
    }

    /** Copies the keys of one record; returns whether none remains. */
    private static boolean copyAll(PendingBatch batch, CopyPhase copyPhase) {
        AtomicBoolean isResolved = new AtomicBoolean(true);
        batch.keys()
                .forEach(pending -> copyPhase.copy(pending.key(), InBackup.UNKNOWN, keyResult -> {
                    if (keyResult.state() == KeyResult.State.REMAINING) {
                        isResolved.set(false);
                    }
                }));
        copyPhase.await();
        return isResolved.get();
    }

    /** Adopts a bucket that something else filled; returns whether every blob in it is verified. */
    private boolean adopt() {
        Adoption.AdoptionSummary adopted = new Adoption(
                        backup,
                        replicator.blobReplicator(),
                        replicator.verifiedMarker(),
                        tools.workerPools(),
                        tools.rateLimiter(),
                        tools.clock(),
                        context)
                .run();
        summary.putObject("adoption")
                .put("verified", adopted.verified())
                .put("replaced", adopted.replaced())
                .put("quarantined", adopted.quarantined())
                .put("bytes", adopted.bytes());
        return adopted.isComplete();
    }

    /** Records the keys that are missing from the registry, and raises alarms; returns whether this run may prune. */
    private boolean recordShards(Preparation preparation, ShardSource shards) {
        try (MissingIntervalUpdate missing =
                new MissingIntervals(backup.store()).update(scratch, preparation.startedAt())) {
            shards.forEach((shard, isReliable, missingInRegistry) ->
                    recordMissing(shard, isReliable, missingInRegistry, missing));
            if (diffResult.failedShards().isEmpty()) {
                missing.endIntervalsBefore(endOfPrefix(backup.layout().repositoriesPrefix()));
            }
            context.checkFence();
            // Alarms first: once a key is on record as missing, a later run does not count it as newly missing.
            boolean isPlausible = raiseAlarms(diffResult.failedShards(), preparation.hasRunBefore());
            missing.commit();
            return isPlausible;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to write lists in %s: %s. Set reconcile.scratch to a writable directory with enough space"
                            .formatted(scratch, e.getMessage()),
                    e);
        }
    }

    /** Records missing keys of shards with links and blobs; no registry writes other keys. */
    private void recordMissing(
            Shard shard, boolean isReliable, KeyFile missingInRegistry, MissingIntervalUpdate missing) {
        if (shard.prefix().equals(backup.layout().rootPrefix())) {
            return;
        }
        if (isReliable) {
            missingInRegistry.forEach(key -> {
                Added added = missing.add(key, this::isStillMissing);
                Kind kind = backup.layout().parse(key).kind();
                reconcileStats.add(kind, Count.MISSING_IN_REGISTRY, added == Added.NOT_MISSING ? 0 : 1);
                reconcileStats.add(kind, Count.NEWLY_MISSING_IN_REGISTRY, added == Added.NEW ? 1 : 0);
            });
            missing.endIntervalsBefore(endOfPrefix(shard.prefix()));
        } else {
            missing.keepRange(endOfPrefix(shard.prefix()));
        }
    }

    /**
     * Asks the registry, because an event may have copied an object after the registry was listed and before the backup was.
     * Not about more keys than pushes can explain. If the registry does not answer, the next run asks.
     */
    private boolean isStillMissing(String key) {
        askedMissing++;
        try {
            return askedMissing > MAX_ASKED_MISSING
                    || storePair.registry().head(key).isEmpty();
        } catch (ObjectStoreException e) {
            return false;
        }
    }

    /** The first key after all keys with this prefix, which ends in a slash. */
    private static String endOfPrefix(String prefix) {
        return prefix.substring(0, prefix.length() - 1) + (char) ('/' + 1);
    }

    /**
     * Guards against mass deletion: raises an alarm if the registry was lost, rather than images deleted one by one.
     * OpenShift empties the bucket of a registry that is set to Removed (cluster-image-registry-operator {@code
     * pkg/storage/s3/s3.go}). Returns whether this run may prune, provided that there are no alarms.
     */
    private boolean raiseAlarms(List<String> failedShards, boolean hasRunBefore) {
        long present = reconcileStats.total(Count.IN_REGISTRY);
        long missing = reconcileStats.total(Count.MISSING_IN_REGISTRY);
        long newlyMissing = reconcileStats.total(Count.NEWLY_MISSING_IN_REGISTRY);
        boolean isEmpty = failedShards.isEmpty() && present == 0 && missing > 0;
        boolean isMassDeletion = newlyMissing > reconcilePolicy.alarmCount()
                || newlyMissing > reconcilePolicy.alarmShare() * (present + newlyMissing);
        if (isEmpty && newlyMissing > 0) {
            alarms.raise(
                    "registry-empty",
                    "The registry's store is empty, and the backup has %d objects".formatted(missing));
        } else if (hasRunBefore && isMassDeletion) {
            alarms.raise(
                    "mass-deletion",
                    "%d objects are missing from the registry since the previous run; %d remain"
                            .formatted(newlyMissing, present));
        }
        if (!failedShards.isEmpty() && reconcilePolicy.isMirror()) {
            alarms.raise(
                    "comparison-failed",
                    "%d shards could not be compared, the first: %s"
                            .formatted(failedShards.size(), failedShards.get(0)));
        }
        return !isEmpty && failedShards.isEmpty();
    }

    /** Replicates every link on record as blocked again, so that no record outlives its cause. */
    private void retryBlockedLinks(CopyPhase copyPhase) {
        context.phase("retrying blocked links");
        replicator.blockedLinks().forEach(links -> {
            links.forEach(link -> copyPhase.copy(link, InBackup.UNKNOWN, keyResult -> {}));
            copyPhase.await();
        });
    }

    /** Returns whether no pruning remains to be done. */
    private boolean prune(Instant startedAt, boolean mayPrune) {
        boolean isDone = true;
        ReachableSet reachableSet = new ReachableSet(storePair, tools.workerPools());
        PruneRecord pruneRecord = new PruneRecord(backup.store(), tools.clock());
        if (reconcilePolicy.isMirror() && mayPrune && alarms.openAlarms().isEmpty()) {
            context.phase("pruning");
            Instant before = startedAt.minus(reconcilePolicy.retention());
            isDone = new Pruner(
                            storePair, replicator, reachableSet, pruneRecord, context, reconcileStats, scratch, before)
                    .run();
            isDone &= pruneCaptures(before);
        }
        Optional<Instant> pruningSince = pruneRecord.startedAt();
        if (pruningSince.isPresent()) {
            context.phase("checking links written while blobs were pruned");
            sleep(reconcilePolicy.durableKeyTtl());
            PruneRaceRepair pruneRaceRepair = new PruneRaceRepair(storePair, replicator, reachableSet, context);
            summary.put("reinstated", pruneRaceRepair.repairSince(pruningSince.get()));
            if (pruneRaceRepair.isConclusive()) {
                pruneRecord.finish();
            }
            isDone &= pruneRaceRepair.isConclusive();
        }
        return isDone;
    }

    private boolean pruneCaptures(Instant before) {
        context.phase("pruning captures");
        try {
            CapturePruner.PruneSummary pruned = new CapturePruner(backup.store(), scratch, tools.clock()).prune(before);
            summary.putObject("capturesPruned")
                    .put("snapshots", pruned.snapshots())
                    .put("changes", pruned.changes())
                    .put("bodies", pruned.bodies())
                    .put("reinstated", pruned.reinstated());
            return true;
        } catch (ObjectStoreException e) {
            context.report(new Finding(
                    FindingCode.UNDETERMINED,
                    backup.store().bucket(),
                    "Not all captures older than the retention were deleted: " + e.getMessage()));
            // A refused request fails in the next run too.
            return e.error() == StoreError.BAD_REQUEST;
        }
    }

    /** Waits, and checks the fence meanwhile. */
    private void sleep(Duration duration) {
        for (Duration left = duration; left.compareTo(Duration.ZERO) > 0; left = left.minus(FENCE_CHECK_INTERVAL)) {
            context.checkFence();
            tools.workerPools().sleep(left.compareTo(FENCE_CHECK_INTERVAL) < 0 ? left : FENCE_CHECK_INTERVAL);
        }
    }

    /**
     * Deletes the records of rejected keys that the backup has now, or the registry no longer has. Returns how many.
     *
     * @param remaining the keys that are still missing from the backup, or differ
     */
    private long deleteResolvedRejections(Set<String> remaining) {
        MetadataStore records = new MetadataStore(backup.store());
        long resolved = 0;
        try (Stream<ObjectInfo> listing = backup.store().list(RejectionStore.PREFIX)) {
            for (ObjectInfo object : (Iterable<ObjectInfo>) listing::iterator) {
                Optional<StoredRecord> record = records.get(object.key());
                // A record need not have a key: it may be of an event that could not be decoded.
                Optional<String> resolvedKey = record.flatMap(stored -> MetadataStore.parse(stored.json()))
                        .map(json -> json.path("key").textValue())
                        .filter(key -> !remaining.contains(key) && isResolved(key));
                if (resolvedKey.isPresent()) {
                    context.checkFence();
                    backup.store().delete(object.key(), record.get().version());
                    resolved++;
                }
            }
        }
        return resolved;
    }

    private boolean isResolved(String key) {
        Kind kind = backup.layout().parse(key).kind();
        return kind != Kind.UNKNOWN
                && kind != Kind.EXCLUDED
                && (backup.store().headBeforeWrite(key).isPresent()
                        || storePair.registry().head(key).isEmpty());
    }

    /** Aborts abandoned uploads of this program. A failure is only reported: they take space and do no other harm. */
    private void abortUploads(Instant startedAt) {
        try {
            summary.put("uploadsAborted", backup.store().abortMultipartUploads("", startedAt.minus(MAX_UPLOAD_AGE)));
        } catch (ObjectStoreException e) {
            context.report(new Finding(
                    FindingCode.UNDETERMINED,
                    backup.store().bucket(),
                    "Failed to abort abandoned uploads: " + e.getMessage()));
        }
    }

    /** Writes the catalog of the changed repositories; of all if many changed, or something was pruned. */
    private void refreshCatalog(boolean hasCatalog) {
        List<Scope> scopes = diffResult
                .changedRepositories()
                .filter(names -> hasCatalog && reconcileStats.total(Count.PRUNED) == 0)
                .map(names -> names.stream()
                        .map(name -> (Scope) new Scope.Repository(new RepositoryName(name)))
                        .toList())
                .orElseGet(() -> List.of(new Scope.All()));
        Optional<CaptureReader> captures =
                isOpenShift ? Optional.of(new CaptureReader(backup.store(), tools.scratch())) : Optional.empty();
        Verifier verifier = new Verifier(
                backup,
                tools.workerPools(),
                tools.rateLimiter(),
                isOpenShift,
                tools.clock(),
                Optional.of(new Catalog(backup, tools.workerPools(), tools.clock(), captures)),
                captures);
        for (Scope scope : scopes) {
            verifier.run(new VerifyRequest(VerifyRequest.BACKUP, scope, Depth.EXISTENCE, Optional.empty()), context);
        }
    }

    /** Updates the archive from the backup, unless there are alarms or failed shards; returns whether it is up to date. */
    private boolean archive(Instant startedAt) {
        if (tools.archiveFactory().isEmpty()) {
            return true;
        }
        if (!diffResult.failedShards().isEmpty() || !alarms.openAlarms().isEmpty()) {
            summary.put("archive", "skipped: there are alarms or failed shards");
            return true;
        }
        context.phase("writing to the archive");
        Optional<String> problem = tools.archiveFactory()
                .get()
                .apply(scratch)
                .update(backup.layout().prefix(), RegistryLayout.METADATA_PREFIX, startedAt, context::checkFence);
        summary.put("archive", problem.orElse("up to date"));
        problem.ifPresent(text -> context.report(new Finding(FindingCode.UNDETERMINED, "archive", text)));
        return problem.isEmpty();
    }

    private void summarize(Preparation preparation) {
        summary.put("deletionPolicy", reconcilePolicy.isMirror() ? "mirror" : "keep");
        summary.set("classes", reconcileStats.json());
        for (Count count : Count.values()) {
            summary.put(count.label(), reconcileStats.total(count));
        }
        summary.put("shards", preparation.groups().stream().mapToInt(List::size).sum());
        diffResult.summarize(summary, comparer.version());
    }
}
