package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.MissingIntervalUpdate;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.Link;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Compares and copies all shards in key order, and updates the record of what is missing from the registry. Compares small
 * shards side by side, each by a process of rclone, and copies one shard at a time. For one thread.
 */
final class DiffPhase {
    /** How many rclone commands the summary has at most. */
    private static final int MAX_REPORTED = 20;

    /** How many links to search for one whose ETag shows whether the store's ETags are MD5 hashes. */
    private static final int ETAG_SAMPLE_SIZE = 1_000;

    private static final int MAX_REPOSITORIES = 100;
    private static final int MAX_REMAINING = 10_000;

    private final StorePair storePair;
    private final Comparer comparer;
    private final CopyPhase copyPhase;
    private final ReconcileStats reconcileStats;
    private final WorkerPools workerPools;
    private final OperationContext context;
    private final List<String> failedShards = new ArrayList<>();
    private final List<String> commands = new ArrayList<>();
    private final SortedSet<String> changedRepositories = new TreeSet<>();
    private final Set<String> remainingKeys = new HashSet<>();
    private long comparedKeys;
    private int shardCount;

    DiffPhase(
            StorePair storePair,
            Comparer comparer,
            CopyPhase copyPhase,
            ReconcileStats reconcileStats,
            WorkerPools workerPools,
            OperationContext context) {
        this.storePair = storePair;
        this.comparer = comparer;
        this.copyPhase = copyPhase;
        this.reconcileStats = reconcileStats;
        this.workerPools = workerPools;
        this.context = context;
    }

    /** Why shards could not be compared; empty if all were. */
    List<String> failedShards() {
        return List.copyOf(failedShards);
    }

    /** The repositories with copied links; empty if they are too many to keep. */
    Optional<SortedSet<String>> changedRepositories() {
        return changedRepositories.size() > MAX_REPOSITORIES
                ? Optional.empty()
                : Optional.of(new TreeSet<>(changedRepositories));
    }

    /** The remaining keys; empty if there are too many to keep, or shards were not compared. */
    Optional<Set<String>> remainingKeys() {
        return failedShards.isEmpty() && remainingKeys.size() < MAX_REMAINING
                ? Optional.of(Set.copyOf(remainingKeys))
                : Optional.empty();
    }

    /** Adds the shards and what rclone did to the summary. */
    void summarize(ObjectNode summary) {
        summary.put("shards", shardCount);
        failedShards.forEach(summary.putArray("failedShards")::add);
        ObjectNode rclone = summary.putObject("rclone");
        rclone.put("version", comparer.version()).put("keys", comparedKeys);
        commands.forEach(rclone.putArray("commands")::add);
    }

    /**
     * Compares and copies all shards.
     *
     * @param sizes how many keys each shard had before; receives how many each has now
     */
    void run(long shardSize, ShardSizes sizes, MissingIntervalUpdate missingIntervals) {
        context.phase("comparing");
        boolean areHashes = areETagsMd5(storePair.registry()) && areETagsMd5(storePair.backup());
        List<List<Shard>> groups = new ShardPlanner(
                        storePair, comparer, shardSize, areHashes ? CompareBy.CONTENT : CompareBy.SIZE)
                .planGroups(sizes);
        shardCount = groups.stream().mapToInt(List::size).sum();
        for (List<Shard> group : groups) {
            if (!runGroup(group, sizes, missingIntervals)) {
                break;
            }
        }
        if (failedShards.isEmpty()) {
            sizes.write();
            missingIntervals.updateRange(
                    endOfPrefix(storePair.layout().repositoriesPrefix()), new TreeSet<>(), key -> {});
        }
    }

