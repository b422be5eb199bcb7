package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.SourceObject;
import java.util.Optional;
import java.util.stream.Stream;

/** Blobs that a backup shows no more, or shows damaged, but still has as older versions. */
public final class BlobVersions {
    private final ObjectStore backup;
    private final RegistryLayout layout;
    private final RateLimiter rateLimiter;
    private final boolean isVersioned;

    /** Those of that bucket; there are none in one that keeps no versions. */
    public BlobVersions(ObjectStore backup, RegistryLayout layout, RateLimiter rateLimiter) {
        this.backup = backup;
        this.layout = layout;
        this.rateLimiter = rateLimiter;
        this.isVersioned = backup.isVersioned();
    }

    /**
     * The newest version whose bytes are what the digest says; each is read until one is.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if they cannot be read
     */
    public Optional<ObjectRef> newestValid(Digest digest) {
        if (!isVersioned) {
            return Optional.empty();
        }
        String key = layout.blobKey(digest);
        try (Stream<ObjectVersion> versions = backup.listVersions(key)) {
            return versions.filter(version -> version.key().equals(key) && !version.isDeleteMarker())
                    .map(ObjectRef::of)
                    .filter(objectRef -> new SourceObject(
                                    backup, objectRef.toObjectInfo(key), objectRef.version(), rateLimiter)
                            .matches(digest))
                    .findFirst();
        }
    }
}
