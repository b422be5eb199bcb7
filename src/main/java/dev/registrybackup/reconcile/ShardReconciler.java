package dev.registrybackup.reconcile;

import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.reconcile.CopyPhase.InBackup;
import dev.registrybackup.reconcile.KeyResult.State;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Comparison;
import dev.registrybackup.reconcile.rclone.Difference;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reconciles one part: rclone compares it, exactly what it names is brought, and rclone is asked again until it names
 * nothing that could still be brought. For one part, and one thread.
 */
final class ShardReconciler {
    /** rclone lists each directory on a key's way, in both stores; a whole listing takes a request for a thousand keys. */
    private static final int REQUESTS_PER_KEY = 4;

    private static final int KEYS_PER_REQUEST = 1_000;
    private static final int MAX_ROUNDS = 5;

    private final Shard shard;
    private final Comparer comparer;
    private final RegistryLayout layout;
    private final CopyPhase copyPhase;
    private final ReconcileStats reconcileStats;
    private final boolean readsCurrentLinks;
    /** What became of what rclone named; guarded by this. */
    private final Map<String, KeyResult> keyResults = new TreeMap<>();

    private final TreeSet<String> missingInRegistry = new TreeSet<>();
    private final List<String> commands = new ArrayList<>();
    private long comparedKeys;
    private long shardKeys;
    private long handled;

    /**
     * How it ended.
     *
     * @param problem why rclone's report does not count; empty if it does
     * @param missingInRegistry the registry's keys that only the backup has, if it counts
     * @param keyResults what became of what rclone named
     * @param commands what rclone was run with
     * @param comparedKeys of how many keys it spoke, in all its rounds
     * @param initialKeys how many keys there were when it was first asked
     */
    record ShardResult(
            String problem,
            SortedSet<String> missingInRegistry,
            Map<String, KeyResult> keyResults,
            List<String> commands,
            long comparedKeys,
            long initialKeys) {
        boolean isReliable() {
            return problem.isEmpty();
        }
    }

    /**
     * A run over that part.
     *
     * @param readsCurrentLinks whether tags' current links are read and compared by us, since rclone cannot
     */
    ShardReconciler(
            Shard shard,
            Comparer comparer,
            RegistryLayout layout,
            CopyPhase copyPhase,
            ReconcileStats reconcileStats,
            boolean readsCurrentLinks) {
        this.shard = shard;
        this.comparer = comparer;
        this.layout = layout;
        this.copyPhase = copyPhase;
        this.reconcileStats = reconcileStats;
        this.readsCurrentLinks = readsCurrentLinks;
    }

    /** Does it. */
    ShardResult run() {
        List<Difference> differences = new ArrayList<>();
        Comparison first = recordComparison(comparer.compare(shard, difference -> handle(difference, differences)));
        shardKeys = first.keys();
        // Of a report that does not count nothing is concluded: a key may be there that it calls absent.
        differences.forEach(difference -> copy(
                difference.key(),
                difference.kind() == Difference.Kind.DIFFERENT
                        ? InBackup.DIFFERENT
                        : first.isReliable() ? InBackup.ABSENT : InBackup.UNKNOWN));
        copyPhase.await();
        if (first.isReliable()) {
            Comparison last = confirm();
            countResults();
            return new ShardResult(
                    last.problem(), missingInRegistry, Map.copyOf(keyResults), commands, comparedKeys, first.keys());
        }
        countResults();
        return new ShardResult(
                first.problem(), new TreeSet<>(), Map.copyOf(keyResults), commands, comparedKeys, first.keys());
    }

    private Comparison recordComparison(Comparison comparison) {
        commands.add(comparison.command());
        comparedKeys += comparison.keys();
        return comparison;
    }

    private void handle(Difference difference, List<Difference> differences) {
        Kind kind = layout.parse(difference.key()).kind();
        if (!isCompared(kind)) {
            return;
        }
        if (++handled % KEYS_PER_REQUEST == 0) {
            copyPhase.checkFence();
        }
        switch (difference.kind()) {
            case SAME -> {
                reconcileStats.add(kind, Count.IN_REGISTRY, 1);
                if (readsCurrentLinks && kind == Kind.TAG_CURRENT_LINK) {
                    copyPhase.copy(
                            difference.key(),
                            InBackup.DIFFERENT,
                            keyResult -> putUnlessSame(difference.key(), keyResult));
                }
            }
            case ONLY_IN_REGISTRY, DIFFERENT -> {
                reconcileStats.add(kind, Count.IN_REGISTRY, 1);
                differences.add(difference);
            }
            case ONLY_IN_BACKUP -> missingInRegistry(kind, difference.key());
            case UNREADABLE -> {}
        }
    }

