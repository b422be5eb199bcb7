package dev.registrybackup.reconcile;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.inventory.MissingInterval;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RepositoryName;
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
final class LinkPruner {
    private final StorePair storePair;
    private final MissingIntervals missingIntervals;
    private final RepositoryReachableSet needs;
    private final CapturedImages captured;
    private final BlobSweeper blobs;
    private final Fence fence;
    private final ReconcileStats reconcileStats;
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
    LinkPruner(
            StorePair storePair,
            RepositoryReachableSet needs,
            CapturedImages captured,
            BlobSweeper blobs,
            Fence fence,
            ReconcileStats reconcileStats,
            Consumer<Finding> found,
            Path scratch,
            Instant before) {
        this.storePair = storePair;
        this.missingIntervals = new MissingIntervals(storePair.backup());
        this.needs = needs;
        this.captured = captured;
        this.blobs = blobs;
        this.fence = fence;
        this.reconcileStats = reconcileStats;
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
        return missingIntervals
                .all(scratch)
                .filter(missingInterval ->
                        missingInterval.isOpen() && missingInterval.from().isBefore(before))
                .map(MissingInterval::key)
                .filter(key -> storePair.layout().parse(key).kind() == kind);
    }

    private void forEachRepository(Kind kind, Consumer<Group> remove) {
        try (Stream<String> keys = due(kind)) {
            @Nullable Group group = null;
            for (String key : (Iterable<String>) keys::iterator) {
                RepositoryName repository = ((Link) storePair.layout().parse(key)).repository();
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
                .map(key -> ((DigestLink) storePair.layout().parse(key)).digest())
                .collect(Collectors.toSet());
        Set<Digest> going = new HashSet<>(due);
        Set<Digest> kept = needs.tagged(group.repository());
        due.stream().filter(captured.digests()::contains).forEach(kept::add);
        going.removeAll(kept);
        ReachableSet.Answer answer = needs.ofRevisions(group.repository(), going);
        if (isTold(answer, group)) {
            kept.addAll(answer.digests());
            removeAll(
                    needs.parentsFirst(due).stream()
                            .map(digest -> storePair.layout().keyOf(new RevisionLink(group.repository(), digest)))
                            .toList(),
                    kept);
        }
    }

    private void removeLayers(Group group) {
        ReachableSet.Answer answer = needs.ofRevisions(group.repository(), Set.of());
        if (isTold(answer, group)) {
            removeAll(group.keys(), answer.digests());
        }
    }

    private boolean isTold(ReachableSet.Answer answer, Group group) {
        answer.untold()
                .forEach(manifest -> couldNotTell("Nothing was removed from repository %s: what %s needs is not known"
                        .formatted(group.repository(), manifest)));
        return answer.untold().isEmpty();
    }

    private void removeAll(List<String> keys, Set<Digest> kept) {
        for (String key : keys) {
            RegistryPath path = storePair.layout().parse(key);
            Optional<Digest> named = path instanceof DigestLink link ? Optional.of(link.digest()) : Optional.empty();
            if (named.filter(kept::contains).isEmpty()) {
                remove(key);
            }
        }
    }

    /** Hides it, unless the registry has it again or the backup has it no more. */
    private boolean remove(String key) {
        fence.require();
        if (storePair.registry().find(key).isPresent()
                || storePair.backup().findBeforeWrite(key).isEmpty()) {
            return false;
        }
        storePair.backup().remove(key, Optional.empty());
        reconcileStats.add(storePair.layout().parse(key).kind(), Count.REMOVED, 1);
        return true;
    }

    private void failed(ObjectStoreException failure, String consequence) {
        // What is refused is refused to the next run too.
        hasFailed |= failure.error() != StoreError.REFUSED;
        couldNotTell(consequence + ": " + failure.getMessage());
    }

    private void couldNotTell(String problem) {
        found.accept(new Finding(FindingCode.COULD_NOT_TELL, storePair.backup().bucket(), problem));
    }
}
