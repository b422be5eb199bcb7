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
 * What is wrong with the images and tags of one repository, by its links, the manifests that were read, and what is known
 * of blobs. Marks the blobs that it needs. Asks nobody. For one use.
 */
final class ImageChecks {
    private final VerifyContext context;
    private final BlobStates blobs;
    private final ManifestGraph manifests;
    private final RepositoryLinks repository;
    private final FindingConfirmer confirmer;
    private final Set<Digest> seen = new HashSet<>();
    private final Deque<Digest> queue = new ArrayDeque<>();
    /** Whether it may need blobs of which the manifest that says so cannot be read. */
    private boolean hasUnreadableManifest;

    ImageChecks(
            VerifyContext context, ManifestGraph manifests, RepositoryLinks repository, FindingConfirmer confirmer) {
        this.context = context;
        this.blobs = context.blobs();
        this.manifests = manifests;
        this.repository = repository;
        this.confirmer = confirmer;
    }

    /** Hands on all that seems wrong, to be confirmed. */
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
                    "It was pushed as a manifest and is none, though its bytes are what was pushed: delete it",
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

    /** A child that was pushed here is lost if it is not there; one that was not pushed may never have been anywhere. */
    private void checkChild(Digest index, Digest child, ListedLink root) {
        boolean isAbsent = manifests.get(child).state() == ManifestState.MISSING;
        boolean isPushed = repository.hasImage(child);
        if (!isPushed) {
            String problem =
                    "The index %s names it and it %s, so that pulls for its platform fail: push it if that is not meant"
                            .formatted(index, isAbsent ? "is not there" : "has no revision link in this repository");
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

    /** A blob of another size than a manifest says has been read by now, which told the one that is wrong. */
    private void checkSize(Digest manifest, Descriptor reference, ListedLink root) {
        Digest blob = repository.canonicalDigest(reference.digest());
        blobs.mark(blob, Mark.REACHABLE);
        OptionalLong held = blobs.size(blob);
        OptionalLong claimed = reference.size();
        if (held.isEmpty() || claimed.isEmpty() || held.equals(claimed)) {
            return;
        }
        long has = held.getAsLong();
        long says = claimed.getAsLong();
        if (blobs.hasMark(blob, Mark.VERIFIED)) {
            String claim =
                    "It says that %s has %d bytes. That has %d and is what its digest says".formatted(blob, says, has);
            add(
                    FindingCode.BLOB_TRUNCATED,
                    imageName(manifest),
                    claim
                            + ": the manifest is wrong, clients refuse the image, and no restore mends it; build it again",
                    root);
        } else {
            String problem = "It has %d bytes and %s says %d; to push it again does not mend it: %s"
                    .formatted(has, imageName(manifest), says, context.remedy());
            addOncePerBlob(FindingCode.BLOB_TRUNCATED, blob, problem, root);
        }
    }

    private void checkLayerLink(Digest manifest, Digest layer, ListedLink root) {
        if (!repository.layers().containsKey(layer) && repository.hasImage(manifest)) {
            LayerLink link = new LayerLink(repository.name(), layer);
            String problem =
                    "%s needs this link and it is not there, so that a plain registry answers 404 for the layer: %s"
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

    /** A tag's history may outlive the manifests it names: a registry that deletes one leaves it. So it dangles rightly. */
    private void checkTag(Tag tag) {
        ListedLink current = repository.tagLinks().get(tag);
        Digest target = repository.tagTargets().get(tag);
        String name = repository.name() + ":" + tag;
        if (current == null) {
            addUnlinked(
                    FindingCode.TAG_DANGLING,
                    name,
                    "It has a history and points nowhere: %s, or delete the tag".formatted(context.remedy()),
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
                "This link leads to %s, which is not there: %s, or delete the link".formatted(target, context.remedy()),
                link);
    }

    private void addMissing(Digest blob, Digest manifest, ListedLink root) {
        String problem = "%s needs it and it is not there; others may need it too: %s"
                .formatted(imageName(manifest), context.remedy());
        addOncePerBlob(FindingCode.BLOB_MISSING, blob, problem, root);
    }

    /** Holds as long as its root is there. */
    private void add(FindingCode code, String subject, String problem, ListedLink root) {
        confirmer.add(new CandidateFinding(code, subject, problem, Optional.empty(), root.key(), Optional.empty()));
    }

    private void addOncePerBlob(FindingCode code, Digest blob, String problem, ListedLink root) {
        confirmer.add(
                new CandidateFinding(code, blob.toString(), problem, Optional.empty(), root.key(), Optional.of(blob)));
    }

    /** Holds as long as its root is there and that link is not. */
    private void addUnlinked(
            FindingCode code, String subject, String problem, RegistryPath.Link missing, ListedLink root) {
        confirmer.add(new CandidateFinding(
                code, subject, problem, Optional.of(context.store().key(missing)), root.key(), Optional.empty()));
    }
}
