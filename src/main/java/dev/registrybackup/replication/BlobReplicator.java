package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ConditionalWrites;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.RegistryLayout;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Brings blobs into the backup, each once however often it is asked for at the same time. Safe for use by many threads.
 *
 * <p>Whether a blob is there already its size decides, since all that we write there was proved; in a bucket that
 * something else filled it is read and proved first ({@link VerifiedMarker}).
 */
public final class BlobReplicator {
    /** All of a small object; of a large one the store reads no more for nothing. */
    private static final ByteRange SMALL_OBJECT = new ByteRange(0, WorkerPools.MAX_SMALL_BYTES);

    private final RegistryLayout layout;
    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ObjectCopier copier;
    private final VerifiedMarker verifiedMarker;
    private final ConditionalWrites conditionalWrites;
    private final WorkerPools workerPools;
    private final ExpiringKeySet durableKeys;
    private final CoalescingExecutor<ReplicationResult> executor = new CoalescingExecutor<>();

    /** Brings blobs of the registry into the backup. */
    public BlobReplicator(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            VerifiedMarker adopted,
            WorkerPools workerPools,
            ExpiringKeySet durable) {
        this.layout = layout;
        this.registry = registry;
        this.backup = backup;
        this.copier = new ObjectCopier(backup, SourceMetadata::of);
        this.verifiedMarker = adopted;
        this.conditionalWrites = new ConditionalWrites(backup);
        this.workerPools = workerPools;
        this.durableKeys = durable;
    }

    /** What is known of the backup's store, which links are written to as well. */
    ConditionalWrites conditionalWrites() {
        return conditionalWrites;
    }

    /**
     * What both stores have of a blob.
     *
     * @param isTrusted whether the backup's may be taken for good without reading it
     */
    private record BlobLookup(Optional<ObjectInfo> copy, Optional<ObjectInfo> source, boolean isTrusted) {
        boolean isPresent() {
            return isTrusted && copy.isPresent();
        }
    }

    /** How far a few small requests led: to the end, or to what both stores have. */
    private record Attempt(Optional<ReplicationResult> result, BlobLookup lookup) {
        static Attempt finished(Digest digest, ReplicationStatus status) {
            return new Attempt(
                    Optional.of(ReplicationResult.ofBlob(digest, status)),
                    new BlobLookup(Optional.empty(), Optional.empty(), false));
        }
    }

