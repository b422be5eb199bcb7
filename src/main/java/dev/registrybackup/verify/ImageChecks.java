package dev.registrybackup.verify;

import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import dev.registrybackup.verify.BlobStates.Mark;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What is wrong with the images and tags of one repository, by its links, the manifests that were read, and what is known
 * of blobs. Marks the blobs that it needs. Asks nobody. For one use.
 */
final class ImageChecks {
    private final BlobStates blobStates;
    private final Map<Digest, LoadedManifest> manifests;
    private final RepositoryLinks repository;
    private final CandidateFindings candidateFindings;
    private final Set<Digest> seen = new HashSet<>();
    private final Deque<Digest> queue = new ArrayDeque<>();
    /** Whether it may need blobs of which the manifest that says so cannot be read. */
    private boolean hasUnreadableManifest;

    ImageChecks(VerifyContext verifyContext, Map<Digest, LoadedManifest> manifests, RepositoryLinks repository) {
        this.blobStates = verifyContext.blobStates();
        this.manifests = manifests;
        this.repository = repository;
        this.candidateFindings =
                new CandidateFindings(repository.name(), verifyContext.layout(), verifyContext.remedy());
    }

    /** All that is suspected. */
    List<CandidateFinding> check() {
        repository.revisions().forEach((path, link) -> checkRevision(repository.canonicalDigest(path), link));
        repository.tags().forEach(this::checkTag);
        repository.layers().forEach((path, link) -> checkLayer(repository.canonicalDigest(path), link));
        return candidateFindings.all();
    }

    private void checkRevision(Digest image, ListedLink root) {
        ManifestState manifestState = state(image);
        if (manifestState == ManifestState.MISSING) {
            candidateFindings.addDanglingLink(root, image);
        } else if (manifestState == ManifestState.NOT_A_MANIFEST) {
            candidateFindings.addUnparsable(image, root);
        }
        queue.push(image);
        while (!queue.isEmpty()) {
            Digest manifest = queue.pop();
            if (seen.add(manifest)) {
                checkManifest(manifest, root);
            }
        }
    }

    private ManifestState state(Digest manifest) {
        LoadedManifest loadedManifest = manifests.get(manifest);
        return loadedManifest == null ? ManifestState.MISSING : loadedManifest.state();
    }

    private List<Descriptor> references(Digest manifest) {
        LoadedManifest loadedManifest = manifests.get(manifest);
        return loadedManifest == null ? List.of() : loadedManifest.manifest().references();
    }

    private void checkManifest(Digest manifest, ListedLink root) {
        blobStates.mark(manifest, Mark.REACHABLE);
        switch (state(manifest)) {
            case MISSING -> {
                hasUnreadableManifest = true;
                candidateFindings.addMissing(manifest, manifest, root);
            }
            case CORRUPT, UNREADABLE -> hasUnreadableManifest = true;
            case NOT_A_MANIFEST -> {}
            case READ -> references(manifest).forEach(reference -> checkReference(manifest, reference, root));
        }
    }

    private void checkReference(Digest manifest, Descriptor reference, ListedLink root) {
        switch (reference.role()) {
            case MANIFEST -> checkChild(manifest, reference.digest(), root);
            case BLOB -> {
                if (blobStates.hasMark(repository.canonicalDigest(reference.digest()), Mark.ABSENT)) {
                    candidateFindings.addMissing(reference.digest(), manifest, root);
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
        boolean isAbsent = state(child) == ManifestState.MISSING;
        boolean isPushed = repository.hasImage(child);
        if (!isPushed) {
            candidateFindings.addSparseIndex(index, child, isAbsent, root);
        }
        if (isPushed || !isAbsent) {
            queue.push(child);
        }
    }

    /** A blob of another size than a manifest says has been read by now, which told the one that is wrong. */
    private void checkSize(Digest manifest, Descriptor reference, ListedLink root) {
        Digest blob = repository.canonicalDigest(reference.digest());
        blobStates.mark(blob, Mark.REACHABLE);
        OptionalLong held = blobStates.size(blob);
        OptionalLong claimed = reference.size();
        if (held.isEmpty() || claimed.isEmpty() || held.equals(claimed)) {
            return;
        }
        if (blobStates.hasMark(blob, Mark.VERIFIED)) {
            candidateFindings.addWrongSize(blob, held.getAsLong(), manifest, claimed.getAsLong(), root);
        } else {
            candidateFindings.addTruncated(blob, held.getAsLong(), manifest, claimed.getAsLong(), root);
        }
    }

    private void checkLayerLink(Digest manifest, Digest layer, ListedLink root) {
        if (!repository.layers().containsKey(layer) && repository.hasImage(manifest)) {
            candidateFindings.addUnlinkedLayer(layer, manifest, root);
        }
    }

    private void checkLayer(Digest blob, ListedLink link) {
        if (blobStates.hasMark(blob, Mark.ABSENT)) {
            candidateFindings.addDanglingLink(link, blob);
        }
        if (hasUnreadableManifest) {
            blobStates.mark(blob, Mark.REACHABLE);
        }
    }

    /** A tag's history may outlive the manifests it names: a registry that deletes one leaves it. So it dangles rightly. */
    private void checkTag(Tag tag) {
        ListedLink current = repository.tagLinks().get(tag);
        Digest target = repository.tagTargets().get(tag);
        if (current == null) {
            candidateFindings.addTagWithoutCurrent(tag, repository.history(tag).get(0));
        } else if (target != null && !repository.hasImage(target)) {
            candidateFindings.addDanglingTag(tag, target, current);
        }
    }
}
