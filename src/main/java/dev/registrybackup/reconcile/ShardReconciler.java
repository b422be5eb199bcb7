package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.WorkerPools;
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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Reconciles one shard: copies the keys that differ while it is compared, and compares again until none differs that
 * another copy could change. For one use, by one thread.
 */
final class ShardReconciler {
    /** For single keys rclone lists each directory above a key, in both stores. */
    private static final int REQUESTS_PER_KEY = 4;

    /** How often a shard is compared again. */
    private static final int MAX_CONFIRMATIONS = 5;

    private final Shard shard;
    private final Comparer comparer;
    private final ObjectStore registry;
    private final RegistryLayout layout;
    private final CopyPhase copyPhase;
    private final ReconcileStats reconcileStats;
    private final BiConsumer<String, KeyResult> results;
    private final KeyFile missingInRegistry;
    private final CompletableFuture<?> earlierShards;

    private final List<String> commands = new ArrayList<>();
    private final BoundedKeys remaining = new BoundedKeys();
    /** Keys whose listings differ though their content does not. */
    private final BoundedKeys equal = new BoundedKeys();
    /** The keys that this round has copied. */
    private BoundedKeys copied = new BoundedKeys();

    private Optional<WaitingTag> waitingTag = Optional.empty();
    /** Describes the registry's objects, if this round compares all keys. */
    private Optional<SortedListing> registryListing = Optional.empty();
    /** How many keys this round has compared so far. */
    private long position;

    private long comparedKeys;
    private Optional<ShardResult> result = Optional.empty();

    /**
     * A tag's current link that the backup does not have. It waits for its history, which is listed next and may show its
     * target.
     */
    private record WaitingTag(TagCurrentLink path, ObjectInfo listed, Consumer<KeyResult> then) {}

    /** Keys, of which no more than {@value #MAX_KEYS} are kept. Safe for use by many threads. */
    private static final class BoundedKeys {
        private static final int MAX_KEYS = 10_000;

        private final Set<String> keys = new HashSet<>();
        private long count;

        synchronized void add(String key) {
            count++;
            if (keys.size() < MAX_KEYS) {
                keys.add(key);
            }
        }

        synchronized long count() {
            return count;
        }

        synchronized boolean contains(String key) {
            return keys.contains(key);
        }

        /** All keys; empty if they were too many. */
        synchronized Optional<Set<String>> all() {
            return count > MAX_KEYS ? Optional.empty() : Optional.of(Set.copyOf(keys));
        }
    }

    /**
     * The result of a shard.
     *
     * @param problem why the comparison is not reliable; empty if it is
     * @param commands the rclone commands
     * @param comparedKeys how many keys rclone reported, in all rounds
     */
    record ShardResult(String problem, List<String> commands, long comparedKeys) {
        boolean isReliable() {
            return problem.isEmpty();
        }
    }

    /**
     * Prepares the reconciliation of this shard.
     *
     * @param results receives the result of each key that differed, on any thread; again if it was copied again
     * @param missingInRegistry receives the keys that only the backup has
     * @param earlierShards completed once nothing of the shards before this one is copied any more
     */
    ShardReconciler(
            Shard shard,
            Comparer comparer,
            StorePair storePair,
            CopyPhase copyPhase,
            ReconcileStats reconcileStats,
            BiConsumer<String, KeyResult> results,
            KeyFile missingInRegistry,
            CompletableFuture<?> earlierShards) {
        this.shard = shard;
        this.comparer = comparer;
        this.registry = storePair.registry();
        this.layout = storePair.layout();
        this.copyPhase = copyPhase;
        this.reconcileStats = reconcileStats;
        this.results = results;
        this.missingInRegistry = missingInRegistry;
        this.earlierShards = earlierShards;
    }

    /**
     * Compares and copies the shard.
     *
     * @throws dev.registrybackup.operation.FencedException if the run must stop
     */
    void run() {
        Comparison first = compareAll(this::handle);
        Comparison last = first;
        for (int round = 1; mayCompareAgain(last) && round <= MAX_CONFIRMATIONS; round++) {
            last = compareAgain(first.keys(), round == MAX_CONFIRMATIONS);
        }
        result = Optional.of(new ShardResult(last.problem(), commands, comparedKeys));
    }

    /** Not if keys remain that are not kept: they would be copied and reported again each time. */
    private boolean mayCompareAgain(Comparison last) {
        return last.isReliable() && copied.count() > 0 && remaining.all().isPresent();
    }

    /** The result, once it has run. */
    ShardResult result() {
        return result.orElseThrow();
    }

    private Comparison compareAll(Consumer<Difference> found) {
        // Shards that are listed by directory have few keys among many others.
        if (!shard.isFastList()) {
            return finishRound(comparer.compare(shard, found));
        }
        try (SortedListing listing = new SortedListing(registry, shard.prefix())) {
            registryListing = Optional.of(listing);
            return finishRound(comparer.compare(shard, found));
        } finally {
            registryListing = Optional.empty();
        }
    }

    private Comparison finishRound(Comparison comparison) {
        copyWaitingTag(Optional.empty());
        WorkerPools.join(earlierShards);
        copyPhase.await();
        commands.add(comparison.command());
        comparedKeys += comparison.keys();
        position = 0;
        return comparison;
    }