    /**
     * Brings a blob that the registry is said to have written, if the backup lacks it or has it in another size. Most are
     * new, so a small one is read and written at once, on condition that there is none: two requests. Where it is large, or
     * the store heeds no condition, the backup is asked before.
     *
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyIfDifferent(Digest digest) {
        return submitUnlessDurable(
                digest,
                key -> conditionalWrites.areHeeded()
                        ? openAndCopy(key, digest, false)
                        : lookUpOrCopy(key, digest, copy -> false, OptionalLong.empty()));
    }

    /**
     * Brings a blob that something refers to, if the backup lacks it. A copy of the size given, or without one any copy
     * that we wrote, needs no look at the registry.
     *
     * @param size the size that a manifest gives it, if one does
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyIfMissing(Digest digest, OptionalLong size) {
        return submitUnlessDurable(digest, key -> lookUpOrCopy(key, digest, copy -> isSufficient(copy, size), size));
    }

    /**
     * Copies a blob that the backup was just seen to lack, without another look at either store: a small one costs a read
     * and a write.
     *
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyAbsent(Digest digest) {
        return submitUnlessDurable(digest, key -> openAndCopy(key, digest, true));
    }

    private CompletableFuture<ReplicationResult> submitUnlessDurable(Digest digest, Function<String, Attempt> start) {
        String key = layout.blobKey(digest);
        if (durableKeys.contains(key)) {
            return present(digest);
        }
        return executor.submit(key, () -> {
            if (durableKeys.contains(key)) {
                return present(digest);
            }
            return workerPools
                    .submitSmall(() -> {
                        // A bucket that is still empty is marked before anything is written there.
                        verifiedMarker.isSet();
                        return start.apply(key);
                    })
                    .thenCompose(attempt -> attempt.result()
                            .map(result ->
                                    fallBackToBackup(result, attempt.lookup().copy(), digest))
                            .orElseGet(() -> copyOrVerify(digest, attempt.lookup())))
                    .thenApply(copy -> markDurable(key, copy));
        });
    }

    private static CompletableFuture<ReplicationResult> present(Digest digest) {
        return CompletableFuture.completedFuture(ReplicationResult.ofBlob(digest, ReplicationStatus.PRESENT));
    }

    private static boolean isSufficient(ObjectInfo copy, OptionalLong size) {
        return size.isPresent() ? copy.size() == size.getAsLong() : SourceMetadata.isReplicated(copy);
    }

    private Attempt lookUpOrCopy(String key, Digest digest, Predicate<ObjectInfo> enough, OptionalLong size) {
        Optional<ObjectInfo> copy = backup.headBeforeWrite(key);
        // A large object must not stall a thread for small ones.
        if (copy.isEmpty() && size.orElse(0) <= WorkerPools.MAX_SMALL_BYTES) {
            return openAndCopy(key, digest, true);
        }
        return verifiedMarker.isSet() && copy.filter(enough).isPresent()
                ? Attempt.finished(digest, ReplicationStatus.PRESENT)
                : new Attempt(Optional.empty(), lookUp(copy, registry.head(key)));
    }

    /**
     * Copies a small blob with a read and a write.
     *
     * @param isAbsent whether the backup is known to lack it; otherwise it is asked where that write is refused or not made
     */
    private Attempt openAndCopy(String key, Digest digest, boolean isAbsent) {
        Optional<ObjectInfo> source = Optional.empty();
        try (OpenObject opened = registry.open(key, Optional.of(SMALL_OBJECT), Optional.empty())) {
            ObjectInfo info = opened.info();
            source = Optional.of(info);
            if (info.size() <= WorkerPools.MAX_SMALL_BYTES && copier.copySmall(opened, digest, isAbsent)) {
                return new Attempt(
                        Optional.of(ReplicationResult.ofBlob(digest, ReplicationStatus.COPIED, info.size(), "")),
                        lookUp(Optional.empty(), source));
            }
        } catch (DigestMismatchException e) {
            return new Attempt(
                    Optional.of(corrupt(digest, e)),
                    lookUp(isAbsent ? Optional.empty() : backup.headBeforeWrite(key), source));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.PRECONDITION_FAILED) {
                // An empty object has no first byte.
                source = registry.head(key);
            } else if (e.error() != StoreError.NOT_FOUND) {
                throw e;
            }
        }
        return new Attempt(Optional.empty(), lookUp(isAbsent ? Optional.empty() : backup.headBeforeWrite(key), source));
    }

    private ReplicationResult markDurable(String key, ReplicationResult copy) {
        if (copy.isInBackup()) {
            durableKeys.add(key);
        }
        return copy;
    }

    /** Copies the blob over what the backup has, which was found to be damaged. */
    public CompletableFuture<ReplicationResult> overwrite(Digest digest) {
        String key = layout.blobKey(digest);
        durableKeys.remove(key);
        return executor.submit(
                key,
                () -> workerPools
                        .submitSmall(() -> new BlobLookup(Optional.empty(), registry.head(key), false))
                        .thenCompose(blobLookup -> copyOrVerify(digest, blobLookup)));
    }

    private BlobLookup lookUp(Optional<ObjectInfo> copy, Optional<ObjectInfo> source) {
        boolean sameSize = copy.isPresent()
                && (source.isEmpty() || copy.get().size() == source.get().size());
        return new BlobLookup(copy, source, sameSize && verifiedMarker.isSet());
    }

    private CompletableFuture<ReplicationResult> copyOrVerify(Digest digest, BlobLookup blobLookup) {
        if (blobLookup.isPresent()) {
            return present(digest);
        }
        if (blobLookup.source().isEmpty()) {
            return verifyCopy(blobLookup.copy(), digest)
                    .thenApply(good -> ReplicationResult.ofBlob(
                            digest, good ? ReplicationStatus.PRESENT : ReplicationStatus.SOURCE_MISSING));
        }
        ObjectInfo origin = blobLookup.source().get();
        boolean couldBeGood =
                blobLookup.copy().filter(copy -> copy.size() == origin.size()).isPresent();
        return verifyCopy(couldBeGood ? blobLookup.copy() : Optional.empty(), digest)
                .thenCompose(good -> good
                        ? present(digest)
                        : workerPools
                                .submitForSize(origin.size(), () -> copy(origin, digest))
                                .thenCompose(result -> fallBackToBackup(result, blobLookup.copy(), digest)));
    }

    private ReplicationResult copy(ObjectInfo origin, Digest digest) {
        try {
            copier.copy(SourceObject.current(registry, origin), Optional.of(digest));
            return ReplicationResult.ofBlob(digest, ReplicationStatus.COPIED, origin.size(), "");
        } catch (DigestMismatchException e) {
            return corrupt(digest, e);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return ReplicationResult.ofBlob(digest, ReplicationStatus.SOURCE_MISSING);
            }
            throw e;
        }
    }

    private static ReplicationResult corrupt(Digest digest, DigestMismatchException e) {
        return ReplicationResult.ofBlob(digest, ReplicationStatus.CORRUPT, 0, String.valueOf(e.getMessage()));
    }

    /** Where the registry's blob is gone or bad, a good one in the backup of whatever size is what counts. */
    private CompletableFuture<ReplicationResult> fallBackToBackup(
            ReplicationResult result, Optional<ObjectInfo> copy, Digest digest) {
        if (result.isInBackup()) {
            return CompletableFuture.completedFuture(result);
        }
        ReplicationResult kept = result.status() == ReplicationStatus.CORRUPT
                ? ReplicationResult.ofBlob(digest, ReplicationStatus.SOURCE_CORRUPT, 0, result.problem())
                : ReplicationResult.ofBlob(digest, ReplicationStatus.PRESENT);
        return verifyCopy(copy, digest).thenApply(good -> good ? kept : result);
    }

    private CompletableFuture<Boolean> verifyCopy(Optional<ObjectInfo> copy, Digest digest) {
        return copy.map(there -> workerPools.submitForSize(
                        there.size(), () -> SourceObject.current(backup, there).matches(digest)))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }
}
