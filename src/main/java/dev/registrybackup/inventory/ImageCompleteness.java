package dev.registrybackup.inventory;

import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.Manifests.State;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Whether images are whole, from the manifests that were read and the blobs that are held. For one thread. */
public final class ImageCompleteness {
    private final Map<Digest, Reading> manifests;
    private final Predicate<Digest> isHeld;
    private final Predicate<Digest> isLinked;
    private final Map<Digest, Lacks> known = new HashMap<>();

    /**
     * What an image lacks, with all that is below it.
     *
     * @param missing what it needs and the store has not, or not good
     * @param sparse children of an index that are not there, as registries allow
     */
    public record Lacks(Set<Digest> missing, Set<Digest> sparse) {
        static final Lacks NOTHING = new Lacks(Set.of(), Set.of());

        /** Whether it is whole. */
        public boolean isWhole() {
            return missing.isEmpty();
        }
    }

    /**
     * Judges by these.
     *
     * @param manifests all manifests that the images lead to
     * @param isHeld whether the store has a good blob
     * @param isLinked whether somebody pushed that manifest, so that its absence is a loss
     */
    public ImageCompleteness(Map<Digest, Reading> manifests, Predicate<Digest> isHeld, Predicate<Digest> isLinked) {
        this.manifests = manifests;
        this.isHeld = isHeld;
        this.isLinked = isLinked;
    }

    /** What the image of that manifest lacks. */
    public Lacks of(Digest manifest) {
        ChildrenFirst.order(List.of(manifest), this::unknownChildren).forEach(each -> {
            if (!known.containsKey(each)) {
                known.put(each, judge(each));
            }
        });
        return knownOf(manifest);
    }

    private List<Digest> unknownChildren(Digest manifest) {
        return known.containsKey(manifest)
                ? List.of()
                : manifests.getOrDefault(manifest, Reading.absent()).manifest().references().stream()
                        .filter(reference -> reference.role() == Role.MANIFEST)
                        .map(Descriptor::digest)
                        .toList();
    }

    private Lacks knownOf(Digest manifest) {
        return known.getOrDefault(manifest, Lacks.NOTHING);
    }

    private Lacks judge(Digest digest) {
        Reading reading = manifests.getOrDefault(digest, Reading.absent());
        if (!reading.isGood() || !isHeld.test(digest)) {
            return new Lacks(Set.of(digest), Set.of());
        }
        Set<Digest> missing = new HashSet<>();
        Set<Digest> sparse = new HashSet<>();
        for (Descriptor reference : reading.manifest().references()) {
            judge(reference, missing, sparse);
        }
        return missing.isEmpty() && sparse.isEmpty()
                ? Lacks.NOTHING
                : new Lacks(Set.copyOf(missing), Set.copyOf(sparse));
    }

    private void judge(Descriptor reference, Set<Digest> missing, Set<Digest> sparse) {
        Digest digest = reference.digest();
        switch (reference.role()) {
            case BLOB -> {
                if (!isHeld.test(digest)) {
                    missing.add(digest);
                }
            }
            case FOREIGN_LAYER -> {}
            case MANIFEST -> {
                boolean absent =
                        manifests.getOrDefault(digest, Reading.absent()).state() == State.ABSENT;
                if (absent && !isLinked.test(digest)) {
                    sparse.add(digest);
                } else {
                    missing.addAll(knownOf(digest).missing());
                    sparse.addAll(knownOf(digest).sparse());
                }
            }
        }
    }
}
