package dev.registrybackup.reconcile;

import dev.registrybackup.inventory.MissingIntervalUpdate;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.reconcile.rclone.Shard.By;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Link;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Compares and brings all parts, one after the other in key order, and keeps the record of absences. For one thread. */
final class DiffPhase {
    /** So many commands and failures are kept whole. */
    private static final int MOST_KEPT = 20;

    private static final int MOST_REPOSITORIES = 100;
    private static final int MOST_LEFT = 10_000;

    private final StorePair storePair;
    private final Comparer comparer;
    private final CopyPhase copyPhase;
    private final ReconcileStats reconcileStats;
    private final ProgressTracker progressTracker;
    private final Consumer<Finding> found;
    private final List<String> failed = new ArrayList<>();
    private final List<String> commands = new ArrayList<>();
    private final TreeSet<String> repositories = new TreeSet<>();
    private final Set<String> left = new HashSet<>();
    private long keys;
    private int parts;

    DiffPhase(
            StorePair storePair,
            Comparer comparer,
            CopyPhase copyPhase,
            ReconcileStats reconcileStats,
            ProgressTracker progressTracker,
            Consumer<Finding> found) {
        this.storePair = storePair;
        this.comparer = comparer;
        this.copyPhase = copyPhase;
        this.reconcileStats = reconcileStats;
        this.progressTracker = progressTracker;
        this.found = found;
    }

    /** Why parts could not be compared; empty if all were. */
    List<String> failed() {
        return List.copyOf(failed);
    }

    /** What rclone was run with, the first of it. */
    List<String> commands() {
        return List.copyOf(commands);
    }

    /** Of how many keys rclone spoke. */
    long keys() {
        return keys;
    }

    /** How many parts there were. */
    int parts() {
        return parts;
    }

    /** The repositories of which something was brought; more than {@value #MOST_REPOSITORIES} of them are not all told. */
    SortedSet<String> repositories() {
        return new TreeSet<>(repositories);
    }

    /** The keys that are left; empty if there are so many that nobody keeps them, or parts were not compared. */
    Optional<Set<String>> left() {
        return failed.isEmpty() && left.size() < MOST_LEFT ? Optional.of(Set.copyOf(left)) : Optional.empty();
    }

    /** Whether those are not all. */
    boolean isManyRepositories() {
        return repositories.size() > MOST_REPOSITORIES;
    }

    /**
     * Does it.
     *
     * @param sizes how many links each part had before, and is told how many each has
     */
    void run(long partKeys, ShardSizes sizes, MissingIntervalUpdate absences) {
        progressTracker.phase("comparing");
        boolean areHashes = ETags.areHashes(storePair.registry(), storePair.layout())
                && ETags.areHashes(storePair.backup(), storePair.layout());
        List<Shard> plan =
                new ShardPlanner(storePair, comparer, partKeys, areHashes ? By.CONTENT : By.SIZE).plan(sizes);
        parts = plan.size();
        for (Shard shard : plan) {
            ShardReconciler.Result result = new ShardReconciler(
                            shard, comparer, storePair.layout(), copyPhase, reconcileStats, !areHashes)
                    .run();
            keep(shard, result);
            record(shard, result, absences);
            if (isOfLinks(shard)) {
                sizes.add(shard.prefix(), result.there());
            }
            if (!result.counts() && isStoreUnreachable(shard)) {
                break;
            }
        }
        if (failed.isEmpty()) {
            sizes.write();
            absences.known(end(storePair.layout().repositoriesPrefix()), new TreeSet<>(), key -> {});
        }
    }

    /** Whether a bucket does not answer: each of the other shards would fail after time-outs of its own. */
    private boolean isStoreUnreachable(Shard after) {
        try {
            storePair.registry().requireBucket();
            storePair.backup().requireBucket();
            return false;
        } catch (ObjectStoreException e) {
            String problem = "Gave up comparing after %s: %s".formatted(after.prefix(), e.getMessage());
            failed.add(problem);
            found.accept(new Finding(FindingCode.COULD_NOT_TELL, "comparison", problem));
            return true;
        }
    }

    private boolean isOfLinks(Shard shard) {
        return shard.wholeListing()
                && shard.prefix().startsWith(storePair.layout().repositoriesPrefix());
    }

    private void keep(Shard shard, ShardReconciler.Result result) {
        keys += result.keys();
        result.commands().stream()
                .limit(Math.max(0, MOST_KEPT - commands.size()))
                .forEach(commands::add);
        if (!result.counts()) {
            failed.add(shard.prefix() + ": " + result.problem());
            found.accept(new Finding(FindingCode.COULD_NOT_TELL, shard.prefix(), result.problem()));
        }
        result.fates().forEach(this::tell);
    }

    private void tell(String key, KeyResult keyResult) {
        keyResult.problem().ifPresent(problem -> found.accept(new Finding(problem.code(), key, problem.text())));
        if (keyResult.state() == KeyResult.State.LEFT && left.size() < MOST_LEFT) {
            left.add(key);
        }
        RegistryPath path = storePair.layout().parse(key);
        if (keyResult.isBrought() && path instanceof Link link && !isManyRepositories()) {
            repositories.add(link.repository().value());
        }
    }

    /** Only whole parts of links and blobs say what is absent: the others hold what no registry wrote. */
    private void record(Shard shard, ShardReconciler.Result result, MissingIntervalUpdate absences) {
        if (shard.prefix().equals(storePair.layout().rootPrefix())) {
            return;
        }
        if (result.counts()) {
            absences.known(
                    end(shard.prefix()),
                    result.absent(),
                    key -> reconcileStats.add(storePair.layout().parse(key).kind(), Count.NEWLY_ABSENT, 1));
        } else {
            absences.unknown(end(shard.prefix()));
        }
    }

    /** The first key after all that start with the prefix, which ends in a slash. */
    private static String end(String prefix) {
        return prefix.substring(0, prefix.length() - 1) + (char) ('/' + 1);
    }
}
