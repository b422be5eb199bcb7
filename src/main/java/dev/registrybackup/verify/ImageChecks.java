package dev.registrybackup.verify;

import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.Manifests.State;
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
    private final BlobStates table;
    private final Map<Digest, Reading> manifests;
    private final RepositoryLinks repository;
    private final CandidateFindings candidateFindings;
    private final Set<Digest> seen = new HashSet<>();
    private final Deque<Digest> open = new ArrayDeque<>();
    /** Whether it may need blobs of which the manifest that says so cannot be read. */
    private boolean isObscure;

    ImageChecks(VerifyContext verifyContext, Map<Digest, Reading> manifests, RepositoryLinks repository) {
        this.table = verifyContext.table();
        this.manifests = manifests;
        this.repository = repository;
        this.candidateFindings =
                new CandidateFindings(repository.name(), verifyContext.layout(), verifyContext.remedy());
    }

    /** All that is suspected. */
    List<CandidateFinding> check() {
        repository.revisions().forEach((path, link) -> revision(repository.target(path), link));
        repository.tags().forEach(this::tag);
        repository.layers().forEach((path, link) -> layer(repository.target(path), link));
        return candidateFindings.all();
    }

    private void revision(Digest image, ListedLink root) {
        State state = state(image);
        if (state == State.ABSENT) {
            candidateFindings.danglingLink(root, image);
        } else if (state == State.OPAQUE) {
            candidateFindings.unparsable(image, root);
        }
        open.push(image);
        while (!open.isEmpty()) {
            Digest manifest = open.pop();
            if (seen.add(manifest)) {
                manifest(manifest, root);
            }
        }
    }

    private State state(Digest manifest) {
        Reading reading = manifests.get(manifest);
        return reading == null ? State.ABSENT : reading.state();
    }

    private List<Descriptor> references(Digest manifest) {
        Reading reading = manifests.get(manifest);
        return reading == null ? List.of() : reading.manifest().references();
    }

    private void manifest(Digest manifest, ListedLink root) {
        table.mark(manifest, Mark.NEEDED);
        switch (state(manifest)) {
            case ABSENT -> {
                isObscure = true;
                candidateFindings.missing(manifest, manifest, root);
            }
            case CORRUPT, UNREAD -> isObscure = true;
            case OPAQUE -> {}
            case READ -> references(manifest).forEach(reference -> reference(manifest, reference, root));
        }
    }

    private void reference(Digest manifest, Descriptor reference, ListedLink root) {
        switch (reference.role()) {
            case MANIFEST -> child(manifest, reference.digest(), root);
            case BLOB -> {
                if (table.is(repository.target(reference.digest()), Mark.ABSENT)) {
                    candidateFindings.missing(reference.digest(), manifest, root);
                } else {
                    held(manifest, reference, root);
                    linked(manifest, reference.digest(), root);
                }
            }
            case FOREIGN_LAYER -> held(manifest, reference, root);
        }
    }

    /** A child that was pushed here is lost if it is not there; one that was not pushed may never have been anywhere. */
    private void child(Digest index, Digest child, ListedLink root) {
        boolean isAbsent = state(child) == State.ABSENT;
        boolean isPushed = repository.hasImage(child);
        if (!isPushed) {
            candidateFindings.sparse(index, child, isAbsent, root);
        }
        if (isPushed || !isAbsent) {
            open.push(child);
        }
    }

    /** A blob of another size than a manifest says has been read by now, which told the one that is wrong. */
    private void held(Digest manifest, Descriptor reference, ListedLink root) {
        Digest blob = repository.target(reference.digest());
        table.mark(blob, Mark.NEEDED);
        OptionalLong held = table.size(blob);
        OptionalLong claimed = reference.size();
        if (held.isEmpty() || claimed.isEmpty() || held.equals(claimed)) {
            return;
        }
        if (table.is(blob, Mark.PROVED)) {
            candidateFindings.falseSize(blob, held.getAsLong(), manifest, claimed.getAsLong(), root);
        } else {
            candidateFindings.truncated(blob, held.getAsLong(), manifest, claimed.getAsLong(), root);
        }
    }

    private void linked(Digest manifest, Digest layer, ListedLink root) {
        if (!repository.layers().containsKey(layer) && repository.hasImage(manifest)) {
            candidateFindings.unlinkedLayer(layer, manifest, root);
        }
    }

    private void layer(Digest blob, ListedLink link) {
        if (table.is(blob, Mark.ABSENT)) {
            candidateFindings.danglingLink(link, blob);
        }
        if (isObscure) {
            table.mark(blob, Mark.NEEDED);
        }
    }

    /** A tag's history may outlive the manifests it names: a registry that deletes one leaves it. So it dangles rightly. */
    private void tag(Tag tag) {
        ListedLink current = repository.currents().get(tag);
        Digest target = repository.tagTargets().get(tag);
        if (current == null) {
            candidateFindings.tagWithoutCurrent(tag, repository.history(tag).get(0));
        } else if (target != null && !repository.hasImage(target)) {
            candidateFindings.danglingTag(tag, target, current);
        }
    }
}
