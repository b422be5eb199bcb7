package dev.registrybackup.reconcile;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.MissingInterval;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.Replicator;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Prunes the backup: hides what has been missing from the registry since before a time. Deletes tags, then revisions,
 * an index before its children, then layer links, then blobs, so that no link is left whose target is missing. Only a
 * tag's history may name a deleted revision, as it may in the registry. Checks the registry for each key just before
 * and just after its deletion: a key that reappeared in between is copied again, because its event may still have found
 * it in the backup. Keeps everything reachable from a revision that stays in the backup or is in the registry, and from
 * ImageStreams captured since that time. For one thread.
 */
final class Pruner {
    /** How many blobs one run deletes at most, which bounds its memory; the next run continues. */
    private static final int MAX_BLOBS = 100_000;

    private static final int BATCH_SIZE = 1_000;

    private final StorePair storePair;
    private final Replicator replicator;
    private final ReachableSet reachableSet;
    private final PruneRecord pruneRecord;
    private final OperationContext context;
    private final ReconcileStats reconcileStats;
    private final Path scratch;
    private final Instant missingSinceBefore;
    private @Nullable Set<Digest> cachedCapturedImages;
    private @Nullable ObjectStoreException captureFailure;
    private boolean hasFailed;

    /** The keys of one repository to prune. */
    private record RepositoryKeys(RepositoryName repository, List<String> keys) {}

    /**
     * Prunes the backup of this pair.
     *
     * @param pruneRecord the record that blobs are being pruned, written before the first deletion
     * @param scratch a directory for lists
     * @param missingSinceBefore prunes what has been missing from the registry since before then
     */
    Pruner(
            StorePair storePair,
            Replicator replicator,
            ReachableSet reachableSet,
            PruneRecord pruneRecord,
            OperationContext context,
            ReconcileStats reconcileStats,
            Path scratch,
            Instant missingSinceBefore) {
        this.storePair = storePair;
        this.replicator = replicator;
        this.reachableSet = reachableSet;
        this.pruneRecord = pruneRecord;
        this.context = context;
        this.reconcileStats = reconcileStats;
        this.scratch = scratch;
        this.missingSinceBefore = missingSinceBefore;
    }

