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
import java.util.function.Supplier;

/**
 * Copies blobs into the backup. Concurrent calls for the same blob copy it once. Safe for use by many threads.
 *
 * <p>A blob in the backup is valid if it has the right size, because every blob was verified before it was written. In
 * a bucket that another program filled, each blob is read and verified first ({@link VerifiedMarker}).
 */
public final class BlobReplicator {
    /** All of a blob that is written in one piece, and the first part of a larger one. */
    private static final ByteRange FIRST_PART = new ByteRange(0, ObjectCopier.PART_BYTES);

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

    /** The outcome of the first requests: a result, or the lookup that decides what is done next. */
    private record Attempt(Optional<ReplicationResult> result, BlobLookup lookup) {
        static Attempt finished(ReplicationResult result) {
            return new Attempt(Optional.of(result), new BlobLookup(Optional.empty(), Optional.empty(), false));
        }
    }

    /**
     * Copies a blob that an event announced, if it is missing in the backup or has another size there. Most announced
     * blobs are new, so one that is written in one piece is read and written at once with {@code If-None-Match}: two
     * requests. If the store ignores the condition, the backup is asked first; also if the blob is written in parts,
     * all of which a repeated event would move in vain.
     *
     * @return the result; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyIfDifferent(Digest digest) {
        return submitUnlessDurable(
                digest,
                key -> conditionalWrites.areHeeded()
                        ? openAndCopy(key, digest, false, OptionalLong.empty())
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
     * Copies a blob that a listing has just shown to be missing in the backup. Makes no lookup: a blob costs one read
     * and one write, or these for each part.
     *
     * @param size the size in bytes, if the registry's listing shows it
     * @return the result; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> copyAbsent(Digest digest, OptionalLong size) {
        return submitUnlessDurable(digest, key -> openAndCopy(key, digest, true, size));
    }

    /**
     * Copies the blob over a copy in the backup that was found to be corrupt.
     *
     * @return the result; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<ReplicationResult> overwrite(Digest digest) {
        String key = layout.blobKey(digest);
        durableKeys.remove(key);
        return executor.submit(key, () -> start(digest, () -> openAndCopy(key, digest, true, OptionalLong.empty())));
    }

    private CompletableFuture<ReplicationResult> submitUnlessDurable(
            Digest digest, Function<String, CompletableFuture<Attempt>> first) {
        String key = layout.blobKey(digest);
        if (durableKeys.contains(key)) {
            return present(digest);
        }
        return executor.submit(
                key, () -> durableKeys.contains(key) ? present(digest) : start(digest, () -> first.apply(key)));
    }

    private CompletableFuture<ReplicationResult> start(Digest digest, Supplier<CompletableFuture<Attempt>> first) {
        return workerPools
                .submitSmall(() -> {
                    // Marks an empty bucket as verified; after the first write it would not be empty.
                    verifiedMarker.isSet();
                    return first.get();
                })
                .thenCompose(Function.identity())
                .thenCompose(attempt -> attempt.result()
                        .map(result -> fallBackToBackup(result, attempt.lookup().copy(), digest))
                        .orElseGet(() -> copyOrVerify(digest, attempt.lookup())))
                .thenApply(copy -> markDurable(layout.blobKey(digest), copy));
    }

    private static CompletableFuture<ReplicationResult> present(Digest digest) {
        return CompletableFuture.completedFuture(ReplicationResult.ofBlob(digest, ReplicationStatus.PRESENT));
    }

    private static boolean isSufficient(ObjectInfo copy, OptionalLong size) {
        return size.isPresent() ? copy.size() == size.getAsLong() : SourceMetadata.isReplicated(copy);
    }

    private CompletableFuture<Attempt> lookUpOrCopy(
            String key, Digest digest, Predicate<ObjectInfo> isSufficient, OptionalLong size) {
        Optional<ObjectInfo> copy = backup.headBeforeWrite(key);
        if (copy.isEmpty()) {
            return openAndCopy(key, digest, true, size);
        }
        return CompletableFuture.completedFuture(
                verifiedMarker.isSet() && copy.filter(isSufficient).isPresent()
                        ? Attempt.finished(ReplicationResult.ofBlob(digest, ReplicationStatus.PRESENT))
                        : new Attempt(Optional.empty(), lookUp(copy, registry.head(key))));
    }

    /**
     * Opens the blob and copies it. Runs on a thread for small objects: a blob that turns out to be large is handed to
     * a thread for large ones as it is, open. If none is free, it is closed, and opened again later, because a store
     * ends connections that wait.
     *
     * @param overwrites whether to write whatever the backup has; otherwise nothing is written if it has the key
     * @param size the size in bytes, if it is known
     */
    private CompletableFuture<Attempt> openAndCopy(String key, Digest digest, boolean overwrites, OptionalLong size) {
        if (size.orElse(0) > WorkerPools.MAX_SMALL_BYTES) {
            return submitCopy(key, digest, overwrites, size.orElse(0));
        }
        Optional<OpenObject> opened = open(key, Optional.of(FIRST_PART));
        long bytes = opened.map(source -> source.info().size()).orElse(0L);
        if (bytes <= WorkerPools.MAX_SMALL_BYTES) {
            return CompletableFuture.completedFuture(copyOpened(key, digest, overwrites, opened));
        }
        return workerPools
                .submitLargeIfFree(() -> copyOpened(key, digest, overwrites, opened))
                .orElseGet(() -> {
                    opened.ifPresent(OpenObject::close);
                    return submitCopy(key, digest, overwrites, bytes);
                });
    }

