package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Objects inside the registry's root directory that its layout does not know: reported only, or, if so configured, copied
 * as they are. No digest names their content, so what is kept with the copy tells whether it is the same. After a copy the
 * registry is looked at again until both are equal, as for tags ({@link TagLinkReplicator}): another instance with an older read could
 * leave the older object otherwise. Canaries, which are there to try the events, are never copied.
 */
public final class UnknownObjects {
    /** An object that changes this often within one run is tried again later. */
    private static final int MOST_ROUNDS = 10;

    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ObjectCopier copier;
    private final WorkerPools workerPools;
    private final boolean isCopyEnabled;

    /**
     * Treats foreign objects as configured.
     *
     * @param copied whether they are copied; else they are passed over
     */
    public UnknownObjects(ObjectStore registry, ObjectStore backup, WorkerPools workerPools, boolean copied) {
        this.registry = registry;
        this.backup = backup;
        this.copier = new ObjectCopier(backup, SourceMetadata::of);
        this.workerPools = workerPools;
        this.isCopyEnabled = copied;
    }

    CompletableFuture<ReplicationResult> replicate(String key) {
        if (!isCopyEnabled || key.startsWith(CanaryProbe.REGISTRY_PREFIX)) {
            return CompletableFuture.completedFuture(ReplicationResult.of(Kind.UNKNOWN, ReplicationStatus.SKIPPED));
        }
        return workerPools.submitSmall(() -> registry.head(key)).thenCompose(origin -> round(1, origin, 0));
    }

    private CompletableFuture<ReplicationResult> round(int number, Optional<ObjectInfo> read, long bytes) {
        if (read.isEmpty()) {
            return CompletableFuture.completedFuture(
                    ReplicationResult.of(Kind.UNKNOWN, ReplicationStatus.SOURCE_MISSING));
        }
        ObjectInfo origin = read.get();
        if (number > MOST_ROUNDS) {
            throw new ObjectStoreException(
                    StoreError.PRECONDITION_FAILED,
                    "Failed to follow %s: it changed %d times meanwhile".formatted(origin.key(), MOST_ROUNDS));
        }
        return workerPools
                .submitSmall(() -> backup.headBeforeWrite(origin.key()))
                .thenCompose(
                        copy -> copy.filter(there -> isCopyOf(there, origin)).isPresent()
                                ? CompletableFuture.completedFuture(outcome(number > 1, bytes))
                                : copy(number, origin, bytes + origin.size()));
    }

    private CompletableFuture<ReplicationResult> copy(int number, ObjectInfo origin, long bytes) {
        return workerPools
                .submitForSize(origin.size(), () -> {
                    copier.copy(SourceObject.current(registry, origin), Optional.empty());
                    return registry.head(origin.key());
                })
                .thenCompose(now -> now.filter(there -> isSame(there, origin)).isPresent()
                        ? CompletableFuture.completedFuture(outcome(true, bytes))
                        : round(number + 1, now, bytes));
    }

    private static boolean isSame(ObjectInfo now, ObjectInfo copied) {
        return now.size() == copied.size() && now.etag().equals(copied.etag());
    }

    private static boolean isCopyOf(ObjectInfo copy, ObjectInfo origin) {
        return copy.size() == origin.size()
                && origin.etag().equals(copy.metadata().get(SourceMetadata.ETAG));
    }

    private static ReplicationResult outcome(boolean wrote, long bytes) {
        return new ReplicationResult(
                Kind.UNKNOWN,
                wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT,
                Optional.empty(),
                bytes,
                "");
    }
}
