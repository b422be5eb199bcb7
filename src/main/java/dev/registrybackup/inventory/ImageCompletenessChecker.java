package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Whether a store has all that images need: their manifests are read and proved, their layers have to be there in the size
 * that the manifests say. Blocks; safe for use by many threads.
 *
 * @param store where to look
 * @param layout its grammar
 * @param workerPools where it is read
 */
public record ImageCompletenessChecker(ObjectStore store, RegistryLayout layout, WorkerPools workerPools) {
    /** What was read of some images: their manifests, and which of the blobs that those need fit what they say. */
    public static final class ImageInventory {
        private final Map<Digest, LoadedManifest> manifests;
        private final Map<Digest, Boolean> hasMatchingSize;

        private ImageInventory(Map<Digest, LoadedManifest> manifests, Map<Digest, Boolean> fits) {
            this.manifests = manifests;
            this.hasMatchingSize = fits;
        }

        /**
         * What they lack.
         *
         * @param isPushed whether somebody is known to have pushed a manifest, so that an index lacks it if it is absent
         */
        public ImageCompleteness completeness(Predicate<Digest> isPushed) {
            return new ImageCompleteness(
                    manifests,
                    digest -> manifests.containsKey(digest)
                            ? manifests.get(digest).isVerified()
                            : hasMatchingSize.getOrDefault(digest, false),
                    isPushed);
        }
    }

    /**
     * Reads what has to be known of these images and all that is below them.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if that could not be told
     */
    public ImageInventory read(Collection<Digest> images) {
        Map<Digest, LoadedManifest> read = new Manifests(store, layout, workerPools).closure(images);
        List<Descriptor> needed = read.values().stream()
                .flatMap(loadedManifest -> loadedManifest.manifest().references().stream())
                .filter(reference -> reference.role() != Descriptor.Role.MANIFEST)
                .toList();
        Set<String> keys = needed.stream()
                .map(reference -> layout.blobKey(reference.digest()))
                .collect(Collectors.toSet());
        Map<String, ObjectRef> found =
                new ExistenceChecker(store, workerPools).findExisting(layout.blobsPrefix(), keys);
        Map<Digest, Boolean> fits = new HashMap<>();
        for (Descriptor reference : needed) {
            ObjectRef objectRef = found.get(layout.blobKey(reference.digest()));
            boolean isOfSize = objectRef != null
                    && (reference.size().isEmpty() || reference.size().getAsLong() == objectRef.size());
            fits.merge(reference.digest(), isOfSize, Boolean::logicalAnd);
        }
        return new ImageInventory(read, fits);
    }
}
