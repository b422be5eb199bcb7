package dev.registrybackup.reconcile;

import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.reconcile.CopyPhase.InBackup;
import dev.registrybackup.reconcile.KeyResult.State;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Comparison;
import dev.registrybackup.reconcile.rclone.Difference;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/**
 * Reconciles one shard: compares it, copies the keys that differ, and compares again until none differs that another
 * copy could change. For one use, by one thread at a time.
 */
final class ShardReconciler {
    /** For single keys rclone lists each directory above a key, in both stores. */
    private static final int REQUESTS_PER_KEY = 4;

    private static final int KEYS_PER_REQUEST = 1_000;
    private static final int MAX_ROUNDS = 5;

    private final Shard shard;
    private final Comparer comparer;
    private final ObjectStore registry;
    private final RegistryLayout layout;
    private final CopyPhase copyPhase;
    private final ReconcileStats reconcileStats;
    /** The results of reported keys; written by the copying threads, and read once these are done. */
    private final ConcurrentSkipListMap<String, KeyResult> keyResults = new ConcurrentSkipListMap<>();

    private final List<Difference> firstDifferences = new ArrayList<>();
    /** Tags' current links that the listings cannot compare, to be compared by content. */
    private final List<String> uncomparedLinks = new ArrayList<>();

    private final TreeSet<String> missingInRegistry = new TreeSet<>();
    private Optional<Comparison> first = Optional.empty();
    private final List<String> commands = new ArrayList<>();
    private long comparedKeys;
    private long handled;

    /**
     * The result of a shard.
     *
     * @param problem why the comparison is not reliable; empty if it is
     * @param missingInRegistry the keys that only the backup has; empty unless the comparison is reliable
     * @param keyResults the results of the keys that rclone reported
     * @param commands the rclone commands
     * @param comparedKeys how many keys rclone reported, in all rounds
     * @param initialKeys how many keys it reported in the first round
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

    /** Prepares the reconciliation of this shard. */
    ShardReconciler(
            Shard shard, Comparer comparer, StorePair storePair, CopyPhase copyPhase, ReconcileStats reconcileStats) {
        this.shard = shard;
        this.comparer = comparer;
        this.registry = storePair.registry();
        this.layout = storePair.layout();
        this.copyPhase = copyPhase;
        this.reconcileStats = reconcileStats;
    }

    /** Compares the shard for the first time. Copies nothing, so other shards may be compared or copied meanwhile. */
    void compare() {
        first = Optional.of(recordComparison(comparer.compare(shard, this::handle)));
    }

    /** Copies what {@link #compare} has found, and compares again. */
    ShardResult copy() {
        Comparison comparison = first.orElseThrow();
        uncomparedLinks.forEach(key -> copyPhase.copy(key, InBackup.DIFFERENT, keyResult -> {
            if (keyResult.state() != State.SAME) {
                putResult(key, keyResult);
            }
        }));
        copyAll(firstDifferences, comparison.isReliable(), comparison.keys());
        String problem = comparison.isReliable() ? confirm(comparison.keys()) : comparison.problem();
        missingInRegistry.forEach(key -> reconcileStats.add(layout.parse(key).kind(), Count.MISSING_IN_REGISTRY, 1));
        return new ShardResult(
                problem,
                comparison.isReliable() ? missingInRegistry : new TreeSet<>(),
                Map.copyOf(keyResults),
                commands,
                comparedKeys,
                comparison.keys());
    }

    private Comparison recordComparison(Comparison comparison) {
        commands.add(comparison.command());
        comparedKeys += comparison.keys();
        return comparison;
    }

    private void handle(Difference difference) {
        String key = difference.key();
        Kind kind = layout.parse(key).kind();
        if (!isCompared(kind)) {
            return;
        }
        if (++handled % KEYS_PER_REQUEST == 0) {
            copyPhase.checkFence();
        }
        switch (difference.kind()) {
            case SAME -> {
                reconcileStats.add(kind, Count.IN_REGISTRY, 1);
                // All of them have one size.
                if (shard.compareBy() == CompareBy.SIZE && kind == Kind.TAG_CURRENT_LINK) {
                    uncomparedLinks.add(key);
                }
            }
            case ONLY_IN_REGISTRY, DIFFERENT -> {
                reconcileStats.add(kind, Count.IN_REGISTRY, 1);
                firstDifferences.add(difference);
            }
            case ONLY_IN_BACKUP -> {
                if (kind != Kind.UNKNOWN) {
                    missingInRegistry.add(key);
                }
            }
        }
    }

