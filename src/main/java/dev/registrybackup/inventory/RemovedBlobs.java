package dev.registrybackup.inventory;

import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectVersion;
import dev.registrybackup.transfer.Origin;
import dev.registrybackup.transfer.Pace;
import java.util.Optional;
import java.util.stream.Stream;

/** Blobs that a backup shows no more, or shows damaged, but still has as older versions. */
public final class RemovedBlobs {
    private final ObjectStore backup;
    private final RegistryLayout layout;
    private final Pace pace;
    private final boolean versioned;

    /** Those of that bucket; there are none in one that keeps no versions. */
    public RemovedBlobs(ObjectStore backup, RegistryLayout layout, Pace pace) {
        this.backup = backup;
        this.layout = layout;
        this.pace = pace;
        this.versioned = backup.versioned();
    }

    /**
     * The newest version whose bytes are what the digest says; each is read until one is.
     *
     * @throws dev.registrybackup.store.ObjectStoreException if they cannot be read
     */
    public Optional<Held> newestProved(Digest digest) {
        if (!versioned) {
            return Optional.empty();
        }
        String key = layout.blobKey(digest);
        try (Stream<ObjectVersion> versions = backup.listVersions(key)) {
            return versions.filter(version -> version.key().equals(key) && !version.isDeleteMarker())
                    .map(Held::of)
                    .filter(held -> new Origin(backup, held.info(key), held.version(), pace).proves(digest))
                    .findFirst();
        }
    }
}
