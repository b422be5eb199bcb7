package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
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
    private final VerifiedMarker adopted;
    private final WorkerPools workerPools;
    private final ExpiringKeySet durable;
    private final CoalescingExecutor<BlobResult> runs = new CoalescingExecutor<>();

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
        this.copier = new ObjectCopier(backup, SourceMetadata::metadata);
        this.adopted = adopted;
        this.workerPools = workerPools;
        this.durable = durable;
    }

    /** What both stores have of a blob, and whether the backup's may be taken for good without reading it. */
    private record Seen(Optional<ObjectInfo> copy, Optional<ObjectInfo> origin, boolean trusted) {
        boolean present() {
            return trusted && copy.isPresent();
        }
    }

    /**
     * Brings a blob that the registry is said to have written, if the backup lacks it or has it in another size.
     *
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<BlobResult> bring(Digest digest) {
        return unlessDurable(digest, copy -> false);
    }

    /**
     * Brings a blob that something refers to, if the backup lacks it. A copy of the size given, or without one any copy
     * that we wrote, needs no look at the registry.
     *
     * @param size the size that a manifest gives it, if one does
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<BlobResult> ensure(Digest digest, OptionalLong size) {
        return unlessDurable(digest, copy -> isEnough(copy, size));
    }

    private static boolean isEnough(ObjectInfo copy, OptionalLong size) {
        return size.isPresent() ? copy.size() == size.getAsLong() : SourceMetadata.isOurs(copy);
    }

    private CompletableFuture<BlobResult> unlessDurable(Digest digest, Predicate<ObjectInfo> enough) {
        String key = layout.blobKey(digest);
        if (durable.contains(key)) {
            return CompletableFuture.completedFuture(BlobResult.PRESENT);
        }
        return runs.run(key, () -> {
            if (durable.contains(key)) {
                return CompletableFuture.completedFuture(BlobResult.PRESENT);
            }
            return workerPools
                    .small(() -> look(key, enough))
                    .thenCompose(seen -> act(digest, seen))
                    .thenApply(copy -> remembered(key, copy));
        });
    }

    private BlobResult remembered(String key, BlobResult copy) {
        if (copy.inBackup()) {
            durable.remember(key);
        }
        return copy;
    }

    /** Copies the blob over what the backup has, which was found to be damaged. */
    public CompletableFuture<BlobResult> replace(Digest digest) {
        String key = layout.blobKey(digest);
        durable.forget(key);
        return runs.run(
                key,
                () -> workerPools
                        .small(() -> new Seen(Optional.empty(), registry.find(key), false))
                        .thenCompose(seen -> act(digest, seen)));
    }

    private Seen look(String key, Predicate<ObjectInfo> enough) {
        boolean trusted = adopted.isSet();
        Optional<ObjectInfo> copy = backup.findBeforeWrite(key);
        if (trusted && copy.filter(enough).isPresent()) {
            return new Seen(copy, Optional.empty(), true);
        }
        Optional<ObjectInfo> origin = registry.find(key);
        boolean sameSize = copy.isPresent()
                && (origin.isEmpty() || copy.get().size() == origin.get().size());
        return new Seen(copy, origin, trusted && sameSize);
    }

    private CompletableFuture<BlobResult> act(Digest digest, Seen seen) {
        if (seen.present()) {
            return CompletableFuture.completedFuture(BlobResult.PRESENT);
        }
        if (seen.origin().isEmpty()) {
            return proved(seen.copy(), digest).thenApply(good -> good ? BlobResult.PRESENT : BlobResult.ABSENT);
        }
        ObjectInfo origin = seen.origin().get();
        boolean couldBeGood =
                seen.copy().filter(copy -> copy.size() == origin.size()).isPresent();
        return proved(couldBeGood ? seen.copy() : Optional.empty(), digest)
                .thenCompose(good -> good
                        ? CompletableFuture.completedFuture(BlobResult.PRESENT)
                        : workerPools
                                .forSize(origin.size(), () -> copy(origin, digest))
                                .thenCompose(result -> keptInstead(result, seen.copy(), digest)));
    }

    private BlobResult copy(ObjectInfo origin, Digest digest) {
        try {
            copier.copy(SourceObject.visible(registry, origin), Optional.of(digest));
            return new BlobResult(BlobResult.State.COPIED, origin.size(), "");
        } catch (DigestMismatchException e) {
            return new BlobResult(BlobResult.State.CORRUPT, 0, String.valueOf(e.getMessage()));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return BlobResult.ABSENT;
            }
            throw e;
        }
    }

    /** Where the registry's blob is gone or bad, a good one in the backup of whatever size is what counts. */
    private CompletableFuture<BlobResult> keptInstead(BlobResult result, Optional<ObjectInfo> copy, Digest digest) {
        if (result.inBackup()) {
            return CompletableFuture.completedFuture(result);
        }
        BlobResult kept = result.state() == BlobResult.State.CORRUPT
                ? new BlobResult(BlobResult.State.ONLY_BACKUP_GOOD, 0, result.problem())
                : BlobResult.PRESENT;
        return proved(copy, digest).thenApply(good -> good ? kept : result);
    }

    private CompletableFuture<Boolean> proved(Optional<ObjectInfo> copy, Digest digest) {
        return copy.map(there -> workerPools.forSize(
                        there.size(), () -> SourceObject.visible(backup, there).proves(digest)))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }
}
