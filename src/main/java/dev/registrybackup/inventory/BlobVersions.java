package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds valid older versions of blobs that are deleted or corrupt in a backup. */
public final class BlobVersions {
    private final RegistryStore backup;
    private final RateLimiter rateLimiter;
    private @Nullable Boolean isVersioned;

    /** Uses the versions in this backup; a bucket without versioning has none. */
    public BlobVersions(RegistryStore backup, RateLimiter rateLimiter) {
        this.backup = backup;
        this.rateLimiter = rateLimiter;
    }

    /** Requested once, for the first blob. */
    private synchronized boolean isVersioned() {
        Boolean known = isVersioned;
        if (known == null) {
            known = backup.store().isVersioned();
            isVersioned = known;
        }
        return known;
    }

    /**
     * The newest version whose bytes match the digest; reads versions until one does.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if they cannot be read
     */
    public Optional<ObjectRef> newestValid(Digest digest) {
        if (!isVersioned()) {
            return Optional.empty();
        }
        String key = backup.key(digest);
        try (Stream<ObjectVersion> versions = backup.store().listVersions(key)) {
            return versions.filter(version -> version.key().equals(key) && !version.isDeleteMarker())
                    .map(ObjectRef::of)
                    .filter(version ->
                            version.source(backup, digest, rateLimiter).matches(digest))
                    .findFirst();
        }
    }
}
