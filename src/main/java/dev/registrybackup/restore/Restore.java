package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.inventory.PointInTimeLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FencedObjectStore;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RegistryPath;
import java.time.Clock;
import java.util.Iterator;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Restores from one backup into one target.
 *
 * @param restoreEndpoints from where to where
 * @param workerPools where the work is done
 * @param rateLimiter how fast blobs may be read
 * @param clock the time
 */
public record Restore(
        RestoreEndpoints restoreEndpoints, WorkerPools workerPools, RateLimiter rateLimiter, Clock clock) {
    /**
     * What came of a restore.
     *
     * @param isComplete whether all that was asked for is in the target
     * @param summary what had to be done, as it was planned
     */
    public record RestoreResult(boolean isComplete, ObjectNode summary) {}

    /**
     * Tells what would be done.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws VersioningDisabledException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store could not be read
     */
    public ObjectNode plan(RestoreRequest request) {
        RestoreCounts restoreCounts = new RestoreCounts(finding -> {});
        prepare(request, restoreCounts);
        return restoreCounts.json();
    }

    /**
     * Does nothing if there is something to restore, as far as a few requests tell.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws VersioningDisabledException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store cannot be reached
     */
    public void check(RestoreRequest request) {
        restoreEndpoints.backup().requireBucket();
        restoreEndpoints.target().requireBucket();
        Links links = links(request);
        Scope scope = request.scope();
        if (!(scope instanceof Scope.All) && !isInScope(scope, links)) {
            throw UnknownScopeException.of(request);
        }
    }

    private boolean isInScope(Scope scope, Links links) {
        if (scope instanceof Scope.Blob blob) {
            return isInBackup(new RegistryPath.BlobData(blob.digest()))
                    || new BlobVersions(restoreEndpoints.backup(), restoreEndpoints.layout(), rateLimiter)
                            .newestValid(blob.digest())
                            .isPresent();
        }
        try (Stream<ListedLink> found = links.list(scope.linkPrefix(restoreEndpoints.layout()))) {
            return found.anyMatch(
                    link -> link.path().kind() != RegistryPath.Kind.LAYER_LINK && scope.covers(link.path()));
        }
    }

    /**
     * Tells what would be done to restore images that the backup's own links need not name.
     *
     * @param named links of such images, so many at a time as fit into memory together
     * @throws VersioningDisabledException if an older state of everything is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store could not be read
     */
    public ObjectNode plan(RestoreRequest request, Stream<? extends Links> named) {
        if (request.scope() instanceof Scope.All) {
            // Whatever is named is among it.
            return plan(request);
        }
        RestoreCounts restoreCounts = new RestoreCounts(finding -> {});
        prepareLinks(request, named, restoreCounts).forEach(plannedRestore -> {});
        return restoreCounts.json();
    }

    /** If everything is asked for, that first; then what is named, each prepared when its turn comes. */
    private Stream<PlannedRestore> prepareLinks(
            RestoreRequest request, Stream<? extends Links> named, RestoreCounts restoreCounts) {
        BlobVersions removed = new BlobVersions(restoreEndpoints.backup(), restoreEndpoints.layout(), rateLimiter);
        Stream<PlannedRestore> further =
                named.map(links -> prepareScope(request.withFullScope(), links, removed, restoreCounts));
        if (!(request.scope() instanceof Scope.All)) {
            return further;
        }
        Stream<PlannedRestore> all = Stream.of(request).map(each -> {
            PlannedRestore plannedRestore = prepare(each, restoreCounts);
            restoreCounts.countOnlyWork();
            return plannedRestore;
        });
        return Stream.concat(all, further);
    }

    /** The work that is left, once it was planned. */
    @FunctionalInterface
    private interface PlannedRestore {
        boolean run(RestoreEndpoints permitted, ProgressTracker progressTracker);
    }

    private PlannedRestore prepare(RestoreRequest request, RestoreCounts restoreCounts) {
        restoreEndpoints.backup().requireBucket();
        restoreEndpoints.target().requireBucket();
        Links links = links(request);
        BlobVersions removed = new BlobVersions(restoreEndpoints.backup(), restoreEndpoints.layout(), rateLimiter);
        return request.scope() instanceof Scope.All
                ? prepareAll(request, links, removed, restoreCounts)
                : prepareScope(request, links, removed, restoreCounts);
    }

    private PlannedRestore prepareScope(
            RestoreRequest request, Links links, BlobVersions removed, RestoreCounts restoreCounts) {
        ScopedRootReader roots = new ScopedRootReader(request, links, restoreEndpoints.layout(), workerPools);
        ScopedPlan plan =
                new ScopedPlanner(restoreEndpoints, request, roots, workerPools, removed, restoreCounts).plan();
        return (permitted, progressTracker) -> {
            BlobRestorer blobs = new BlobRestorer(permitted, request.mode(), rateLimiter, removed, progressTracker);
            return new ScopedRestore(blobs, new LinkWriter(permitted, progressTracker), workerPools, progressTracker)
                    .run(plan);
        };
    }

    private PlannedRestore prepareAll(
            RestoreRequest request, Links links, BlobVersions removed, RestoreCounts restoreCounts) {
        FullWalk walk = new FullWalk(restoreEndpoints, links, request.at().isPresent());
        FullRestore whole = new FullRestore(walk, request, workerPools);
        whole.plan(restoreCounts);
        return (permitted, progressTracker) -> {
            BlobRestorer blobs = new BlobRestorer(permitted, request.mode(), rateLimiter, removed, progressTracker);
            BlobsInTarget inTarget = new BlobsInTarget(permitted, blobs);
            LinkWriter writing = new LinkWriter(permitted, progressTracker);
            Manifests manifests =
                    new Manifests(restoreEndpoints.backup(), restoreEndpoints.layout(), workerPools, removed);
            ManifestRestorer revisions =
                    new ManifestRestorer(manifests, inTarget, writing, this::isInBackup, progressTracker);
            return whole.run(blobs, inTarget, revisions, writing, progressTracker);
        };
    }

    private boolean isInBackup(RegistryPath path) {
        return restoreEndpoints
                .backup()
                .headBeforeWrite(restoreEndpoints.layout().keyOf(path))
                .isPresent();
    }

    private Links links(RestoreRequest request) {
        if (request.at().isEmpty()) {
            return new CurrentLinks(restoreEndpoints.backup(), restoreEndpoints.layout());
        }
        if (!restoreEndpoints.backup().isVersioned()) {
            throw new VersioningDisabledException(
                    "The backup bucket %s keeps no versions, so that nothing can be restored as of %s:"
                            .concat(" enable versioning on it for the future, or leave out \"at\"")
                            .formatted(
                                    restoreEndpoints.backup().bucket(),
                                    request.at().get()));
        }
        return new PointInTimeLinks(
                restoreEndpoints.backup(),
                restoreEndpoints.layout(),
                request.at().get(),
                new MissingIntervals(restoreEndpoints.backup()),
                workerPools);
    }

    /**
     * Restores.
     *
     * @param fence asked before each write
     * @param progressTracker told how far it is
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws VersioningDisabledException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.operation.FencedException if it was told to stop
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store failed as a whole
     */
    public RestoreResult run(RestoreRequest request, Fence fence, ProgressTracker progressTracker) {
        return execute(
                restoreCounts -> Stream.of(request).map(each -> prepare(each, restoreCounts)), fence, progressTracker);
    }

    /**
     * Restores images that the backup's own links need not name, and before them everything, if that is asked for.
     *
     * @param named links of such images, so many at a time as fit into memory together
     * @param fence asked before each write
     * @param progressTracker told how far it is
     * @throws VersioningDisabledException if an older state of everything is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.operation.FencedException if it was told to stop
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store failed as a whole
     */
    public RestoreResult run(
            RestoreRequest request, Stream<? extends Links> named, Fence fence, ProgressTracker progressTracker) {
        return execute(restoreCounts -> prepareLinks(request, named, restoreCounts), fence, progressTracker);
    }

    private RestoreResult execute(
            Function<RestoreCounts, Stream<PlannedRestore>> preparing, Fence fence, ProgressTracker progressTracker) {
        progressTracker.phase("planning");
        RestoreCounts restoreCounts = new RestoreCounts(progressTracker::addFinding);
        RestoreEndpoints permitted =
                restoreEndpoints.withTarget(new FencedObjectStore(restoreEndpoints.target(), fence));
        boolean complete = true;
        long objects = 0;
        long bytes = 0;
        for (Iterator<PlannedRestore> steps = preparing.apply(restoreCounts).iterator(); steps.hasNext(); ) {
            PlannedRestore plannedRestore = steps.next();
            progressTracker.addExpected(restoreCounts.objects() - objects, restoreCounts.bytes() - bytes);
            objects = restoreCounts.objects();
            bytes = restoreCounts.bytes();
            complete &= plannedRestore.run(permitted, progressTracker);
        }
        return new RestoreResult(complete, restoreCounts.json());
    }
}
