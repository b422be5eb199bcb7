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
 * Copies blobs into the backup. Concurrent calls for the same blob copy it once. Safe for use by many threads.
 *
 * <p>A blob in the backup is valid if it has the right size, because every blob was verified before it was written. In
 * a bucket that another program filled, each blob is read and verified first ({@link VerifiedMarker}).
 */
public final class BlobReplicator {
    /** Covers a whole small object, and limits what the store sends of a large one, which is read again later. */
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

    /**
     * Copies blobs from the registry into the backup.
     *
     * @param durableKeys the keys that are known to be durable in the backup; for these no request is made
     */
    public BlobReplicator(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            VerifiedMarker verifiedMarker,
            WorkerPools workerPools,
            ExpiringKeySet durableKeys) {
        this.layout = layout;
        this.registry = registry;
        this.backup = backup;
        this.copier = new ObjectCopier(backup, SourceMetadata::of);
        this.verifiedMarker = verifiedMarker;
        this.conditionalWrites = new ConditionalWrites(backup);
        this.workerPools = workerPools;
        this.durableKeys = durableKeys;
    }

    /** Whether the backup store supports conditional writes. Shared, because links are written to the same store. */
    ConditionalWrites conditionalWrites() {
        return conditionalWrites;
    }

    /**
     * A blob as both stores have it.
     *
     * @param isTrusted whether the backup's copy, if there is one, is valid without being read
     */
    private record BlobLookup(Optional<ObjectInfo> copy, Optional<ObjectInfo> source, boolean isTrusted) {
        boolean isPresent() {
            return isTrusted && copy.isPresent();
        }
    }

    /** The outcome of the first small requests: a result, or the lookup that a full copy starts from. */
    private record Attempt(Optional<ReplicationResult> result, BlobLookup lookup) {
        static Attempt finished(Digest digest, ReplicationStatus status) {
            return new Attempt(
                    Optional.of(ReplicationResult.ofBlob(digest, status)),
                    new BlobLookup(Optional.empty(), Optional.empty(), false));
        }
    }

    /**
     * Copies a blob that an event announced, if it is missing in the backup or has another size there. Most announced
     * blobs are new, so a small one is read and written at once with {@code If-None-Match}: two requests. If the blob
     * is large, or the store ignores the condition, the backup is asked first.
     *
     * @return the result; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyIfDifferent(Digest digest) {
        return submitUnlessDurable(
                digest,
                key -> conditionalWrites.areHeeded()
                        ? openAndCopy(key, digest, false)
                        : lookUpOrCopy(key, digest, copy -> false, OptionalLong.empty()));
    }

    /**
     * Copies a blob that a manifest or link refers to, if it is missing in the backup. The registry is not asked if the
     * backup's copy has the given size or, if none is given, was written by this program.
     *
     * @param size the size in bytes that the manifest states; empty if none is stated
     * @return the result; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyIfMissing(Digest digest, OptionalLong size) {
        return submitUnlessDurable(digest, key -> lookUpOrCopy(key, digest, copy -> isSufficient(copy, size), size));
    }

    /**
     * Copies a blob that a listing has just shown to be missing in the backup. Makes no further lookup: a small blob
     * costs one read and one write.
     *
     * @return the result; fails with {@link ObjectStoreException} if a store failed
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
                        // Marks an empty bucket as verified; after the first write it would not be empty.
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

    private Attempt lookUpOrCopy(String key, Digest digest, Predicate<ObjectInfo> isSufficient, OptionalLong size) {
        Optional<ObjectInfo> copy = backup.headBeforeWrite(key);
        // A large object must not block a thread of the pool for small objects.
        if (copy.isEmpty() && size.orElse(0) <= WorkerPools.MAX_SMALL_BYTES) {
            return openAndCopy(key, digest, true);
        }
        return verifiedMarker.isSet() && copy.filter(isSufficient).isPresent()
                ? Attempt.finished(digest, ReplicationStatus.PRESENT)
                : new Attempt(Optional.empty(), lookUp(copy, registry.head(key)));
    }

    /**
     * Copies a small blob with one read and one write. For a large blob, only looks it up.
     *
     * @param isAbsent whether the blob is known to be missing in the backup; otherwise the write is conditional, and
     *     the backup is asked if nothing was written
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
                // The range cannot be satisfied: an empty object has no first byte.
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

    /**
     * Copies the blob over a copy in the backup that was found to be corrupt.
     *
     * @return the result; fails with {@link ObjectStoreException} if a store failed
     */
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
                    .thenApply(valid -> ReplicationResult.ofBlob(
                            digest, valid ? ReplicationStatus.PRESENT : ReplicationStatus.SOURCE_MISSING));
        }
        ObjectInfo source = blobLookup.source().get();
        boolean hasSourceSize =
                blobLookup.copy().filter(copy -> copy.size() == source.size()).isPresent();
        return verifyCopy(hasSourceSize ? blobLookup.copy() : Optional.empty(), digest)
                .thenCompose(valid -> valid
                        ? present(digest)
                        : workerPools
                                .submitForSize(source.size(), () -> copy(source, digest))
                                .thenCompose(result -> fallBackToBackup(result, blobLookup.copy(), digest)));
    }

    private ReplicationResult copy(ObjectInfo source, Digest digest) {
        try {
            copier.copy(SourceObject.current(registry, source), Optional.of(digest));
            return ReplicationResult.ofBlob(digest, ReplicationStatus.COPIED, source.size(), "");
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

    /** If the registry's blob is missing or corrupt, a valid copy in the backup counts, whatever its size. */
    private CompletableFuture<ReplicationResult> fallBackToBackup(
            ReplicationResult result, Optional<ObjectInfo> copy, Digest digest) {
        if (result.isInBackup()) {
            return CompletableFuture.completedFuture(result);
        }
        ReplicationResult fallback = result.status() == ReplicationStatus.CORRUPT
                ? ReplicationResult.ofBlob(digest, ReplicationStatus.SOURCE_CORRUPT, 0, result.problem())
                : ReplicationResult.ofBlob(digest, ReplicationStatus.PRESENT);
        return verifyCopy(copy, digest).thenApply(valid -> valid ? fallback : result);
    }

    private CompletableFuture<Boolean> verifyCopy(Optional<ObjectInfo> copy, Digest digest) {
        return copy.map(object -> workerPools.submitForSize(
                        object.size(),
                        () -> SourceObject.current(backup, object).matches(digest)))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }
}
