package dev.registrybackup.verify;

import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.Tag;
import dev.registrybackup.verify.BlobStates.Mark;
import dev.registrybackup.verify.FindingConfirmer.CandidateFinding;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Finds problems of one repository's images and tags from its links, manifests and blob states. Marks the blobs that
 * the repository references. Sends no requests. For one use.
 */
final class ImageChecks {
    private final VerifyContext context;
    private final BlobStates blobs;
    private final ManifestGraph manifests;
    private final RepositoryLinks repository;
    private final FindingConfirmer confirmer;
    private final Set<Digest> seen = new HashSet<>();
    private final Deque<Digest> queue = new ArrayDeque<>();
    /** Whether it may reference further blobs through a manifest that cannot be read. */
    private boolean hasUnreadableManifest;

    ImageChecks(
            VerifyContext context, ManifestGraph manifests, RepositoryLinks repository, FindingConfirmer confirmer) {
        this.context = context;
        this.blobs = context.blobs();
        this.manifests = manifests;
        this.repository = repository;
        this.confirmer = confirmer;
    }

    /** Passes on all candidate findings, to be confirmed. */
    void check() {
        repository.revisions().forEach((path, link) -> checkRevision(repository.canonicalDigest(path), link));
        repository.tags().forEach(this::checkTag);
        repository.layers().forEach((path, link) -> checkLayer(repository.canonicalDigest(path), link));
    }

    private void checkRevision(Digest image, ListedLink root) {
        ManifestState state = manifests.get(image).state();
        if (state == ManifestState.MISSING) {
            addDanglingLink(root, image);
        } else if (state == ManifestState.NOT_A_MANIFEST) {
            add(
                    FindingCode.REVISION_UNPARSABLE,
                    imageName(image),
                    "It was pushed as a manifest but is not one, though its bytes match its digest: delete it",
                    root);
        }
        queue.push(image);
        while (!queue.isEmpty()) {
            Digest manifest = queue.pop();
            if (seen.add(manifest)) {
                checkManifest(manifest, root);
            }
        }
    }

    private void checkManifest(Digest manifest, ListedLink root) {
        blobs.mark(manifest, Mark.REACHABLE);
        switch (manifests.get(manifest).state()) {
            case MISSING -> {
                hasUnreadableManifest = true;
                addMissing(manifest, manifest, root);
            }
            case CORRUPT, UNREADABLE -> hasUnreadableManifest = true;
            case NOT_A_MANIFEST -> {}
            case READ ->
                manifests
                        .get(manifest)
                        .manifest()
                        .references()
                        .forEach(reference -> checkReference(manifest, reference, root));
        }
    }

    private void checkReference(Digest manifest, Descriptor reference, ListedLink root) {
        switch (reference.role()) {
            case MANIFEST -> checkChild(manifest, reference.digest(), root);
            case BLOB -> {
                if (blobs.hasMark(repository.canonicalDigest(reference.digest()), Mark.ABSENT)) {
                    addMissing(reference.digest(), manifest, root);
                } else {
                    checkSize(manifest, reference, root);
                    checkLayerLink(manifest, reference.digest(), root);
                }
            }
            case FOREIGN_LAYER -> checkSize(manifest, reference, root);
        }
    }

    /** A missing child that was pushed here is lost; one that was not pushed may never have existed. */
    private void checkChild(Digest index, Digest child, ListedLink root) {
        boolean isAbsent = manifests.get(child).state() == ManifestState.MISSING;
        boolean isPushed = repository.hasImage(child);
        if (!isPushed) {
            String problem =
                    "The index %s names it and it %s, so pulls for its platform fail: push it if that is not intended"
                            .formatted(index, isAbsent ? "is missing" : "has no revision link in this repository");
            addUnlinked(
                    FindingCode.INDEX_SPARSE,
                    imageName(child),
                    problem,
                    new RevisionLink(repository.name(), child),
                    root);
        }
        if (isPushed || !isAbsent) {
            queue.push(child);
        }
    }