    private static boolean isCompared(Kind kind) {
        return kind != Kind.UPLOAD && kind != Kind.EXCLUDED;
    }

    private void missingInRegistry(Kind kind, String key) {
        if (kind != Kind.UNKNOWN) {
            missingInRegistry.add(key);
        }
    }

    private void copy(String key, InBackup inBackup) {
        copyPhase.copy(key, inBackup, keyResult -> putResult(key, keyResult));
    }

    private synchronized void putResult(String key, KeyResult keyResult) {
        keyResults.put(key, keyResult.mergedWith(keyResults.get(key)));
    }

    private void putUnlessSame(String key, KeyResult keyResult) {
        if (keyResult.state() != State.SAME) {
            putResult(key, keyResult);
        }
    }

    /** Asks rclone again as long as it names something that is not settled. */
    private Comparison confirm() {
        Comparison comparison = new Comparison(true, "", 0, "");
        for (int round = 1; round <= MAX_ROUNDS && hasUnresolved(); round++) {
            List<Difference> again = new ArrayList<>();
            comparison = recordComparison(compareAgain(difference -> addIfDiffering(difference, again)));
            if (!comparison.isReliable() || again.isEmpty()) {
                return comparison;
            }
            boolean isLast = round == MAX_ROUNDS;
            again.forEach(named -> copyAgain(named, isLast));
            copyPhase.await();
        }
        return comparison;
    }

    private synchronized boolean hasUnresolved() {
        return keyResults.values().stream().anyMatch(keyResult -> !keyResult.isFinal());
    }

    private Comparison compareAgain(Consumer<Difference> found) {
        List<String> brought = unresolvedKeys();
        return isFew(brought.size()) ? comparer.compareKeys(shard, brought, found) : comparer.compare(shard, found);
    }

    /** Whether to ask for so many keys one by one takes fewer requests than to compare the part again. */
    private boolean isFew(long count) {
        return count * REQUESTS_PER_KEY <= shardKeys / KEYS_PER_REQUEST;
    }

    private synchronized List<String> unresolvedKeys() {
        return keyResults.entrySet().stream()
                .filter(entry -> !entry.getValue().isFinal())
                .map(Map.Entry::getKey)
                .toList();
    }

    private synchronized void addIfDiffering(Difference difference, List<Difference> again) {
        boolean isNamed =
                difference.kind() == Difference.Kind.ONLY_IN_REGISTRY || difference.kind() == Difference.Kind.DIFFERENT;
        KeyResult known = keyResults.get(difference.key());
        Kind kind = layout.parse(difference.key()).kind();
        if (isNamed && isCompared(kind) && (known == null || !known.isFinal())) {
            again.add(difference);
        }
    }

    private void copyAgain(Difference named, boolean isLast) {
        KeyResult before = result(named.key());
        if (isLast && before != null) {
            putResult(named.key(), before.stillDiffering());
            return;
        }
        copy(named.key(), named.kind() == Difference.Kind.DIFFERENT ? InBackup.DIFFERENT : InBackup.ABSENT);
    }

    private synchronized @Nullable KeyResult result(String key) {
        return keyResults.get(key);
    }

    private synchronized void countResults() {
        keyResults.forEach((key, keyResult) -> {
            Kind kind = layout.parse(key).kind();
            reconcileStats.add(kind, Count.DIFFERING, 1);
            if (keyResult.isCopied()) {
                reconcileStats.add(kind, Count.COPIED, 1);
                reconcileStats.add(kind, Count.MISSED_BY_EVENTS, keyResult.missedByEvents() ? 1 : 0);
            } else if (keyResult.state() == State.REMAINING) {
                reconcileStats.add(kind, Count.REMAINING, 1);
                // A link that is withheld for a blob's sake has nothing wrong itself.
                reconcileStats.add(kind, Count.CORRUPT, kind == Kind.BLOB && isCorrupt(keyResult) ? 1 : 0);
            }
        });
        missingInRegistry.forEach(key -> reconcileStats.add(layout.parse(key).kind(), Count.MISSING_IN_REGISTRY, 1));
    }

    private static boolean isCorrupt(KeyResult keyResult) {
        return keyResult
                .problem()
                .filter(problem -> problem.code() == FindingCode.BLOB_DIGEST_MISMATCH)
                .isPresent();
    }
}
