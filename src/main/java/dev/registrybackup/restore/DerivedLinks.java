package dev.registrybackup.restore;

import dev.registrybackup.inventory.ChildrenFirst;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The links that the images of one repository need, derived from their manifests. For one thread. */
final class DerivedLinks {
    private final RestoreRoots restoreRoots;
    private final Map<Digest, LoadedManifest> manifests;
    private final Set<Digest> layers = new LinkedHashSet<>();
    /** Each manifest with the number of levels below it. */
    private final Map<Digest, Integer> revisions = new HashMap<>();

    /** Of the images that the predicate takes for whole. */
    DerivedLinks(RestoreRoots restoreRoots, Map<Digest, LoadedManifest> manifests, Predicate<Digest> isWhole) {
        this.restoreRoots = restoreRoots;
        this.manifests = manifests;
        List<Digest> images = restoreRoots.revisions().stream().filter(isWhole).toList();
        ChildrenFirst.order(images, this::children).forEach(this::visit);
    }

    private List<Digest> children(Digest manifest) {
        return reading(manifest).manifest().references().stream()
                .filter(reference -> reference.role() == Descriptor.Role.MANIFEST)
                .map(Descriptor::digest)
                .filter(child -> reading(child).state() != ManifestState.MISSING)
                .toList();
    }

    /** Its children were visited. */
    private void visit(Digest manifest) {
        reading(manifest).manifest().references().stream()
                .filter(reference -> reference.role() != Descriptor.Role.MANIFEST)
                .map(Descriptor::digest)
                .forEach(layers::add);
        int levels = 0;
        for (Digest child : children(manifest)) {
            levels = Math.max(levels, revisions.getOrDefault(child, 0) + 1);
        }
        revisions.put(manifest, levels);
    }

    private LoadedManifest reading(Digest digest) {
        return manifests.getOrDefault(digest, LoadedManifest.missing());
    }

    /**
     * All of them: layer links, but to layers that rightly live elsewhere, revision links, and of tags and their history
     * what leads to an image that is there.
     */
    Stream<LinkStep> steps(Predicate<Digest> isHeld) {
        return Stream.of(
                        layers.stream()
                                .filter(isHeld)
                                .map(digest -> LinkStep.of(new LayerLink(restoreRoots.repository(), digest), digest)),
                        revisions.entrySet().stream()
                                .map(entry -> LinkStep.of(
                                        new RevisionLink(restoreRoots.repository(), entry.getKey()),
                                        entry.getKey(),
                                        entry.getValue())),
                        restoreRoots.history().stream()
                                .filter(entry -> revisions.containsKey(entry.digest()))
                                .map(entry -> LinkStep.of(entry, entry.digest())),
                        restoreRoots.tags().entrySet().stream()
                                .filter(entry -> revisions.containsKey(entry.getValue()))
                                .map(entry -> LinkStep.of(
                                        new TagCurrentLink(restoreRoots.repository(), entry.getKey()),
                                        entry.getValue())))
                .flatMap(steps -> steps);
    }
}
