package dev.registrybackup.reconcile;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.MissingInterval;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.OperationContext;
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
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hides in the backup what the registry has lacked since before a time: tags, then revisions, an index before its children,
 * then layer links, then blobs, so that no link is left that leads to nothing. Only a tag's history may name a revision
 * that is gone, as it may in the registry. Each key is asked for in the registry once more just before, and just after: what
 * came back in between is brought again, since its event may have found it in the backup still. Nothing that a revision
 * kept in the backup or present in the registry needs is touched, nor what ImageStreams needed that were captured since
 * that time. For one thread.
 */
final class LinkPruner {
    private final OperationContext context;
    private final StorePair storePair;
    private final ReplicationTools replicationTools;
    private final MissingIntervals missingIntervals;
    private final RepositoryReachableSet repositoryReachableSet;
    private final CapturedImages capturedImages;
    private final BlobSweeper blobSweeper;
    private final ReconcileStats reconcileStats;
    private final Path scratch;
    private final Instant missingSinceBefore;
    private boolean hasFailed;

    /** The keys of one repository that may go. */
    private record RepositoryKeys(RepositoryName repository, List<String> keys) {}

    /**
     * A removal from that backup.
     *
     * @param scratch a directory for lists
     * @param before what has been absent since before then may go
     */
    LinkPruner(
            StorePair storePair,
            ReplicationTools replicationTools,
            RepositoryReachableSet needs,
            CapturedImages captured,
            BlobSweeper blobs,
            OperationContext context,
            ReconcileStats reconcileStats,
            Path scratch,
            Instant before) {
        this.context = context;
        this.storePair = storePair;
        this.replicationTools = replicationTools;
        this.missingIntervals = new MissingIntervals(storePair.backup());
        this.repositoryReachableSet = needs;
        this.capturedImages = captured;
        this.blobSweeper = blobs;
        this.reconcileStats = reconcileStats;
        this.scratch = scratch;
        this.missingSinceBefore = before;
    }

    /** Does it, and says whether no store failed; what was not removed then, the next run removes. */
    boolean run() {
        forEachRepository(Kind.TAG_CURRENT_LINK, repositoryKeys -> pruneAll(repositoryKeys.keys(), Set.of()));
        forEachRepository(Kind.TAG_INDEX_LINK, repositoryKeys -> pruneAll(repositoryKeys.keys(), Set.of()));
        forEachRepository(Kind.REVISION_LINK, this::pruneRevisions);
        forEachRepository(Kind.LAYER_LINK, this::pruneLayers);
        try (Stream<String> keys = prunableKeys(Kind.BLOB)) {
            blobSweeper.sweep(keys, this::prune);
        } catch (ObjectStoreException e) {
            reportFailure(e, "Blobs that nothing needs any more were not removed, or not all of them");
        }
        return !hasFailed;
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private Stream<String> prunableKeys(Kind kind) {
        return missingIntervals
                .list(scratch)
                .filter(missingInterval ->
                        missingInterval.isOpen() && missingInterval.from().isBefore(missingSinceBefore))
                .map(MissingInterval::key)
                .filter(key -> storePair.layout().parse(key).kind() == kind);
    }

    private void forEachRepository(Kind kind, Consumer<RepositoryKeys> remove) {
        try (Stream<String> keys = prunableKeys(kind)) {
            @Nullable RepositoryKeys repositoryKeys = null;
            for (String key : (Iterable<String>) keys::iterator) {
                RepositoryName repository = ((Link) storePair.layout().parse(key)).repository();
                if (repositoryKeys != null && !repositoryKeys.repository().equals(repository)) {
                    pruneRepository(repositoryKeys, remove);
                    repositoryKeys = null;
                }
                repositoryKeys =
                        repositoryKeys == null ? new RepositoryKeys(repository, new ArrayList<>()) : repositoryKeys;
                repositoryKeys.keys().add(key);
            }
            if (repositoryKeys != null) {
                pruneRepository(repositoryKeys, remove);
            }
        }
    }

    private void pruneRepository(RepositoryKeys repositoryKeys, Consumer<RepositoryKeys> remove) {
        try {
            remove.accept(repositoryKeys);
        } catch (ObjectStoreException e) {
            reportFailure(
                    e,
                    "Nothing more was removed from repository %s in this run".formatted(repositoryKeys.repository()));
        }
    }

    private void pruneRevisions(RepositoryKeys repositoryKeys) {
        Set<Digest> due = repositoryKeys.keys().stream()
                .map(key -> ((DigestLink) storePair.layout().parse(key)).digest())
                .collect(Collectors.toSet());
        Set<Digest> going = new HashSet<>(due);
        Set<Digest> kept = repositoryReachableSet.taggedRevisions(repositoryKeys.repository());
        due.stream().filter(capturedImages.digests()::contains).forEach(kept::add);
        going.removeAll(kept);
        ReachableSet.Reachability reachability =
                repositoryReachableSet.reachableFromRevisions(repositoryKeys.repository(), going);
        if (isFullyKnown(reachability, repositoryKeys)) {
            kept.addAll(reachability.digests());
            pruneAll(
                    repositoryReachableSet.parentsFirst(due).stream()
                            .map(digest ->
                                    storePair.layout().keyOf(new RevisionLink(repositoryKeys.repository(), digest)))
                            .toList(),
                    kept);
        }
    }

    private void pruneLayers(RepositoryKeys repositoryKeys) {
        ReachableSet.Reachability reachability =
                repositoryReachableSet.reachableFromRevisions(repositoryKeys.repository(), Set.of());
        if (isFullyKnown(reachability, repositoryKeys)) {
            pruneAll(repositoryKeys.keys(), reachability.digests());
        }
    }

    private boolean isFullyKnown(ReachableSet.Reachability reachability, RepositoryKeys repositoryKeys) {
        reachability
                .unknown()
                .forEach(manifest -> reportUnknown("Nothing was removed from repository %s: what %s needs is not known"
                        .formatted(repositoryKeys.repository(), manifest)));
        return reachability.unknown().isEmpty();
    }

    private void pruneAll(List<String> keys, Set<Digest> kept) {
        for (String key : keys) {
            RegistryPath path = storePair.layout().parse(key);
            Optional<Digest> named = path instanceof DigestLink link ? Optional.of(link.digest()) : Optional.empty();
            if (named.filter(kept::contains).isEmpty()) {
                prune(key);
            }
        }
    }

    /** Hides it, unless the registry has it again or the backup has it no more; says whether it did, for however long. */
    private boolean prune(String key) {
        context.checkFence();
        if (storePair.registry().head(key).isPresent()
                || storePair.backup().headBeforeWrite(key).isEmpty()) {
            return false;
        }
        storePair.backup().delete(key, Optional.empty());
        if (storePair.registry().head(key).isPresent()) {
            bringAgain(key);
        } else {
            reconcileStats.add(storePair.layout().parse(key).kind(), Count.PRUNED, 1);
        }
        return true;
    }

    private void bringAgain(String key) {
        replicationTools.durableKeys().remove(key);
        try {
            replicationTools.replicator().replicate(key).join();
        } catch (CompletionException e) {
            throw WorkerPools.unwrap(e) instanceof ObjectStoreException failure ? failure : e;
        }
    }

    private void reportFailure(ObjectStoreException failure, String consequence) {
        // What is refused is refused to the next run too.
        hasFailed |= failure.error() != StoreError.BAD_REQUEST;
        reportUnknown(consequence + ": " + failure.getMessage());
    }

    private void reportUnknown(String problem) {
        context.report(new Finding(FindingCode.UNDETERMINED, storePair.backup().bucket(), problem));
    }
}