    private static boolean isCompared(Kind kind) {
        return kind != Kind.UPLOAD && kind != Kind.EXCLUDED;
    }

    /**
     * Copies the differing keys in key order: a repository's layer links come before its revisions, and these before its
     * tags. So each key's dependencies are already copied and cached, and cost no request. Reads a listing of the registry alongside if that takes fewer requests than one for each key.
     *
     * @param isReliable whether the comparison that reported them is reliable
     * @param shardKeys how many keys the shard has
     */
    private void copyAll(List<Difference> differences, boolean isReliable, long shardKeys) {
        // An unreliable comparison proves nothing: a key that it reports as missing may be there.
        InBackup unlessDifferent = isReliable ? InBackup.ABSENT : InBackup.UNKNOWN;
        boolean isListed = shard.isFastList() && differences.size() > shardKeys / KEYS_PER_REQUEST;
        try (SortedListing listing = isListed ? SortedListing.of(registry, shard.prefix()) : SortedListing.empty()) {
            for (int next = 0; next < differences.size(); next++) {
                String key = differences.get(next).key();
                Optional<ObjectInfo> listed = listing.find(key);
                List<Difference> following = differences.subList(next + 1, differences.size());
                Optional<Digest> target = listed.flatMap(there -> provableTarget(there, following));
                boolean isDifferent = differences.get(next).kind() == Difference.Kind.DIFFERENT;
                copyPhase.copy(
                        key,
                        isDifferent ? InBackup.DIFFERENT : unlessDifferent,
                        listed,
                        target,
                        keyResult -> putResult(key, keyResult));
            }
        }
        copyPhase.await();
    }

    /**
     * The content of a link in the registry, if its ETag shows it: the digest in its path, or for a tag one of its
     * history.
     *
     * @param following the differences after it, the tag's history first
     */
    private Optional<Digest> provableTarget(ObjectInfo listed, List<Difference> following) {
        RegistryPath path = layout.parse(listed.key());
        if (path instanceof TagCurrentLink tag) {
            return following.stream()
                    .map(difference -> layout.parse(difference.key()))
                    .takeWhile(next -> next instanceof TagIndexLink entry
                            && entry.current().equals(tag))
                    .map(next -> ((TagIndexLink) next).digest())
                    .filter(ObjectRef.of(listed)::provablyPointsTo)
                    .findFirst();
        }
        return path instanceof DigestLink link && link.digest().algorithm() == DigestAlgorithm.SHA256
                ? Optional.of(link.digest()).filter(ObjectRef.of(listed)::provablyPointsTo)
                : Optional.empty();
    }

    private void putResult(String key, KeyResult keyResult) {
        keyResults.merge(key, keyResult, (before, now) -> now.mergedWith(before));
    }

    /**
     * Compares again until nothing is reported whose result is not final, and copies that again.
     *
     * @param shardKeys how many keys the shard has
     * @return why the last comparison is not reliable; empty if it is
     */
    private String confirm(long shardKeys) {
        for (int round = 1; round <= MAX_ROUNDS; round++) {
            List<String> unconfirmed = keyResults.entrySet().stream()
                    .filter(entry -> !entry.getValue().isFinal())
                    .map(Map.Entry::getKey)
                    .toList();
            if (unconfirmed.isEmpty()) {
                return "";
            }
            List<Difference> again = new ArrayList<>();
            Consumer<Difference> found = difference -> addUnlessFinal(difference, again);
            // A few keys take fewer requests one by one than the whole shard does.
            boolean isFew = (long) unconfirmed.size() * REQUESTS_PER_KEY <= shardKeys / KEYS_PER_REQUEST;
            Comparison comparison = recordComparison(
                    isFew ? comparer.compareKeys(shard, unconfirmed, found) : comparer.compare(shard, found));
            if (!comparison.isReliable() || again.isEmpty()) {
                return comparison.problem();
            }
            if (round == MAX_ROUNDS) {
                again.forEach(difference ->
                        keyResults.computeIfPresent(difference.key(), (key, before) -> before.stillDiffering()));
                again.removeIf(difference -> keyResults.containsKey(difference.key()));
            }
            copyAll(again, true, shardKeys);
        }
        return "";
    }

    private void addUnlessFinal(Difference difference, List<Difference> again) {
        boolean isNamed =
                difference.kind() == Difference.Kind.ONLY_IN_REGISTRY || difference.kind() == Difference.Kind.DIFFERENT;
        KeyResult known = keyResults.get(difference.key());
        Kind kind = layout.parse(difference.key()).kind();
        if (isNamed && isCompared(kind) && (known == null || !known.isFinal())) {
            again.add(difference);
        }
    }
}
