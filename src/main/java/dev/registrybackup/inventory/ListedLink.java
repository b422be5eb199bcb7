package dev.registrybackup.inventory;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryPath;
import java.time.Instant;
import java.util.Optional;

/**
 * One link of a store, as a listing has it.
 *
 * @param key its key
 * @param path what its key says
 * @param size its size in bytes
 * @param etag its ETag without quotes; empty if the store gives none
 * @param writtenAt when, UTC: by the registry where that is known, else in this store
 * @param version the version that is meant; empty for the visible one
 * @param isApproximate whether the time is that of the copy, for want of the registry's
 */
public record ListedLink(
        String key,
        RegistryPath.Link path,
        long size,
        String etag,
        Instant writtenAt,
        Optional<String> version,
        boolean isApproximate) {
    /**
     * The digest that its content has to name, where the path says so. Not so for a tag's current link, nor for paths of
     * other algorithms, whose links name the canonical sha256 (distribution {@code linkedblobstore.go}, {@code linkBlob}).
     */
    public Optional<Digest> targetByPath() {
        return path instanceof RegistryPath.DigestLink link && link.digest().algorithm() == DigestAlgorithm.SHA256
                ? Optional.of(link.digest())
                : Optional.empty();
    }

    /** Whether its listing alone proves that it says this. */
    public boolean provablyPointsTo(Digest target) {
        return objectRef().provablyPointsTo(target);
    }

    /** The same, with a time that is the copy's. */
    public ListedLink withApproximateTime() {
        return new ListedLink(key, path, size, etag, writtenAt, version, true);
    }

    /** What the store has of it. */
    public ObjectRef objectRef() {
        return new ObjectRef(size, etag, version);
    }
}
