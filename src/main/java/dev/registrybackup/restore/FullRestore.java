package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Restores everything, in memory that does not grow with the registry: one pass over both stores' listings to count, then
 * one for blobs and one for each class of links that lacks any. For one thread.
 */
final class FullRestore {
    private static final int CONCURRENCY = 32;
    private static final List<Kind> WRITE_ORDER =
            List.of(Kind.LAYER_LINK, Kind.REVISION_LINK, Kind.TAG_INDEX_LINK, Kind.TAG_CURRENT_LINK);

    private final FullWalk walk;
    private final RestoreRequest request;
    private final Links links;
    private final WorkerPools workerPools;
    private final Map<Kind, Integer> neededByKind = new EnumMap<>(Kind.class);

    /** Restores all of these links and every blob. */
    FullRestore(FullWalk walk, RestoreRequest request, WorkerPools workerPools) {
        this.walk = walk;
        this.request = request;
        this.links = walk.links();
        this.workerPools = workerPools;
    }

    /** Counts what has to be done. */
    void plan(RestoreCounts restoreCounts) {
        walk.blobs((blob, there) ->
                restoreCounts.addBlob(new BlobStep(blob.digest(), blob.objectRef(), there), request.mode()));
        LinkConflictPolicy target = new LinkConflictPolicy(walk.restoreEndpoints(), request, restoreCounts::addFinding);
        walk.links(path -> true, (link, there) -> {
            Kind kind = link.path().kind();
            if (kind == Kind.REVISION_LINK) {
                restoreCounts.addImage();
            }
            boolean isNeeded = isWriteNeeded(target, link, there);
            neededByKind.merge(kind, isNeeded ? 1 : 0, Integer::sum);
            restoreCounts.addLink(link.size(), isNeeded);
        });
    }

    private boolean isWriteNeeded(LinkConflictPolicy target, ListedLink link, Optional<ListedLink> there) {
        boolean same = there.filter(other ->
                        !other.etag().isEmpty() && other.etag().equals(link.etag()) && other.size() == link.size())
                .isPresent();
        if (there.isEmpty() || same) {
            return there.isEmpty();
        }
        return readTarget(link, finding -> {})
                .filter(digest -> target.isWriteNeeded(link.path(), digest, there.map(ListedLink::objectRef)))
                .isPresent();
    }

    private Optional<Digest> readTarget(ListedLink link, Consumer<Finding> findings) {
        try {
            return Optional.of(links.target(link));
        } catch (MalformedLinkException e) {
            findings.accept(new Finding(FindingCode.LINK_MALFORMED, link.key(), e.getMessage() + ": left out"));
            return Optional.empty();
        }
    }

    /** Does it, and says whether all of it could be done. */
    boolean run(
            BlobRestorer blobs,
            BlobsInTarget inTarget,
            ManifestRestorer revisions,
            LinkWriter writing,
            ProgressTracker progressTracker) {
        progressTracker.phase("blobs");
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        walk.blobs((blob, there) -> {
            inTarget.list(blob.digest());
            submit(boundedTaskGroup, blobs, blob, there);
        });
        boundedTaskGroup.await();
        for (Kind kind : WRITE_ORDER) {
            if (neededByKind.getOrDefault(kind, 0) > 0) {
                progressTracker.phase(kind.label() + "s");
                write(kind, inTarget, revisions, writing, progressTracker);
            }
        }
        return !blobs.hasFailures() && !revisions.hasBlocked();
    }

    private void submit(
            BoundedTaskGroup boundedTaskGroup, BlobRestorer blobs, ListedBlob blob, Optional<ObjectRef> there) {
        switch (BlobRestorer.action(request.mode(), blob.objectRef(), there)) {
            case COPY, VERIFY ->
                boundedTaskGroup.submit(
                        blob.objectRef().size(), () -> blobs.restore(blob.digest(), blob.objectRef(), there));
            case NONE, DIFFERS -> {}
        }
    }

    private void write(
            Kind kind,
            BlobsInTarget blobs,
            ManifestRestorer revisions,
            LinkWriter writing,
            ProgressTracker progressTracker) {
        LinkConflictPolicy target = new LinkConflictPolicy(walk.restoreEndpoints(), request, finding -> {});
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        walk.links(path -> path.kind() == kind, (link, there) -> {
            if (isWriteNeeded(target, link, there)) {
                boundedTaskGroup.submit(0, () -> {
                    if (link.path() instanceof RevisionLink revision) {
                        revisions.restore(revision);
                    } else {
                        readTarget(link, progressTracker::addFinding)
                                .filter(digest -> hasTarget(link.path(), digest, blobs, revisions))
                                .ifPresent(digest -> writing.write(link.path(), digest));
                    }
                });
            }
        });
        boundedTaskGroup.await();
    }

    /**
     * Whether the target has what the link points to. What a tag points to now is to be found by digest as well, whether or
     * not that link was lost; layers that live elsewhere and old entries of a tag's history are nothing that is missing.
     */
    private static boolean hasTarget(
            RegistryPath.Link link, Digest digest, BlobsInTarget blobs, ManifestRestorer revisions) {
        if (link.kind() == Kind.LAYER_LINK) {
            return blobs.has(digest);
        }
        RevisionLink revision = new RevisionLink(link.repository(), digest);
        return revisions.isInTarget(revision) || (link.kind() == Kind.TAG_CURRENT_LINK && revisions.restore(revision));
    }
}