    /** Prunes, and returns whether no store failed; if one did, the next run prunes the rest. */
    boolean run() {
        forEachRepository(Kind.TAG_CURRENT_LINK, repositoryKeys -> pruneAll(repositoryKeys.keys(), Set.of()));
        forEachRepository(Kind.TAG_INDEX_LINK, repositoryKeys -> pruneAll(repositoryKeys.keys(), Set.of()));
        forEachRepository(Kind.REVISION_LINK, this::pruneRevisions);
        forEachRepository(Kind.LAYER_LINK, this::pruneLayers);
        try {
            sweepBlobs();
        } catch (ObjectStoreException e) {
            reportFailure(e, "Not all orphaned blobs were pruned");
        }
        return !hasFailed;
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private Stream<String> prunableKeys(Kind kind) {
        return new MissingIntervals(storePair.backup())
                .list(scratch)
                .filter(missingInterval ->
                        missingInterval.isOpen() && missingInterval.from().isBefore(missingSinceBefore))
                .map(MissingInterval::key)
                .filter(key -> storePair.layout().parse(key).kind() == kind);
    }

    /** Passes on the prunable keys of a kind, those of one repository at a time. */
    private void forEachRepository(Kind kind, Consumer<RepositoryKeys> remove) {
        try (Stream<String> keys = prunableKeys(kind)) {
            Optional<RepositoryKeys> last = Optional.empty();
            for (String key : (Iterable<String>) keys::iterator) {
                RepositoryName repository = ((Link) storePair.layout().parse(key)).repository();
                if (last.filter(before -> before.repository().equals(repository))
                        .isEmpty()) {
                    last.ifPresent(before -> pruneRepository(before, remove));
                    last = Optional.of(new RepositoryKeys(repository, new ArrayList<>()));
                }
                last.get().keys().add(key);
            }
            last.ifPresent(complete -> pruneRepository(complete, remove));
        }
    }

    private void pruneRepository(RepositoryKeys repositoryKeys, Consumer<RepositoryKeys> remove) {
        try {
            remove.accept(repositoryKeys);
        } catch (ObjectStoreException e) {
            reportFailure(e, "Pruning of repository %s stopped in this run".formatted(repositoryKeys.repository()));
        }
    }

    private void pruneRevisions(RepositoryKeys repositoryKeys) {
        Set<Digest> due = repositoryKeys.keys().stream()
                .map(key -> ((DigestLink) storePair.layout().parse(key)).digest())
                .collect(Collectors.toSet());
        Set<Digest> going = new HashSet<>(due);
        Set<Digest> kept = taggedRevisions(repositoryKeys.repository());
        due.stream().filter(capturedImages()::contains).forEach(kept::add);
        going.removeAll(kept);
        ReachableSet.Reachability reachability = reachableFromRevisions(repositoryKeys.repository(), going);
        if (isFullyKnown(reachability, repositoryKeys)) {
            kept.addAll(reachability.digests());
            pruneAll(
                    reachableSet.parentsFirst(due).stream()
                            .map(digest ->
                                    storePair.layout().keyOf(new RevisionLink(repositoryKeys.repository(), digest)))
                            .toList(),
                    kept);
        }
    }

    private void pruneLayers(RepositoryKeys repositoryKeys) {
        ReachableSet.Reachability reachability = reachableFromRevisions(repositoryKeys.repository(), Set.of());
        if (isFullyKnown(reachability, repositoryKeys)) {
            pruneAll(repositoryKeys.keys(), reachability.digests());
        }
    }

    /** The revisions that a repository's tags point to, in either store. */
    private Set<Digest> taggedRevisions(RepositoryName repository) {
        Set<Digest> tagged = new HashSet<>();
        String prefix = storePair.layout().repositoriesPrefix() + repository + "/_manifests/tags/";
        for (ObjectStore store : List.of(storePair.backup(), storePair.registry())) {
            CurrentLinks links = new CurrentLinks(new RegistryStore(store, storePair.layout()));
            try (Stream<ListedLink> tags = links.list(prefix, TagCurrentLink.class::isInstance)) {
                tags.forEach(tag -> links.findTarget(tag.key()).ifPresent(tagged::add));
            }
        }
        return tagged;
    }

    /**
     * The images in ImageStreams captured since that time, with the children of indexes: a restore needs their bytes even if
     * the registry has deleted them. Read once, on the first call; takes some 200 bytes of memory for each.
     *
     * @throws ObjectStoreException if that cannot be determined, and then on each call
     */
    private Set<Digest> capturedImages() {
        if (captureFailure != null) {
            throw captureFailure;
        }
        Set<Digest> captured = cachedCapturedImages;
        if (captured == null) {
            captured = new HashSet<>();
            try {
                new CaptureReader(storePair.backup(), scratch).imagesSince(missingSinceBefore, captured::add);
            } catch (ObjectStoreException e) {
                captureFailure = e;
                throw e;
            }
            cachedCapturedImages = captured;
        }
        return captured;
    }

    /** Everything reachable from a repository's revisions in the backup, except those about to be deleted. */
    private ReachableSet.Reachability reachableFromRevisions(RepositoryName repository, Set<Digest> going) {
        Set<Digest> revisions = new HashSet<>();
        String prefix = storePair.layout().repositoriesPrefix() + repository + "/_manifests/revisions/";
        try (Stream<ObjectInfo> listing = storePair.backup().list(prefix)) {
            listing.forEach(object -> {
                if (storePair.layout().parse(object.key()) instanceof RevisionLink revision
                        && !going.contains(revision.digest())) {
                    revisions.add(revision.digest());
                }
            });
        }
        return reachableSet.of(revisions);
    }

    private boolean isFullyKnown(ReachableSet.Reachability reachability, RepositoryKeys repositoryKeys) {
        reachability
                .unknown()
                .forEach(manifest -> reportUnknown(
                        "Nothing was pruned from repository %s: the dependencies of %s cannot be determined"
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

    /**
     * Deletes blobs that are not reachable from any link in the backup or the registry, nor from a captured image.
     *
     * @throws ObjectStoreException if the reachable set cannot be determined: then no blob was deleted
     */
    private void sweepBlobs() {
        Set<Digest> orphans = new LinkedHashSet<>();
        try (Stream<String> keys = prunableKeys(Kind.BLOB)) {
            keys.limit(MAX_BLOBS)
                    .forEach(key -> orphans.add(((BlobData) storePair.layout().parse(key)).digest()));
        }
        if (orphans.isEmpty()) {
            return;
        }
        boolean isFirst = pruneRecord.start();
        List<Digest> images = List.copyOf(capturedImages());
        for (int from = 0; from < images.size(); from += BATCH_SIZE) {
            orphans.removeAll(requireReachable(images.subList(from, Math.min(from + BATCH_SIZE, images.size()))));
        }
        removeLinked(orphans, storePair.backup());
        removeLinked(orphans, storePair.registry());
        boolean hasPruned = false;
        for (Digest digest : orphans) {
            hasPruned |= prune(storePair.layout().blobKey(digest));
        }
        if (isFirst && !hasPruned) {
            pruneRecord.finish();
        }
    }

    /** Removes from the set what is reachable from this store's links. */
    private void removeLinked(Set<Digest> orphans, ObjectStore store) {
        try (Stream<ObjectInfo> listing = store.list(storePair.layout().repositoriesPrefix())) {
            Iterator<ObjectInfo> links = listing.iterator();
            List<Digest> manifests = new ArrayList<>();
            while (links.hasNext()) {
                RegistryPath path = storePair.layout().parse(links.next().key());
                if (path instanceof DigestLink link) {
                    orphans.remove(link.digest());
                    if (path.kind() != Kind.LAYER_LINK) {
                        manifests.add(link.digest());
                    }
                }
                if (manifests.size() >= BATCH_SIZE || !links.hasNext()) {
                    orphans.removeAll(requireReachable(manifests));
                    manifests.clear();
                }
            }
        }
    }

    private Set<Digest> requireReachable(List<Digest> manifests) {
        ReachableSet.Reachability reachability = reachableSet.of(manifests);
        if (!reachability.unknown().isEmpty()) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST,
                    "the dependencies of these cannot be determined, because they are not readable manifests: "
                            + reachability.unknown());
        }
        return reachability.digests();
    }

    /** Deletes the key, unless the registry has it again or the backup no longer has it; returns whether it was deleted. */
    private boolean prune(String key) {
        context.checkFence();
        if (storePair.registry().head(key).isPresent()
                || storePair.backup().headBeforeWrite(key).isEmpty()) {
            return false;
        }
        storePair.backup().delete(key, Optional.empty());
        if (storePair.registry().head(key).isPresent()) {
            replicator.durableKeys().remove(key);
            WorkerPools.join(replicator.replicate(key));
        } else {
            reconcileStats.add(storePair.layout().parse(key).kind(), Count.PRUNED, 1);
        }
        return true;
    }

    private void reportFailure(ObjectStoreException failure, String consequence) {
        // A refused request fails in the next run too.
        hasFailed |= failure.error() != StoreError.BAD_REQUEST;
        reportUnknown(consequence + ": " + failure.getMessage());
    }

    private void reportUnknown(String problem) {
        context.report(new Finding(FindingCode.UNDETERMINED, storePair.backup().bucket(), problem));
    }
}
