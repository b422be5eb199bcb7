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
 * Checks whether a store has everything that images need: reads and verifies manifests, and checks presence and size of
 * layers. Blocks; safe for use by many threads.
 */
public record ImageCompletenessChecker(RegistryStore store, WorkerPools workerPools) {
    /**
     * The manifests of some images and the blobs that they need, as read. For one thread.
     *
     * @param sizes the sizes of the blobs that the store has, in bytes
     * @param corrupt the blobs of another size than a manifest says, and those that the caller read and adds
     */
    public record ImageInventory(ManifestGraph manifests, Map<Digest, Long> sizes, Set<Digest> corrupt) {
        private ImageInventory(ManifestGraph manifests, Map<Digest, Long> sizes) {
            this(manifests, sizes, new HashSet<>());
            manifests.blobs().filter(this::hasDifferentSize).forEach(reference -> corrupt.add(reference.digest()));
        }

        private boolean hasDifferentSize(Descriptor reference) {
            OptionalLong size = size(reference.digest());
            return size.isPresent() && reference.size().isPresent() && !size.equals(reference.size());
        }

        /** The size of a layer, config or other blob in the store in bytes; empty if it is missing. */
        public OptionalLong size(Digest blob) {
            Long size = sizes.get(blob);
            return size == null ? OptionalLong.empty() : OptionalLong.of(size);
        }

        /**
         * Determines what is missing from the images.
         *
         * @param isPushed whether a manifest is known to have been pushed, so that its absence is a loss
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
     * Reads these images and everything below them.
     *
     * @param canonical maps a digest in a manifest to the digest under which the store has the blob
     * @throws dev.registrybackup.objectstore.ObjectStoreException if the store did not answer
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