    /** Compares these shards at once and copies them one after the other; returns whether both stores can be reached. */
    private boolean runGroup(List<Shard> group, ShardSizes sizes, MissingIntervalUpdate missingIntervals) {
        List<ShardReconciler> reconcilers = group.stream()
                .map(shard -> new ShardReconciler(shard, comparer, storePair, copyPhase, reconcileStats))
                .toList();
        // All are waited for even if one fails, so that no rclone outlives the run.
        WorkerPools.join(CompletableFuture.allOf(reconcilers.stream()
                .map(reconciler -> workerPools.submitOperation(reconciler::compare))
                .toArray(CompletableFuture[]::new)));
        for (int number = 0; number < group.size(); number++) {
            Shard shard = group.get(number);
            ShardReconciler.ShardResult shardResult = reconcilers.get(number).copy();
            addResult(shard, shardResult);
            recordMissing(shard, shardResult, missingIntervals);
            if (shard.isFastList()) {
                sizes.put(shard.prefix(), shardResult.initialKeys());
            }
            if (!shardResult.isReliable() && isStoreUnreachable(shard)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether the ETags of a store's small objects are MD5 hashes, as rclone expects, which they are not under KMS. Assumed
     * if there is no link, or the store has no ETags.
     */
    private boolean areETagsMd5(ObjectStore store) {
        try (Stream<ObjectInfo> listing =
                store.list(storePair.layout().repositoriesPrefix()).limit(ETAG_SAMPLE_SIZE)) {
            for (ObjectInfo object : (Iterable<ObjectInfo>) listing::iterator) {
                if (!object.etag().isEmpty()
                        && storePair.layout().parse(object.key()) instanceof DigestLink link
                        && link.digest().algorithm() == DigestAlgorithm.SHA256) {
                    // A link of another size is malformed, and its ETag shows nothing.
                    return object.size() != LinkContent.of(link.digest()).length
                            || ObjectRef.of(object).provablyPointsTo(link.digest());
                }
            }
            return true;
        }
    }

    /** Whether a bucket does not answer. Every other shard would then fail too, after timeouts of its own. */
    private boolean isStoreUnreachable(Shard after) {
        try {
            storePair.registry().requireBucket();
            storePair.backup().requireBucket();
            return false;
        } catch (ObjectStoreException e) {
            String problem = "Comparison stopped after %s: %s".formatted(after.prefix(), e.getMessage());
            failedShards.add(problem);
            context.report(new Finding(FindingCode.UNDETERMINED, "comparison", problem));
            return true;
        }
    }

    private void addResult(Shard shard, ShardReconciler.ShardResult shardResult) {
        comparedKeys += shardResult.comparedKeys();
        shardResult.commands().stream()
                .limit(Math.max(0, MAX_REPORTED - commands.size()))
                .forEach(commands::add);
        if (!shardResult.isReliable()) {
            failedShards.add(shard.prefix() + ": " + shardResult.problem());
            context.report(new Finding(FindingCode.UNDETERMINED, shard.prefix(), shardResult.problem()));
        }
        shardResult.keyResults().forEach(this::reportKey);
    }

    private void reportKey(String key, KeyResult keyResult) {
        RegistryPath path = storePair.layout().parse(key);
        Optional<FindingCode> reported = keyResult
                .problem()
                .map(problem -> context.report(new Finding(problem.code(), key, problem.text()))
                        .code());
        reconcileStats.add(path.kind(), Count.DIFFERING, 1);
        if (keyResult.isCopied()) {
            reconcileStats.add(path.kind(), Count.COPIED, 1);
            reconcileStats.add(path.kind(), Count.MISSED_BY_EVENTS, keyResult.missedByEvents() ? 1 : 0);
            if (path instanceof Link link && changedRepositories.size() <= MAX_REPOSITORIES) {
                changedRepositories.add(link.repository().value());
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
            if (remainingKeys.size() < MAX_REMAINING) {
                remainingKeys.add(key);
            }
        }
    }

    /** Records missing keys of shards with links and blobs; no registry writes other keys. */
    private void recordMissing(
            Shard shard, ShardReconciler.ShardResult shardResult, MissingIntervalUpdate missingIntervals) {
        if (shard.prefix().equals(storePair.layout().rootPrefix())) {
            return;
        }
        if (shardResult.isReliable()) {
            missingIntervals.updateRange(
                    endOfPrefix(shard.prefix()),
                    shardResult.missingInRegistry(),
                    key -> reconcileStats.add(
                            storePair.layout().parse(key).kind(), Count.NEWLY_MISSING_IN_REGISTRY, 1));
        } else {
            missingIntervals.keepRange(endOfPrefix(shard.prefix()));
        }
    }

    /** The first key after all keys with this prefix, which ends in a slash. */
    private static String endOfPrefix(String prefix) {
        return prefix.substring(0, prefix.length() - 1) + (char) ('/' + 1);
    }
}
