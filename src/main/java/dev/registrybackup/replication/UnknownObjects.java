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
 * registry is looked at again until both are equal, as for tags ({@link LinkReplicator}): another instance with an older read could
 * leave the older object otherwise. Canaries, which are there to try the events, are never copied.
 */
public final class UnknownObjects {
    /** An object that changes this often within one run is tried again later. */
    private static final int MAX_ROUNDS = 10;

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
        return workerPools
                .submitSmall(() -> registry.head(key))
                .thenCompose(source -> workerPools.submitForSize(
                        source.map(ObjectInfo::size).orElse(0L), () -> copyUntilEqual(key, source)));
    }

    private ReplicationResult copyUntilEqual(String key, Optional<ObjectInfo> read) {
        Optional<ObjectInfo> source = read;
        long bytes = 0;
        for (int round = 1; round <= MAX_ROUNDS; round++) {
            if (source.isEmpty()) {
                return ReplicationResult.of(Kind.UNKNOWN, ReplicationStatus.SOURCE_MISSING);
            }
            ObjectInfo copied = source.get();
            if (backup.headBeforeWrite(key)
                    .filter(copy -> isCopyOf(copy, copied))
                    .isPresent()) {
                return result(round > 1, bytes);
            }
            copier.copy(SourceObject.current(registry, copied), Optional.empty());
            bytes += copied.size();
            source = registry.head(key);
            if (source.filter(now -> isSame(now, copied)).isPresent()) {
                return result(true, bytes);
            }
        }
        throw new ObjectStoreException(
                StoreError.PRECONDITION_FAILED,
                "Failed to follow %s: it changed %d times meanwhile".formatted(key, MAX_ROUNDS));
    }

    private static boolean isSame(ObjectInfo now, ObjectInfo copied) {
        return now.size() == copied.size() && now.etag().equals(copied.etag());
    }

    private static boolean isCopyOf(ObjectInfo copy, ObjectInfo origin) {
        return copy.size() == origin.size()
                && origin.etag().equals(copy.metadata().get(SourceMetadata.ETAG));
    }

    private static ReplicationResult result(boolean wrote, long bytes) {
        return new ReplicationResult(
                Kind.UNKNOWN,
                wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT,
                Optional.empty(),
                bytes,
                "");
    }
}
