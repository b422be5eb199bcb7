package dev.registrybackup.verify;

import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;
import java.util.ArrayList;
import java.util.List;

/** What is suspected of one repository, in words. */
final class CandidateFindings {
    private final RepositoryName repository;
    private final RegistryLayout layout;
    private final String remedy;
    private final List<CandidateFinding> all = new ArrayList<>();

    CandidateFindings(RepositoryName repository, RegistryLayout layout, String remedy) {
        this.repository = repository;
        this.layout = layout;
        this.remedy = remedy;
    }

    List<CandidateFinding> all() {
        return List.copyOf(all);
    }

    private String imageName(Digest manifest) {
        return repository + "@" + manifest;
    }

    void addDanglingLink(ListedLink link, Digest target) {
        add(
                FindingCode.LINK_DANGLING,
                link.key(),
                "This link leads to %s, which is not there: %s, or delete the link".formatted(target, remedy),
                link);
    }

    void addUnparsable(Digest manifest, ListedLink link) {
        add(
                FindingCode.REVISION_UNPARSABLE,
                imageName(manifest),
                "It was pushed as a manifest and is none, though its bytes are what was pushed: delete it",
                link);
    }

    void addMissing(Digest blob, Digest manifest, ListedLink root) {
        String problem =
                "%s needs it and it is not there; others may need it too: %s".formatted(imageName(manifest), remedy);
        all.add(new CandidateFinding(FindingCode.BLOB_MISSING, blob.toString(), problem, root.key()).oncePerBlob(blob));
    }

    void addTruncated(Digest blob, long size, Digest manifest, long claimed, ListedLink root) {
        String problem = "It has %d bytes and %s says %d; to push it again does not mend it: %s"
                .formatted(size, imageName(manifest), claimed, remedy);
        all.add(new CandidateFinding(FindingCode.BLOB_TRUNCATED, blob.toString(), problem, root.key())
                .oncePerBlob(blob));
    }

    void addWrongSize(Digest blob, long size, Digest manifest, long claimed, ListedLink root) {
        String claim =
                "It says that %s has %d bytes. That has %d and is what its digest says".formatted(blob, claimed, size);
        add(
                FindingCode.BLOB_TRUNCATED,
                imageName(manifest),
                claim + ": the manifest is wrong, clients refuse the image, and no restore mends it; build it again",
                root);
    }

    void addUnlinkedLayer(Digest layer, Digest manifest, ListedLink root) {
        String key = layout.keyOf(new LayerLink(repository, layer));
        String problem =
                "%s needs this link and it is not there, so that a plain registry answers 404 for the layer: %s"
                        .formatted(imageName(manifest), remedy);
        all.add(new CandidateFinding(FindingCode.LAYER_LINK_MISSING, key, problem, root.key()).ifAbsent(key));
    }

    void addSparseIndex(Digest index, Digest child, boolean isAbsent, ListedLink root) {
        String problem =
                "The index %s names it and it %s, so that pulls for its platform fail: push it if that is not meant"
                        .formatted(index, isAbsent ? "is not there" : "has no revision link in this repository");
        all.add(new CandidateFinding(FindingCode.INDEX_SPARSE, imageName(child), problem, root.key())
                .ifAbsent(layout.keyOf(new RevisionLink(repository, child))));
    }

    void addDanglingTag(Tag tag, Digest target, ListedLink current) {
        String problem =
                "It points to %s, which has no revision link in this repository: %s, or point the tag elsewhere"
                        .formatted(target, remedy);
        all.add(new CandidateFinding(FindingCode.TAG_DANGLING, repository + ":" + tag, problem, current.key())
                .ifAbsent(layout.keyOf(new RevisionLink(repository, target))));
    }

    void addTagWithoutCurrent(Tag tag, ListedLink past) {
        String problem = "It has a history and points nowhere: %s, or delete the tag".formatted(remedy);
        all.add(new CandidateFinding(FindingCode.TAG_DANGLING, repository + ":" + tag, problem, past.key())
                .ifAbsent(layout.keyOf(new TagCurrentLink(repository, tag))));
    }

    private void add(FindingCode code, String subject, String problem, ListedLink standing) {
        all.add(new CandidateFinding(code, subject, problem, standing.key()));
    }
}
