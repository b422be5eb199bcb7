package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
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
import java.util.function.Predicate;

/**
 * Brings blobs into the backup, each once however often it is asked for at the same time. Safe for use by many threads.
 *
 * <p>Whether a blob is there already its size decides, since all that we write there was proved; in a bucket that
 * something else filled it is read and proved first ({@link VerifiedMarker}).
 */
public final class BlobReplicator {
    private final RegistryLayout layout;
    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ObjectCopier copier;
    private final VerifiedMarker verifiedMarker;
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
        this.workerPools = workerPools;
        this.durableKeys = durable;
    }

    /** What both stores have of a blob, and whether the backup's may be taken for good without reading it. */
    private record BlobLookup(Optional<ObjectInfo> copy, Optional<ObjectInfo> source, boolean isTrusted) {
        boolean isPresent() {
            return isTrusted && copy.isPresent();
        }
    }

    /**
     * Brings a blob that the registry is said to have written, if the backup lacks it or has it in another size.
     *
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyIfDifferent(Digest digest) {
        return submitUnlessDurable(digest, copy -> false);
    }

    /**
     * Brings a blob that something refers to, if the backup lacks it. A copy of the size given, or without one any copy
     * that we wrote, needs no look at the registry.
     *
     * @param size the size that a manifest gives it, if one does
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyIfMissing(Digest digest, OptionalLong size) {
        return submitUnlessDurable(digest, copy -> isSufficient(copy, size));
    }

    /**
     * Copies a blob that the backup was just seen to lack, without another look at either store: a small one costs a read
     * and a write.
     *
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyAbsent(Digest digest) {
        String key = layout.blobKey(digest);
        return executor.submit(key, () -> {
            if (durableKeys.contains(key)) {
                return present(digest);
            }
            return workerPools
                    .submitSmall(() -> openAndCopy(key, digest))
                    .thenCompose(opened -> opened.tooLarge()
                            .map(source -> workerPools.submitForSize(source.size(), () -> copy(source, digest)))
                            .orElseGet(() -> CompletableFuture.completedFuture(opened.result())))
                    .thenApply(copy -> markDurable(key, copy));
        });
    }

    /** What became of a blob that was opened, unless it turned out too large to be copied with the small ones. */
    private record OpenedBlob(ReplicationResult result, Optional<ObjectInfo> tooLarge) {}

    private OpenedBlob openAndCopy(String key, Digest digest) {
        // A bucket that is still empty is marked before anything is written there.
        verifiedMarker.isSet();
        try (OpenObject opened = registry.open(key, Optional.empty(), Optional.empty())) {
            ObjectInfo source = opened.info();
            return source.size() > WorkerPools.MAX_SMALL_BYTES
                    ? new OpenedBlob(
                            ReplicationResult.ofBlob(digest, ReplicationStatus.SOURCE_MISSING), Optional.of(source))
                    : new OpenedBlob(
                            copy(digest, source.size(), () -> copier.copySmall(opened, digest)), Optional.empty());
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return new OpenedBlob(
                        ReplicationResult.ofBlob(digest, ReplicationStatus.SOURCE_MISSING), Optional.empty());
            }
            throw e;
        }
    }

    private static CompletableFuture<ReplicationResult> present(Digest digest) {
        return CompletableFuture.completedFuture(ReplicationResult.ofBlob(digest, ReplicationStatus.PRESENT));
    }

    private static boolean isSufficient(ObjectInfo copy, OptionalLong size) {
        return size.isPresent() ? copy.size() == size.getAsLong() : SourceMetadata.isReplicated(copy);
    }

    private CompletableFuture<ReplicationResult> submitUnlessDurable(Digest digest, Predicate<ObjectInfo> enough) {
        String key = layout.blobKey(digest);
        if (durableKeys.contains(key)) {
            return present(digest);
        }
        return executor.submit(key, () -> {
            if (durableKeys.contains(key)) {
                return present(digest);
            }
            return workerPools
                    .submitSmall(() -> lookUp(key, enough))
                    .thenCompose(blobLookup -> copyOrVerify(digest, blobLookup))
                    .thenApply(copy -> markDurable(key, copy));
        });
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

    private BlobLookup lookUp(String key, Predicate<ObjectInfo> enough) {
        boolean trusted = verifiedMarker.isSet();
        Optional<ObjectInfo> copy = backup.headBeforeWrite(key);
        if (trusted && copy.filter(enough).isPresent()) {
            return new BlobLookup(copy, Optional.empty(), true);
        }
        Optional<ObjectInfo> origin = registry.head(key);
        boolean sameSize = copy.isPresent()
                && (origin.isEmpty() || copy.get().size() == origin.get().size());
        return new BlobLookup(copy, origin, trusted && sameSize);
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
        return copy(
                digest, origin.size(), () -> copier.copy(SourceObject.current(registry, origin), Optional.of(digest)));
    }

    private static ReplicationResult copy(Digest digest, long size, Runnable copying) {
        try {
            copying.run();
            return ReplicationResult.ofBlob(digest, ReplicationStatus.COPIED, size, "");
        } catch (DigestMismatchException e) {
            return ReplicationResult.ofBlob(digest, ReplicationStatus.CORRUPT, 0, String.valueOf(e.getMessage()));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return ReplicationResult.ofBlob(digest, ReplicationStatus.SOURCE_MISSING);
            }
            throw e;
        }
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
