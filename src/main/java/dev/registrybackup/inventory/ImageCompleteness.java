package dev.registrybackup.inventory;

import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Determines whether images are complete, from their manifests and the blobs in the store. For one thread. */
public final class ImageCompleteness {
    private final ManifestGraph manifests;
    private final Predicate<Digest> isPresent;
    private final Predicate<Digest> isPushed;
    private final Map<Digest, MissingContent> results = new HashMap<>();

    /**
     * What is missing from an image and everything below it.
     *
     * @param missing required blobs that are missing or corrupt
     * @param sparse missing children of an index, which registries allow
     */
    public record MissingContent(Set<Digest> missing, Set<Digest> sparse) {
        static final MissingContent NONE = new MissingContent(Set.of(), Set.of());

        /** Whether the image is complete. */
        public boolean isComplete() {
            return missing.isEmpty();
        }
    }

    /**
     * Uses these manifests and blobs.
     *
     * @param manifests all manifests that the images lead to
     * @param isPresent whether the store has a valid blob
     * @param isPushed whether the manifest was pushed, so that its absence is a loss
     */
    public ImageCompleteness(ManifestGraph manifests, Predicate<Digest> isPresent, Predicate<Digest> isPushed) {
        this.manifests = manifests;
        this.isPresent = isPresent;
        this.isPushed = isPushed;
    }

    /** What is missing from the image with this manifest. */
    public MissingContent of(Digest manifest) {
        ManifestGraph.childrenFirst(List.of(manifest), this::unknownChildren).forEach(each -> {
            if (!results.containsKey(each)) {
                results.put(each, evaluate(each));
            }
        });
        return knownOf(manifest);
    }

    private List<Digest> unknownChildren(Digest manifest) {
        return results.containsKey(manifest)
                ? List.of()
                : manifests.get(manifest).children();
    }

    private MissingContent knownOf(Digest manifest) {
        return results.getOrDefault(manifest, MissingContent.NONE);
    }

    private MissingContent evaluate(Digest digest) {
        LoadedManifest loadedManifest = manifests.get(digest);
        if (!loadedManifest.isVerified() || !isPresent.test(digest)) {
            return new MissingContent(Set.of(digest), Set.of());
        }
        Set<Digest> missing = new HashSet<>();
        Set<Digest> sparse = new HashSet<>();
        for (Descriptor reference : loadedManifest.manifest().references()) {
            evaluate(reference, missing, sparse);
        }
        return missing.isEmpty() && sparse.isEmpty()
                ? MissingContent.NONE
                : new MissingContent(Set.copyOf(missing), Set.copyOf(sparse));
    }

    private void evaluate(Descriptor reference, Set<Digest> missing, Set<Digest> sparse) {
        Digest digest = reference.digest();
        switch (reference.role()) {
            case BLOB -> {
                if (!isPresent.test(digest)) {
                    missing.add(digest);
                }
            }
            case FOREIGN_LAYER -> {}
            case MANIFEST -> {
                boolean absent = manifests.get(digest).state() == ManifestState.MISSING;
                if (absent && !isPushed.test(digest)) {
                    sparse.add(digest);
                } else {
                    missing.addAll(knownOf(digest).missing());
                    sparse.addAll(knownOf(digest).sparse());
                }
            }
        }
    }
}
