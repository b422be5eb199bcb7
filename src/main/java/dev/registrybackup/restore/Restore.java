package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.inventory.PointInTimeLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.FencedObjectStore;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RegistryPath;
import java.time.Clock;
import java.util.Iterator;
import java.util.stream.Stream;

/**
 * Restores from one backup into one target.
 *
 * @param backup what is restored from
 * @param target what is restored into, which may have another root directory
 * @param workerPools where the work is done
 * @param rateLimiter how fast blobs may be read
 * @param clock the time
 */
public record Restore(
        RegistryStore backup, RegistryStore target, WorkerPools workerPools, RateLimiter rateLimiter, Clock clock) {
    /**
     * What came of a restore.
     *
     * @param isComplete whether all that was asked for is in the target
     * @param summary what had to be done, as it was planned
     */
    public record RestoreResult(boolean isComplete, ObjectNode summary) {}

    /** What is left to do once a restore was planned and counted. */
    @FunctionalInterface
    interface PlannedRestore {
        /** Does it, and says whether all of it could be done. */
        boolean run();
    }

    /**
     * Tells what would be done.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws VersioningDisabledException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store could not be read
     */
    public ObjectNode plan(RestoreRequest request) {
        RestoreContext context = context(request, new OperationContext(() -> {}, new ProgressTracker()));
        prepare(context);
        return context.counts().json();
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
        RestoreContext context = context(request, new OperationContext(() -> {}, new ProgressTracker()));
        prepareNamed(context, named).forEach(planned -> {});
        return context.counts().json();
    }

    /**
     * Does nothing if there is something to restore, as far as a few requests tell.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws VersioningDisabledException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store cannot be reached
     */
    public void check(RestoreRequest request) {
        requireBuckets();
        Links links = links(request);
        if (!(request.scope() instanceof Scope.All) && !isInBackup(request.scope(), links)) {
            throw UnknownScopeException.of(request);
        }
    }

    private boolean isInBackup(Scope scope, Links links) {
        if (scope instanceof Scope.Blob blob) {
            return backup.store().headBeforeWrite(backup.key(blob.digest())).isPresent()
                    || new BlobVersions(backup, rateLimiter)
                            .newestValid(blob.digest())
                            .isPresent();
        }
        try (Stream<ListedLink> found = links.list(scope.linkPrefix(backup.layout()))) {
            return found.anyMatch(
                    link -> link.path().kind() != RegistryPath.Kind.LAYER_LINK && scope.covers(link.path()));
        }
    }

    /**
     * Restores.
     *
     * @param operation asked before each write whether to go on, and told how far it is and each finding
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws VersioningDisabledException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.operation.FencedException if it was told to stop
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store failed as a whole
     */
    public RestoreResult run(RestoreRequest request, OperationContext operation) {
        RestoreContext context = context(request, operation);
        return run(context, Stream.of(context).map(this::prepare));
    }

    /**
     * Restores images that the backup's own links need not name, and before them everything, if that is asked for.
     *
     * @param named links of such images, so many at a time as fit into memory together
     * @param operation asked before each write whether to go on, and told how far it is and each finding
     * @throws VersioningDisabledException if an older state of everything is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.operation.FencedException if it was told to stop
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store failed as a whole
     */
    public RestoreResult run(RestoreRequest request, Stream<? extends Links> named, OperationContext operation) {
        RestoreContext context = context(request, operation);
        return run(context, prepareNamed(context, named));
    }

    private RestoreContext context(RestoreRequest request, OperationContext operation) {
        return new RestoreContext(
                backup,
                target.through(new FencedObjectStore(target.store(), operation.fence())),
                request,
                workerPools,
                rateLimiter,
                new BlobVersions(backup, rateLimiter),
                new RestoreCounts(operation),
                operation);
    }

    /** Each is prepared when its turn comes, and done before the next is prepared. */
    private static RestoreResult run(RestoreContext context, Stream<PlannedRestore> prepared) {
        RestoreCounts counts = context.counts();
        context.operation().progress().phase("planning");
        boolean isComplete = true;
        long objects = 0;
        long bytes = 0;
        for (Iterator<PlannedRestore> steps = prepared.iterator(); steps.hasNext(); ) {
            PlannedRestore step = steps.next();
            context.operation().progress().addExpected(counts.objects() - objects, counts.bytes() - bytes);
            objects = counts.objects();
            bytes = counts.bytes();
            isComplete &= step.run();
        }
        return new RestoreResult(isComplete, counts.json());
    }

    /** If everything is asked for, that first; then what is named. */
    private Stream<PlannedRestore> prepareNamed(RestoreContext context, Stream<? extends Links> named) {
        RestoreContext further = context.withRequest(context.request().withFullScope());
        Stream<PlannedRestore> steps = named.map(links -> new ScopedRestore(further, links));
        if (!(context.request().scope() instanceof Scope.All)) {
            return steps;
        }
        Stream<PlannedRestore> all = Stream.of(context).map(each -> {
            PlannedRestore planned = prepare(each);
            each.counts().countOnlyWork();
            return planned;
        });
        return Stream.concat(all, steps);
    }

    private PlannedRestore prepare(RestoreContext context) {
        requireBuckets();
        Links links = links(context.request());
        return context.request().scope() instanceof Scope.All
                ? new FullRestore(context, links)
                : new ScopedRestore(context, links);
    }

    private void requireBuckets() {
        backup.store().requireBucket();
        target.store().requireBucket();
    }

    private Links links(RestoreRequest request) {
        if (request.at().isEmpty()) {
            return new CurrentLinks(backup);
        }
        if (!backup.store().isVersioned()) {
            throw new VersioningDisabledException(
                    "The backup bucket %s keeps no versions, so that nothing can be restored as of %s:"
                            .concat(" enable versioning on it for the future, or leave out \"at\"")
                            .formatted(backup.store().bucket(), request.at().get()));
        }
        return new PointInTimeLinks(backup, request.at().get(), new MissingIntervals(backup.store()), workerPools);
    }
}
