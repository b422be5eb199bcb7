package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Whether a store has all that images need: their manifests are read and verified, their layers have to be there in the
 * size that the manifests say. Blocks; safe for use by many threads.
 *
 * @param store where to look
 * @param workerPools where it is read
 */
public record ImageCompletenessChecker(RegistryStore store, WorkerPools workerPools) {
    /** What was read of some images: their manifests, and the blobs that those need. For one thread. */
    public static final class ImageInventory {
        private final ManifestGraph manifests;
        private final Map<Digest, Long> sizes;
        private final Set<Digest> corrupt = new HashSet<>();

        private ImageInventory(ManifestGraph manifests, Map<Digest, Long> sizes) {
            this.manifests = manifests;
            this.sizes = sizes;
            manifests.blobs().filter(this::hasDifferentSize).forEach(reference -> corrupt.add(reference.digest()));
        }

        private boolean hasDifferentSize(Descriptor reference) {
            OptionalLong size = size(reference.digest());
            return size.isPresent() && reference.size().isPresent() && !size.equals(reference.size());
        }

        /** The manifests. */
        public ManifestGraph manifests() {
            return manifests;
        }

        /** How many bytes of a layer, config or other blob the store has; empty if none. */
        public OptionalLong size(Digest blob) {
            Long size = sizes.get(blob);
            return size == null ? OptionalLong.empty() : OptionalLong.of(size);
        }

        /** Says that somebody read the blob, and its bytes are not what its digest says. */
        public void markCorrupt(Digest blob) {
            corrupt.add(blob);
        }

        /**
         * What they lack.
         *
         * @param isPushed whether somebody is known to have pushed a manifest, so that an index lacks it if it is absent
         */
        public ImageCompleteness completeness(Predicate<Digest> isPushed) {
            return new ImageCompleteness(manifests, this::isGood, isPushed);
        }

        private boolean isGood(Digest digest) {
            boolean isPresent = manifests.manifests().containsKey(digest)
                    ? manifests.get(digest).isVerified()
                    : sizes.containsKey(digest);
            return isPresent && !corrupt.contains(digest);
        }
    }

    /**
     * Reads what has to be known of these images and all that is below them.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if that could not be told
     */
    public ImageInventory read(Collection<Digest> images) {
        return read(images, digest -> digest);
    }

    /**
     * As the other.
     *
     * @param canonical the digest under which the store keeps the blob that a manifest calls so
     */
    public ImageInventory read(Collection<Digest> images, UnaryOperator<Digest> canonical) {
        ManifestGraph manifests = new Manifests(store, workerPools).closure(images);
        List<Digest> blobs = manifests.blobs().map(Descriptor::digest).toList();
        Set<String> keys =
                blobs.stream().map(digest -> store.key(canonical.apply(digest))).collect(Collectors.toSet());
        Map<String, ObjectRef> found = new ExistenceChecker(store.store(), workerPools)
                .findExisting(store.layout().blobsPrefix(), keys);
        Map<Digest, Long> sizes = new HashMap<>();
        for (Digest digest : blobs) {
            ObjectRef objectRef = found.get(store.key(canonical.apply(digest)));
            if (objectRef != null) {
                sizes.put(digest, objectRef.size());
            }
        }
        return new ImageInventory(manifests, sizes);
    }
}
