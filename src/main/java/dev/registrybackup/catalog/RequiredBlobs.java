package dev.registrybackup.catalog;

import dev.registrybackup.inventory.ExistenceChecker;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/** The blobs that the images of one repository need: whether the store has them, in the size that manifests say. */
final class RequiredBlobs {
    private final Map<Digest, Reading> manifests;
    private final RepositoryLinks links;
    private final RegistryLayout layout;
    private final Map<String, ObjectRef> found;
    private final Set<Digest> spoiled = new HashSet<>();

    /**
     * Looks for them.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if that could not be told
     */
    RequiredBlobs(
            Map<Digest, Reading> manifests,
            RepositoryLinks links,
            RegistryLayout layout,
            ExistenceChecker existenceChecker) {
        this.manifests = manifests;
        this.links = links;
        this.layout = layout;
        List<Descriptor> references = manifests.values().stream()
                .flatMap(reading -> reading.manifest().references().stream())
                .filter(reference -> reference.role() != Role.MANIFEST)
                .toList();
        this.found = existenceChecker.find(
                layout.blobsPrefix(),
                references.stream().map(Descriptor::digest).map(this::key).collect(Collectors.toSet()));
        references.stream().filter(this::isOtherSize).map(Descriptor::digest).forEach(spoiled::add);
    }

    private String key(Digest digest) {
        return layout.blobKey(links.target(digest));
    }

    private boolean isOtherSize(Descriptor reference) {
        OptionalLong held = size(reference.digest());
        return held.isPresent()
                && reference.size().isPresent()
                && held.getAsLong() != reference.size().getAsLong();
    }

    /** Says that its bytes are not what its digest says. */
    void spoil(Digest digest) {
        spoiled.add(digest);
    }

    /** How many bytes of it the store has. */
    OptionalLong size(Digest blob) {
        ObjectRef objectRef = found.get(key(blob));
        return objectRef == null ? OptionalLong.empty() : OptionalLong.of(objectRef.size());
    }

    /** Whether the store has it, and nothing is known to be wrong with it. */
    boolean isGood(Digest digest) {
        Reading reading = manifests.get(digest);
        boolean held = reading == null ? size(digest).isPresent() : reading.isGood();
        return held && !spoiled.contains(digest);
    }
}
