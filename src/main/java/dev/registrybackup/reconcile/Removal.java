package dev.registrybackup.reconcile;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.Absence;
import dev.registrybackup.ledger.Absences;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.reconcile.Figures.Count;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hides in the backup what the registry has lacked since before a time: tags, then revisions, an index before its children,
 * then layer links, then blobs, so that no link is left that leads to nothing. Only a tag's history may name a revision
 * that is gone, as it may in the registry. Each key is asked for in the registry once more just before. Nothing
 * that a revision kept in the backup or present in the registry needs is touched, nor what ImageStreams needed that were
 * captured since that time. For one thread.
 */
final class Removal {
    private final Sides sides;
    private final Absences absences;
    private final RepositoryNeeds needs;
    private final CapturedImages captured;
    private final BlobRemoval blobs;
    private final Permit permit;
    private final Figures figures;
    private final Consumer<Finding> found;
    private final Path scratch;
    private final Instant before;
    private boolean hasFailed;

    /** The keys of one repository that may go. */
    private record Group(RepositoryName repository, List<String> keys) {}

    /**
     * A removal from that backup.
     *
     * @param scratch a directory for lists
     * @param before what has been absent since before then may go
     */
    Removal(
            Sides sides,
            RepositoryNeeds needs,
            CapturedImages captured,
            BlobRemoval blobs,
            Permit permit,
            Figures figures,
            Consumer<Finding> found,
            Path scratch,
            Instant before) {
        this.sides = sides;
        this.absences = new Absences(sides.backup());
        this.needs = needs;
        this.captured = captured;
        this.blobs = blobs;
        this.permit = permit;
        this.figures = figures;
        this.found = found;
        this.scratch = scratch;
        this.before = before;
    }

    /** Does it, and says whether no store failed; what was not removed then, the next run removes. */
    boolean run() {
        forEachRepository(Kind.TAG_CURRENT_LINK, group -> removeAll(group.keys(), Set.of()));
        forEachRepository(Kind.TAG_INDEX_LINK, group -> removeAll(group.keys(), Set.of()));
        forEachRepository(Kind.REVISION_LINK, this::removeRevisions);
        forEachRepository(Kind.LAYER_LINK, this::removeLayers);
        try (Stream<String> keys = due(Kind.BLOB)) {
            blobs.remove(keys, this::remove);
        } catch (ObjectStoreException e) {
            failed(e, "Blobs that nothing needs any more were not removed, or not all of them");
        }
        return !hasFailed;
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private Stream<String> due(Kind kind) {
        return absences.all(scratch)
                .filter(absence -> absence.isOpen() && absence.from().isBefore(before))
                .map(Absence::key)
                .filter(key -> sides.layout().parse(key).kind() == kind);
    }

    private void forEachRepository(Kind kind, Consumer<Group> remove) {
        try (Stream<String> keys = due(kind)) {
            @Nullable Group group = null;
            for (String key : (Iterable<String>) keys::iterator) {
                RepositoryName repository = ((Link) sides.layout().parse(key)).repository();
                if (group != null && !group.repository().equals(repository)) {
                    removeFrom(group, remove);
                    group = null;
                }
                group = group == null ? new Group(repository, new ArrayList<>()) : group;
                group.keys().add(key);
            }
            if (group != null) {
                removeFrom(group, remove);
            }
        }
    }

    private void removeFrom(Group group, Consumer<Group> remove) {
        try {
            remove.accept(group);
        } catch (ObjectStoreException e) {
            failed(e, "Nothing more was removed from repository %s in this run".formatted(group.repository()));
        }
    }

    private void removeRevisions(Group group) {
        Set<Digest> due = group.keys().stream()
                .map(key -> ((DigestLink) sides.layout().parse(key)).digest())
                .collect(Collectors.toSet());
        Set<Digest> going = new HashSet<>(due);
        Set<Digest> kept = needs.tagged(group.repository());
        due.stream().filter(captured.digests()::contains).forEach(kept::add);
        going.removeAll(kept);
        Needs.Answer answer = needs.ofRevisions(group.repository(), going);
        if (isTold(answer, group)) {
            kept.addAll(answer.digests());
            removeAll(
                    needs.parentsFirst(due).stream()
                            .map(digest -> sides.layout().keyOf(new RevisionLink(group.repository(), digest)))
                            .toList(),
                    kept);
        }
    }

    private void removeLayers(Group group) {
        Needs.Answer answer = needs.ofRevisions(group.repository(), Set.of());
        if (isTold(answer, group)) {
            removeAll(group.keys(), answer.digests());
        }
    }

    private boolean isTold(Needs.Answer answer, Group group) {
        answer.untold()
                .forEach(manifest -> couldNotTell("Nothing was removed from repository %s: what %s needs is not known"
                        .formatted(group.repository(), manifest)));
        return answer.untold().isEmpty();
    }

    private void removeAll(List<String> keys, Set<Digest> kept) {
        for (String key : keys) {
            RegistryPath path = sides.layout().parse(key);
            Optional<Digest> named = path instanceof DigestLink link ? Optional.of(link.digest()) : Optional.empty();
            if (named.filter(kept::contains).isEmpty()) {
                remove(key);
            }
        }
    }

    /** Hides it, unless the registry has it again or the backup has it no more. */
    private boolean remove(String key) {
        permit.require();
        if (sides.registry().find(key).isPresent()
                || sides.backup().findBeforeWrite(key).isEmpty()) {
            return false;
        }
        sides.backup().remove(key, Optional.empty());
        figures.add(sides.layout().parse(key).kind(), Count.REMOVED, 1);
        return true;
    }

    private void failed(ObjectStoreException failure, String consequence) {
        // What is refused is refused to the next run too.
        hasFailed |= failure.error() != StoreError.REFUSED;
        couldNotTell(consequence + ": " + failure.getMessage());
    }

    private void couldNotTell(String problem) {
        found.accept(new Finding(FindingCode.COULD_NOT_TELL, sides.backup().bucket(), problem));
    }
}
