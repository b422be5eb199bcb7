package dev.registrybackup.transfer;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestMismatchException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Brings blobs into the backup, each once however often it is asked for at the same time. Safe for use by many threads.
 *
 * <p>Whether a blob is there already its size decides, since all that we write there was proved; in a bucket that
 * something else filled it is read and proved first ({@link AdoptedMark}).
 */
public final class Blobs {
    private final RegistryLayout layout;
    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ObjectCopier copier;
    private final AdoptedMark adopted;
    private final Lanes lanes;
    private final RecentlyDurable durable;
    private final KeyedRuns<BlobCopy> runs = new KeyedRuns<>();

    /** Brings blobs of the registry into the backup. */
    public Blobs(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            AdoptedMark adopted,
            Lanes lanes,
            RecentlyDurable durable) {
        this.layout = layout;
        this.registry = registry;
        this.backup = backup;
        this.copier = new ObjectCopier(backup, CopiedFrom::metadata);
        this.adopted = adopted;
        this.lanes = lanes;
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
    public CompletableFuture<BlobCopy> bring(Digest digest) {
        return unlessDurable(digest, copy -> false);
    }

    /**
     * Brings a blob that something refers to, if the backup lacks it. A copy of the size given, or without one any copy
     * that we wrote, needs no look at the registry.
     *
     * @param size the size that a manifest gives it, if one does
     * @return how it stands; fails with {@link ObjectStoreException} if a store failed
     */
    public CompletableFuture<BlobCopy> ensure(Digest digest, OptionalLong size) {
        return unlessDurable(digest, copy -> isEnough(copy, size));
    }

    private static boolean isEnough(ObjectInfo copy, OptionalLong size) {
        return size.isPresent() ? copy.size() == size.getAsLong() : CopiedFrom.isOurs(copy);
    }

    private CompletableFuture<BlobCopy> unlessDurable(Digest digest, Predicate<ObjectInfo> enough) {
        String key = layout.blobKey(digest);
        if (durable.contains(key)) {
            return CompletableFuture.completedFuture(BlobCopy.PRESENT);
        }
        return runs.run(key, () -> {
            if (durable.contains(key)) {
                return CompletableFuture.completedFuture(BlobCopy.PRESENT);
            }
            return lanes.small(() -> look(key, enough))
                    .thenCompose(seen -> act(digest, seen))
                    .thenApply(copy -> remembered(key, copy));
        });
    }

    private BlobCopy remembered(String key, BlobCopy copy) {
        if (copy.inBackup()) {
            durable.remember(key);
        }
        return copy;
    }

    /** Copies the blob over what the backup has, which was found to be damaged. */
    public CompletableFuture<BlobCopy> replace(Digest digest) {
        String key = layout.blobKey(digest);
        durable.forget(key);
        return runs.run(
                key,
                () -> lanes.small(() -> new Seen(Optional.empty(), registry.find(key), false))
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

    private CompletableFuture<BlobCopy> act(Digest digest, Seen seen) {
        if (seen.present()) {
            return CompletableFuture.completedFuture(BlobCopy.PRESENT);
        }
        if (seen.origin().isEmpty()) {
            return proved(seen.copy(), digest).thenApply(good -> good ? BlobCopy.PRESENT : BlobCopy.ABSENT);
        }
        ObjectInfo origin = seen.origin().get();
        boolean couldBeGood =
                seen.copy().filter(copy -> copy.size() == origin.size()).isPresent();
        return proved(couldBeGood ? seen.copy() : Optional.empty(), digest)
                .thenCompose(good -> good
                        ? CompletableFuture.completedFuture(BlobCopy.PRESENT)
                        : lanes.forSize(origin.size(), () -> copy(origin, digest))
                                .thenCompose(result -> keptInstead(result, seen.copy(), digest)));
    }

    private BlobCopy copy(ObjectInfo origin, Digest digest) {
        try {
            copier.copy(Origin.visible(registry, origin), Optional.of(digest));
            return new BlobCopy(BlobCopy.State.COPIED, origin.size(), "");
        } catch (DigestMismatchException e) {
            return new BlobCopy(BlobCopy.State.CORRUPT, 0, String.valueOf(e.getMessage()));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return BlobCopy.ABSENT;
            }
            throw e;
        }
    }

    /** Where the registry's blob is gone or bad, a good one in the backup of whatever size is what counts. */
    private CompletableFuture<BlobCopy> keptInstead(BlobCopy result, Optional<ObjectInfo> copy, Digest digest) {
        if (result.inBackup()) {
            return CompletableFuture.completedFuture(result);
        }
        BlobCopy kept = result.state() == BlobCopy.State.CORRUPT
                ? new BlobCopy(BlobCopy.State.ONLY_BACKUP_GOOD, 0, result.problem())
                : BlobCopy.PRESENT;
        return proved(copy, digest).thenApply(good -> good ? kept : result);
    }

    private CompletableFuture<Boolean> proved(Optional<ObjectInfo> copy, Digest digest) {
        return copy.map(there -> lanes.forSize(
                        there.size(), () -> Origin.visible(backup, there).proves(digest)))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }
}
