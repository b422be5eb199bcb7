package dev.registrybackup.inventory;

import dev.registrybackup.content.Digest;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.transfer.Lanes;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a store has all that images need: their manifests are read and proved, their layers have to be there in the size
 * that the manifests say. Blocks; safe for use by many threads.
 *
 * @param store where to look
 * @param layout its grammar
 * @param lanes where it is read
 */
public record WholeImages(ObjectStore store, RegistryLayout layout, Lanes lanes) {
    /**
     * What can be said of these images, and of what is below them.
     *
     * @throws dev.registrybackup.store.ObjectStoreException if that could not be told
     */
    public Wholeness of(Collection<Digest> images) {
        Map<Digest, Reading> read = new Manifests(store, layout, lanes).closure(images);
        List<Descriptor> needed = read.values().stream()
                .flatMap(reading -> reading.manifest().references().stream())
                .filter(reference -> reference.role() != Descriptor.Role.MANIFEST)
                .toList();
        Set<String> keys = needed.stream()
                .map(reference -> layout.blobKey(reference.digest()))
                .collect(Collectors.toSet());
        Map<String, Held> found = new Lookup(store, lanes).find(layout.blobsPrefix(), keys);
        Map<Digest, Boolean> isGood = new HashMap<>();
        for (Descriptor reference : needed) {
            Held held = found.get(layout.blobKey(reference.digest()));
            boolean fits = held != null
                    && (reference.size().isEmpty() || reference.size().getAsLong() == held.size());
            isGood.merge(reference.digest(), fits, Boolean::logicalAnd);
        }
        return new Wholeness(
                read,
                digest -> read.containsKey(digest) ? read.get(digest).isGood() : isGood.getOrDefault(digest, false),
                digest -> false);
    }
}
