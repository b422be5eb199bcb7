package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.Link;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Compares and copies shards. Compares those of a group at once, each by two processes of rclone, and copies in the order
 * of shards. For one thread.
 */
final class DiffPhase {
    private final StorePair storePair;
    private final Comparer comparer;
    private final CopyPhase copyPhase;
    private final ReconcileStats reconcileStats;
    private final DiffResult diffResult;
    private final WorkerPools workerPools;
    private final OperationContext context;
    private final Path scratch;

    private record ShardRun(
            Shard shard, ShardReconciler reconciler, KeyFile missingInRegistry, CompletableFuture<Void> end) {}

    /** Receives what the comparison of a shard shows of its keys together. */
    @FunctionalInterface
    interface ShardConsumer {
        /**
         * Called once for each shard, in the order of their keys.
         *
         * @param isReliable whether it was compared to its end
         * @param missingInRegistry the keys that only the backup has, in their order, to be read in this call; they mean
         *     nothing unless the comparison is reliable
         */
        void accept(Shard shard, boolean isReliable, KeyFile missingInRegistry);
    }

    /**
     * Compares the stores of this pair.
     *
     * @param reconcileStats receives the counts by kind
     * @param diffResult receives the rest
     * @param scratch a directory for lists
     */
    DiffPhase(
            StorePair storePair,
            Comparer comparer,
            CopyPhase copyPhase,
            ReconcileStats reconcileStats,
            DiffResult diffResult,
            WorkerPools workerPools,
            OperationContext context,
            Path scratch) {
        this.storePair = storePair;
        this.comparer = comparer;
        this.copyPhase = copyPhase;
        this.reconcileStats = reconcileStats;
        this.diffResult = diffResult;
        this.workerPools = workerPools;
        this.context = context;
        this.scratch = scratch;
    }

    /**
     * Compares and copies shards, until one of the stores can no longer be reached.
     *
     * @param groups the shards, in the order of their keys; those of a group are compared at once
     * @return whether both stores can be reached
     */
    boolean run(List<List<Shard>> groups, ShardConsumer then) {
        context.phase("comparing");
        return groups.stream().allMatch(group -> runGroup(group, then));
    }

    /** Compares these shards at once and copies in their order; returns whether both stores can be reached. */
    private boolean runGroup(List<Shard> group, ShardConsumer then) {
        List<ShardRun> runs = new ArrayList<>();
        CompletableFuture<?> earlierShards = CompletableFuture.completedFuture(null);
        for (Shard shard : group) {
            ShardRun run = start(shard, earlierShards);
            runs.add(run);
            earlierShards = run.end();
        }
        try {
            // All are waited for even if one fails, so that no rclone outlives the run.
            WorkerPools.join(
                    CompletableFuture.allOf(runs.stream().map(ShardRun::end).toArray(CompletableFuture[]::new)));
            runs.forEach(run -> finish(run, then));
            Optional<ShardRun> failed = runs.stream()
                    .filter(run -> !run.reconciler().result().isReliable())
                    .findFirst();
            return failed.isEmpty() || !isStoreUnreachable(failed.get().shard());
        } finally {
            runs.forEach(run -> run.missingInRegistry().close());
        }
    }

    private ShardRun start(Shard shard, CompletableFuture<?> earlierShards) {
        KeyFile missingInRegistry = new KeyFile(scratch);
        ShardReconciler reconciler = new ShardReconciler(
                shard,
                comparer,
                storePair,
                copyPhase,
                reconcileStats,
                this::reportKey,
                missingInRegistry,
                earlierShards);
        return new ShardRun(shard, reconciler, missingInRegistry, workerPools.submitOperation(reconciler::run));
    }

    private void finish(ShardRun run, ShardConsumer then) {
        ShardReconciler.ShardResult shardResult = run.reconciler().result();
        addResult(run.shard(), shardResult);
        then.accept(run.shard(), shardResult.isReliable(), run.missingInRegistry());
    }

    /** Whether a bucket does not answer. Every other shard would then fail too, after timeouts of its own. */
    private boolean isStoreUnreachable(Shard after) {
        try {
            storePair.registry().requireBucket();
            storePair.backup().requireBucket();
            return false;
        } catch (ObjectStoreException e) {
            String problem = "Comparison stopped after %s: %s".formatted(after.prefix(), e.getMessage());
            diffResult.addFailedShard(problem);
            context.report(new Finding(FindingCode.UNDETERMINED, "comparison", problem));
            return true;
        }
    }

    private void addResult(Shard shard, ShardReconciler.ShardResult shardResult) {
        diffResult.addComparison(shardResult.commands(), shardResult.comparedKeys());
        if (!shardResult.isReliable()) {
            diffResult.addFailedShard(shard.prefix() + ": " + shardResult.problem());
            context.report(new Finding(FindingCode.UNDETERMINED, shard.prefix(), shardResult.problem()));
        }
    }

    private void reportKey(String key, KeyResult keyResult) {
        RegistryPath path = storePair.layout().parse(key);
        Optional<FindingCode> reported = keyResult
                .problem()
                .map(problem -> context.report(new Finding(problem.code(), key, problem.text()))
                        .code());
        if (keyResult.state() == KeyResult.State.COPIED) {
            reconcileStats.add(path.kind(), Count.COPIED, 1);
            reconcileStats.add(path.kind(), Count.MISSED_BY_EVENTS, keyResult.missedByEvents() ? 1 : 0);
            if (path instanceof Link link) {
                diffResult.addChangedRepository(link.repository().value());
            }
        } else if (keyResult.state() == KeyResult.State.REMAINING) {
            boolean isAcknowledged = reported.equals(Optional.of(FindingCode.ACKNOWLEDGED));
            reconcileStats.add(path.kind(), isAcknowledged ? Count.ACKNOWLEDGED : Count.REMAINING, 1);
            // A blocked link is not corrupt itself.
            boolean isCorrupt = keyResult
                    .problem()
                    .filter(problem -> problem.code() == FindingCode.BLOB_DIGEST_MISMATCH)
                    .isPresent();
            reconcileStats.add(path.kind(), Count.CORRUPT, path.kind() == Kind.BLOB && isCorrupt ? 1 : 0);
            diffResult.addRemainingKey(key);
        }
    }
}
