package dev.registrybackup.inventory;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryPath;
import java.time.Instant;
import java.util.Optional;

/**
 * One link in a store's listing.
 *
 * @param path its parsed key
 * @param writtenAt when the registry wrote it if known, otherwise when this store did, UTC
 * @param isApproximate whether the time is the copy's, because the registry's is unknown
 */
public record ListedLink(
        String key, RegistryPath.Link path, ObjectRef objectRef, Instant writtenAt, boolean isApproximate) {
    /**
     * The digest that its content must have, if the path names it. A tag's current link does not, nor do paths of other
     * algorithms, whose links contain the canonical sha256 (distribution {@code linkedblobstore.go}, {@code linkBlob}).
     */
    public Optional<Digest> targetByPath() {
        return path instanceof RegistryPath.DigestLink link && link.digest().algorithm() == DigestAlgorithm.SHA256
                ? Optional.of(link.digest())
                : Optional.empty();
    }

    /** Whether its listing alone shows that it has this target. */
    public boolean provablyPointsTo(Digest target) {
        return objectRef.provablyPointsTo(target);
    }

    /** The same link with the time of the copy, marked as approximate. */
    public ListedLink withApproximateTime() {
        return new ListedLink(key, path, objectRef, writtenAt, true);
    }
}