    private void handle(Difference difference) {
        String key = difference.key();
        RegistryPath path = layout.parse(key);
        if (!moveTo(path)) {
            return;
        }
        switch (difference.kind()) {
            case SAME -> {
                reconcileStats.add(path.kind(), Count.IN_REGISTRY, 1);
                // All of them have one size.
                if (shard.compareBy() == CompareBy.SIZE && path instanceof TagCurrentLink) {
                    WorkerPools.join(earlierShards);
                    copyPhase.copy(key, InBackup.DIFFERENT, keyResult -> addIfChanged(key, keyResult));
                }
            }
            case ONLY_IN_REGISTRY, DIFFERENT -> {
                reconcileStats.add(path.kind(), Count.IN_REGISTRY, 1);
                copy(difference, path, keyResult -> addResult(key, keyResult));
            }
            case ONLY_IN_BACKUP -> {
                if (path.kind() != Kind.UNKNOWN) {
                    missingInRegistry.add(key);
                }
            }
        }
    }

    /** Moves on to the object that the listings have next; returns whether it is compared. Throws if the run must stop. */
    private boolean moveTo(RegistryPath path) {
        copyPhase.checkFence();
        position++;
        if (path.kind() == Kind.UPLOAD || path.kind() == Kind.EXCLUDED) {
            return false;
        }
        passWaitingTag(path);
        return true;
    }

    /**
     * Copies an object, after what earlier shards copy, because links lead to blobs. A repository's layer links come before
     * its revisions, and these before its tags, so what each one leads to is already copied and costs no request.
     */
    private void copy(Difference difference, RegistryPath path, Consumer<KeyResult> then) {
        String key = difference.key();
        WorkerPools.join(earlierShards);
        Optional<ObjectInfo> listed = registryListing.flatMap(listing -> listing.find(key, position));
        if (difference.kind() == Difference.Kind.DIFFERENT) {
            copyPhase.copy(key, InBackup.DIFFERENT, listed, Optional.empty(), then);
        } else if (path instanceof TagCurrentLink tag && listed.isPresent()) {
            waitingTag = Optional.of(new WaitingTag(tag, listed.get(), then));
        } else {
            Optional<Digest> target = listed.flatMap(object -> provableTarget(path, object));
            copyPhase.copy(key, InBackup.ABSENT, listed, target, then);
        }
    }

    /** The content of a link in the registry, if its ETag shows that it is the digest in its path. */
    private static Optional<Digest> provableTarget(RegistryPath path, ObjectInfo listed) {
        return path instanceof DigestLink link && link.digest().algorithm() == DigestAlgorithm.SHA256
                ? Optional.of(link.digest()).filter(ObjectRef.of(listed)::provablyPointsTo)
                : Optional.empty();
    }

    /** Copies the waiting tag if the next object shows its target, or is no longer its history. */
    private void passWaitingTag(RegistryPath next) {
        waitingTag.ifPresent(tag -> {
            boolean isHistory =
                    next instanceof TagIndexLink entry && entry.current().equals(tag.path());
            Optional<Digest> target = isHistory ? provableTarget(next, tag.listed()) : Optional.empty();
            if (!isHistory || target.isPresent()) {
                copyWaitingTag(target);
            }
        });
    }

    private void copyWaitingTag(Optional<Digest> target) {
        Optional<WaitingTag> waited = waitingTag;
        waitingTag = Optional.empty();
        waited.ifPresent(tag ->
                copyPhase.copy(tag.listed().key(), InBackup.ABSENT, Optional.of(tag.listed()), target, tag.then()));
    }

    private void addResult(String key, KeyResult keyResult) {
        reconcileStats.add(layout.parse(key).kind(), Count.DIFFERING, 1);
        addState(key, keyResult);
        results.accept(key, keyResult);
    }

    private void addState(String key, KeyResult keyResult) {
        switch (keyResult.state()) {
            case COPIED -> copied.add(key);
            case SAME -> equal.add(key);
            case REMAINING -> remaining.add(key);
            case SOURCE_MISSING, SKIPPED -> {}
        }
    }

    /** Adds the result of a key that the first listings did not show as different. */
    private void addIfChanged(String key, KeyResult keyResult) {
        if (keyResult.state() == State.COPIED || keyResult.state() == State.REMAINING) {
            addResult(key, keyResult);
        } else {
            addState(key, keyResult);
        }
    }

    /** Adds the result of a key that differs again after it was copied, and counts as differing and copied already. */
    private void addAgain(String key, KeyResult keyResult) {
        addState(key, keyResult);
        if (keyResult.state() == State.REMAINING) {
            results.accept(key, keyResult);
        }
    }

    /**
     * Compares again, and copies again what differs, except keys that another copy does not change.
     *
     * @param shardKeys how many keys the shard has
     * @param isLast whether this is the last time, so that what the round before has copied and still differs remains
     */
    private Comparison compareAgain(long shardKeys, boolean isLast) {
        BoundedKeys before = copied;
        copied = new BoundedKeys();
        Consumer<Difference> found = difference -> {
            String key = difference.key();
            RegistryPath path = layout.parse(key);
            boolean isDifferent = difference.kind() == Difference.Kind.ONLY_IN_REGISTRY
                    || difference.kind() == Difference.Kind.DIFFERENT;
            if (!moveTo(path) || !isDifferent || remaining.contains(key) || equal.contains(key)) {
                return;
            }
            boolean isAgain = before.contains(key);
            if (isLast && isAgain) {
                addAgain(key, KeyResult.stillDiffering());
            } else {
                copy(difference, path, keyResult -> {
                    if (isAgain) {
                        addAgain(key, keyResult);
                    } else {
                        addIfChanged(key, keyResult);
                    }
                });
            }
        };
        // A few keys take fewer requests one by one than the whole shard does.
        Optional<Set<String>> few = before.all()
                .filter(keys -> (long) keys.size() * REQUESTS_PER_KEY <= shardKeys / SortedListing.KEYS_PER_REQUEST);
        return few.isPresent() ? finishRound(comparer.compareKeys(shard, few.get(), found)) : compareAll(found);
    }
}
