package dev.registrybackup.catalog;

import dev.registrybackup.inventory.ExistenceChecker;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
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
    private final Map<Digest, LoadedManifest> manifests;
    private final RepositoryLinks links;
    private final RegistryLayout layout;
    private final Map<String, ObjectRef> existing;
    private final Set<Digest> corrupt = new HashSet<>();

    /**
     * Looks for them.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if that could not be told
     */
    RequiredBlobs(
            Map<Digest, LoadedManifest> manifests,
            RepositoryLinks links,
            RegistryLayout layout,
            ExistenceChecker existenceChecker) {
        this.manifests = manifests;
        this.links = links;
        this.layout = layout;
        List<Descriptor> references = manifests.values().stream()
                .flatMap(loadedManifest -> loadedManifest.manifest().references().stream())
                .filter(reference -> reference.role() != Role.MANIFEST)
                .toList();
        this.existing = existenceChecker.findExisting(
                layout.blobsPrefix(),
                references.stream().map(Descriptor::digest).map(this::key).collect(Collectors.toSet()));
        references.stream()
                .filter(this::hasDifferentSize)
                .map(Descriptor::digest)
                .forEach(corrupt::add);
    }

    private String key(Digest digest) {
        return layout.blobKey(links.canonicalDigest(digest));
    }

    private boolean hasDifferentSize(Descriptor reference) {
        OptionalLong held = size(reference.digest());
        return held.isPresent()
                && reference.size().isPresent()
                && held.getAsLong() != reference.size().getAsLong();
    }

    /** Says that its bytes are not what its digest says. */
    void markCorrupt(Digest digest) {
        corrupt.add(digest);
    }

    /** How many bytes of it the store has. */
    OptionalLong size(Digest blob) {
        ObjectRef objectRef = existing.get(key(blob));
        return objectRef == null ? OptionalLong.empty() : OptionalLong.of(objectRef.size());
    }

    /** Whether the store has it, and nothing is known to be wrong with it. */
    boolean isGood(Digest digest) {
        LoadedManifest loadedManifest = manifests.get(digest);
        boolean held = loadedManifest == null ? size(digest).isPresent() : loadedManifest.isVerified();
        return held && !corrupt.contains(digest);
    }
}
