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
 * Replicates objects inside the registry's root directory that are not part of its layout. They are skipped, or copied
 * unverified if so configured. Their keys contain no digest, so size and the ETag in the copy's metadata are compared.
 * After each copy the registry's object is looked up again until both are equal, as for tags ({@link LinkReplicator}):
 * otherwise another instance with an older read could leave an older object. Canaries are never copied.
 */
final class UnknownObjects {
    /** After this many changes during one run, the run fails and the object is retried later. */
    private static final int MAX_ROUNDS = 10;

    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ObjectCopier copier;
    private final WorkerPools workerPools;
    private final boolean isCopyEnabled;

    /**
     * Replicates unknown objects as configured.
     *
     * @param isCopyEnabled whether they are copied; otherwise they are skipped
     */
    UnknownObjects(ObjectStore registry, ObjectStore backup, WorkerPools workerPools, boolean isCopyEnabled) {
        this.registry = registry;
        this.backup = backup;
        this.copier = new ObjectCopier(backup, SourceMetadata::of);
        this.workerPools = workerPools;
        this.isCopyEnabled = isCopyEnabled;
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
                "Failed to copy %s: it changed %d times during the copy".formatted(key, MAX_ROUNDS));
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