    /** A blob whose size differs from a manifest's has been read by now, so it is known which of the two is wrong. */
    private void checkSize(Digest manifest, Descriptor reference, ListedLink root) {
        Digest blob = repository.canonicalDigest(reference.digest());
        blobs.mark(blob, Mark.REACHABLE);
        OptionalLong size = blobs.size(blob);
        OptionalLong claimed = reference.size();
        if (size.isEmpty() || claimed.isEmpty() || size.equals(claimed)) {
            return;
        }
        long actual = size.getAsLong();
        long stated = claimed.getAsLong();
        if (blobs.hasMark(blob, Mark.VERIFIED)) {
            String claim = "It says that %s has %d bytes, but that blob has %d and matches its digest"
                    .formatted(blob, stated, actual);
            add(
                    FindingCode.BLOB_TRUNCATED,
                    imageName(manifest),
                    claim
                            + ": the manifest is wrong, clients refuse the image, and no restore fixes it; build it again",
                    root);
        } else {
            String problem = "It has %d bytes and %s says %d. Pushing it again does not fix it: %s"
                    .formatted(actual, imageName(manifest), stated, context.remedy());
            addOncePerBlob(FindingCode.BLOB_TRUNCATED, blob, problem, root);
        }
    }

    private void checkLayerLink(Digest manifest, Digest layer, ListedLink root) {
        if (!repository.layers().containsKey(layer) && repository.hasImage(manifest)) {
            LayerLink link = new LayerLink(repository.name(), layer);
            String problem = "%s needs this link and it is missing, so a plain registry answers 404 for the layer: %s"
                    .formatted(imageName(manifest), context.remedy());
            addUnlinked(FindingCode.LAYER_LINK_MISSING, context.store().key(link), problem, link, root);
        }
    }

    private void checkLayer(Digest blob, ListedLink link) {
        if (blobs.hasMark(blob, Mark.ABSENT)) {
            addDanglingLink(link, blob);
        }
        if (hasUnreadableManifest) {
            blobs.mark(blob, Mark.REACHABLE);
        }
    }

    /**
     * A tag's history may outlive the manifests it names, because a registry that deletes a manifest keeps it. Such a
     * link may dangle.
     */
    private void checkTag(Tag tag) {
        ListedLink current = repository.tagLinks().get(tag);
        Digest target = repository.tagTargets().get(tag);
        String name = repository.name() + ":" + tag;
        if (current == null) {
            addUnlinked(
                    FindingCode.TAG_DANGLING,
                    name,
                    "It has a history but no current image: %s, or delete the tag".formatted(context.remedy()),
                    new TagCurrentLink(repository.name(), tag),
                    repository.history(tag).get(0));
        } else if (target != null && !repository.hasImage(target)) {
            String problem =
                    "It points to %s, which has no revision link in this repository: %s, or point the tag elsewhere"
                            .formatted(target, context.remedy());
            addUnlinked(FindingCode.TAG_DANGLING, name, problem, new RevisionLink(repository.name(), target), current);
        }
    }

    private String imageName(Digest manifest) {
        return repository.name() + "@" + manifest;
    }

    private void addDanglingLink(ListedLink link, Digest target) {
        add(
                FindingCode.LINK_DANGLING,
                link.key(),
                "This link leads to %s, which is missing: %s, or delete the link".formatted(target, context.remedy()),
                link);
    }

    private void addMissing(Digest blob, Digest manifest, ListedLink root) {
        String problem = "%s needs it and it is missing; other images may need it too: %s"
                .formatted(imageName(manifest), context.remedy());
        addOncePerBlob(FindingCode.BLOB_MISSING, blob, problem, root);
    }

    /** A candidate that applies while its root exists. */
    private void add(FindingCode code, String subject, String problem, ListedLink root) {
        confirmer.add(new CandidateFinding(code, subject, problem, Optional.empty(), root.key(), Optional.empty()));
    }

    private void addOncePerBlob(FindingCode code, Digest blob, String problem, ListedLink root) {
        confirmer.add(
                new CandidateFinding(code, blob.toString(), problem, Optional.empty(), root.key(), Optional.of(blob)));
    }

    /** A candidate that applies while its root exists and that link is missing. */
    private void addUnlinked(
            FindingCode code, String subject, String problem, RegistryPath.Link missing, ListedLink root) {
        confirmer.add(new CandidateFinding(
                code, subject, problem, Optional.of(context.store().key(missing)), root.key(), Optional.empty()));
    }
}
