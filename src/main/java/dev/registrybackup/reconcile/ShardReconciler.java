package dev.registrybackup.reconcile;

import dev.registrybackup.operation.FindingCode;
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
    private static final int REQUESTS_A_KEY = 4;

    private static final int KEYS_A_REQUEST = 1_000;
    private static final int MOST_ROUNDS = 5;

    private final Shard shard;
    private final Comparer comparer;
    private final RegistryLayout layout;
    private final CopyPhase copyPhase;
    private final ReconcileStats reconcileStats;
    private final boolean readsCurrentLinks;
    /** What became of what rclone named; guarded by this. */
    private final Map<String, KeyResult> fates = new TreeMap<>();

    private final TreeSet<String> absent = new TreeSet<>();
    private final List<String> commands = new ArrayList<>();
    private long keys;
    private long keysOfPart;
    private long taken;

    /**
     * How it ended.
     *
     * @param problem why rclone's report does not count; empty if it does
     * @param absent the registry's keys that only the backup has, if it counts
     * @param fates what became of what rclone named
     * @param commands what rclone was run with
     * @param keys of how many keys it spoke, in all its rounds
     * @param there how many keys there were when it was first asked
     */
    record Result(
            String problem,
            SortedSet<String> absent,
            Map<String, KeyResult> fates,
            List<String> commands,
            long keys,
            long there) {
        boolean counts() {
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
    Result run() {
        Comparison first = asked(comparer.compare(shard, this::take));
        keysOfPart = first.keys();
        copyPhase.await();
        if (first.counts()) {
            Comparison last = confirm();
            count();
            return new Result(last.problem(), absent, Map.copyOf(fates), commands, keys, first.keys());
        }
        count();
        return new Result(first.problem(), new TreeSet<>(), Map.copyOf(fates), commands, keys, first.keys());
    }

    private Comparison asked(Comparison comparison) {
        commands.add(comparison.command());
        keys += comparison.keys();
        return comparison;
    }

    private void take(Difference difference) {
        Kind kind = layout.parse(difference.key()).kind();
        if (!isCompared(kind)) {
            return;
        }
        if (++taken % KEYS_A_REQUEST == 0) {
            copyPhase.mayGoOn();
        }
        switch (difference.kind()) {
            case SAME -> {
                reconcileStats.add(kind, Count.IN_REGISTRY, 1);
                if (readsCurrentLinks && kind == Kind.TAG_CURRENT_LINK) {
                    copyPhase.bring(difference.key(), true, keyResult -> keepUnlessSame(difference.key(), keyResult));
                }
            }
            case ONLY_IN_REGISTRY -> {
                reconcileStats.add(kind, Count.IN_REGISTRY, 1);
                bring(difference.key(), false);
            }
            case DIFFERENT -> {
                reconcileStats.add(kind, Count.IN_REGISTRY, 1);
                bring(difference.key(), true);
            }
            case ONLY_IN_BACKUP -> absent(kind, difference.key());
            case UNREADABLE -> {}
        }
    }

    private static boolean isCompared(Kind kind) {
        return kind != Kind.UPLOAD && kind != Kind.EXCLUDED;
    }

    private void absent(Kind kind, String key) {
        if (kind != Kind.FOREIGN) {
            absent.add(key);
        }
    }

    private void bring(String key, boolean differed) {
        copyPhase.bring(key, differed, keyResult -> keep(key, keyResult));
    }

    private synchronized void keep(String key, KeyResult keyResult) {
        fates.put(key, keyResult.after(fates.get(key)));
    }

    private void keepUnlessSame(String key, KeyResult keyResult) {
        if (keyResult.state() != State.SAME) {
            keep(key, keyResult);
        }
    }

    /** Asks rclone again as long as it names something that is not settled. */
    private Comparison confirm() {
        Comparison comparison = new Comparison(true, "", 0, "");
        for (int round = 1; round <= MOST_ROUNDS && mayBeNamed(); round++) {
            List<Difference> again = new ArrayList<>();
            comparison = asked(ask(difference -> noteNamed(difference, again)));
            if (!comparison.counts() || again.isEmpty()) {
                return comparison;
            }
            boolean isLast = round == MOST_ROUNDS;
            again.forEach(named -> bringAgain(named, isLast));
            copyPhase.await();
        }
        return comparison;
    }

    private synchronized boolean mayBeNamed() {
        return fates.values().stream().anyMatch(keyResult -> !keyResult.isSettled());
    }

    private Comparison ask(Consumer<Difference> found) {
        List<String> brought = brought();
        return isFew(brought.size()) ? comparer.confirm(shard, brought, found) : comparer.compare(shard, found);
    }

    /** Whether to ask for so many keys one by one takes fewer requests than to compare the part again. */
    private boolean isFew(long count) {
        return count * REQUESTS_A_KEY <= keysOfPart / KEYS_A_REQUEST;
    }

    private synchronized List<String> brought() {
        return fates.entrySet().stream()
                .filter(entry -> !entry.getValue().isSettled())
                .map(Map.Entry::getKey)
                .toList();
    }

    private synchronized void noteNamed(Difference difference, List<Difference> again) {
        boolean isNamed =
                difference.kind() == Difference.Kind.ONLY_IN_REGISTRY || difference.kind() == Difference.Kind.DIFFERENT;
        KeyResult known = fates.get(difference.key());
        Kind kind = layout.parse(difference.key()).kind();
        if (isNamed && isCompared(kind) && (known == null || !known.isSettled())) {
            again.add(difference);
        }
    }

    private void bringAgain(Difference named, boolean isLast) {
        KeyResult before = known(named.key());
        if (isLast && before != null) {
            keep(named.key(), before.namedStill());
            return;
        }
        bring(named.key(), named.kind() == Difference.Kind.DIFFERENT);
    }

    private synchronized @Nullable KeyResult known(String key) {
        return fates.get(key);
    }

    private synchronized void count() {
        fates.forEach((key, keyResult) -> {
            Kind kind = layout.parse(key).kind();
            reconcileStats.add(kind, Count.NAMED, 1);
            if (keyResult.isBrought()) {
                reconcileStats.add(kind, Count.BROUGHT, 1);
                reconcileStats.add(kind, Count.MISSED, keyResult.missed() ? 1 : 0);
            } else if (keyResult.state() == State.LEFT) {
                reconcileStats.add(kind, Count.LEFT, 1);
                // A link that is withheld for a blob's sake has nothing wrong itself.
                reconcileStats.add(kind, Count.CORRUPT, kind == Kind.BLOB && isCorrupt(keyResult) ? 1 : 0);
            }
        });
        absent.forEach(key -> reconcileStats.add(layout.parse(key).kind(), Count.ABSENT, 1));
    }

    private static boolean isCorrupt(KeyResult keyResult) {
        return keyResult
                .problem()
                .filter(problem -> problem.code() == FindingCode.BLOB_DIGEST_MISMATCH)
                .isPresent();
    }
}
