package dev.registrybackup.restore;

import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Adds to an image what refers to it in its repository: manifests whose subject it is, and tags named after its digest,
 * {@code sha256-<hex>} and with {@code .sig}, {@code .att} and {@code .sbom} (OCI distribution-spec, "Referrers Tag
 * Schema"; cosign, "Tag-based Discovery"); and what refers to those.
 */
final class Referrers {
    private static final List<String> SUFFIXES = List.of("", ".sig", ".att", ".sbom");

    private final RestoreRoots allRoots;
    private final Map<Digest, LoadedManifest> manifests;

    /**
     * Looks among these.
     *
     * @param all everything that the repository has
     * @param manifests all its manifests
     */
    Referrers(RestoreRoots all, Map<Digest, LoadedManifest> manifests) {
        this.allRoots = all;
        this.manifests = manifests;
    }

    /** Adds them to the roots. */
    void addTo(RestoreRoots restoreRoots) {
        Set<Digest> images = new HashSet<>();
        restoreRoots.revisions().forEach(digest -> addWithChildren(digest, images));
        int before;
        do {
            before = images.size();
            allRoots.tags().forEach((tag, digest) -> {
                if (isReferrerTag(tag, images)) {
                    restoreRoots.addTag(tag, digest);
                    addWithChildren(digest, images);
                }
            });
            allRoots.revisions().stream()
                    .filter(digest -> isReferrer(digest, images))
                    .forEach(digest -> {
                        restoreRoots.addRevision(digest);
                        addWithChildren(digest, images);
                    });
        } while (images.size() > before);
    }

    private void addWithChildren(Digest digest, Set<Digest> images) {
        Deque<Digest> open = new ArrayDeque<>(List.of(digest));
        while (!open.isEmpty()) {
            Digest next = open.pop();
            if (images.add(next)) {
                reading(next).manifest().references().stream()
                        .filter(reference -> reference.role() == Descriptor.Role.MANIFEST)
                        .forEach(child -> open.push(child.digest()));
            }
        }
    }

    private boolean isReferrer(Digest digest, Set<Digest> images) {
        return reading(digest).manifest().subject().filter(images::contains).isPresent();
    }

    private LoadedManifest reading(Digest digest) {
        return manifests.getOrDefault(digest, LoadedManifest.missing());
    }

    private static boolean isReferrerTag(Tag tag, Set<Digest> images) {
        return images.stream()
                .anyMatch(image -> SUFFIXES.stream()
                        .anyMatch(
                                suffix -> tag.value().equals(image.algorithm().label() + "-" + image.hex() + suffix)));
    }
}