    private CompletableFuture<Attempt> submitCopy(String key, Digest digest, boolean overwrites, long size) {
        return workerPools.submitForSize(
                size, () -> copyOpened(key, digest, overwrites, open(key, Optional.of(FIRST_PART))));
    }

    @SuppressWarnings("MustBeClosedChecker") // copyOpened closes it
    private Optional<OpenObject> open(String key, Optional<ByteRange> range) {
        try {
            return Optional.of(registry.open(key, range, Optional.empty()));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.PRECONDITION_FAILED && range.isPresent()) {
                // The range cannot be satisfied: an empty object has no first byte.
                return open(key, Optional.empty());
            }
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Copies the blob and closes it.
     *
     * @param opened its first part, unread; empty if the registry does not have it
     */
    private Attempt copyOpened(String key, Digest digest, boolean overwrites, Optional<OpenObject> opened) {
        Optional<ObjectInfo> source = opened.map(OpenObject::info);
        Optional<ObjectInfo> copy = Optional.empty();
        Optional<ReplicationResult> result = Optional.empty();
        if (opened.isPresent()) {
            try (OpenObject reading = opened.get()) {
                ObjectInfo info = reading.info();
                if (!overwrites && info.size() > ObjectCopier.PART_BYTES) {
                    copy = backup.headBeforeWrite(key);
                }
                if (copy.isEmpty()
                        && copier.copyOpened(
                                reading, SourceObject.current(registry, info), Optional.of(digest), overwrites)) {
                    return Attempt.finished(
                            ReplicationResult.ofBlob(digest, ReplicationStatus.COPIED, info.size(), ""));
                }
            } catch (DigestMismatchException e) {
                result = Optional.of(corrupt(digest, e));
            } catch (ObjectStoreException e) {
                if (e.error() != StoreError.NOT_FOUND) {
                    throw e;
                }
                source = Optional.empty();
            }
        }
        if (!overwrites && copy.isEmpty()) {
            copy = backup.headBeforeWrite(key);
        }
        return new Attempt(result, lookUp(copy, source));
    }

    private ReplicationResult markDurable(String key, ReplicationResult copy) {
        if (copy.isInBackup()) {
            durableKeys.add(key);
        }
        return copy;
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
                        : submitCopy(layout.blobKey(digest), digest, true, source.size())
                                .thenCompose(attempt -> fallBackToBackup(
                                        attempt.result()
                                                .orElseGet(() -> ReplicationResult.ofBlob(
                                                        digest, ReplicationStatus.SOURCE_MISSING)),
                                        blobLookup.copy(),
                                        digest)));
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
