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
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RegistryPath;
import java.time.Clock;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Restores from one backup into one target. Each method throws {@link
 * dev.registrybackup.objectstore.ObjectStoreException} if a store cannot be read or fails as a whole, {@link
 * UnknownScopeException} if the backup has nothing in the request's scope, and {@link VersioningDisabledException} if the
 * request has a time and the backup keeps no versions. The methods with named images need neither a link in the scope nor,
 * unless the request is for everything, versions.
 *
 * @param target the store to restore into, which may have another root directory
 * @param rateLimiter the limit for reading blobs
 * @param clock the clock that {@code at} is compared with
 */
public record Restore(
        RegistryStore backup, RegistryStore target, WorkerPools workerPools, RateLimiter rateLimiter, Clock clock) {
    /**
     * The result of a restore.
     *
     * @param isComplete whether the target has everything that was requested
     * @param summary the planned work, as counted
     */
    public record RestoreResult(boolean isComplete, ObjectNode summary) {}

    /** The planned and counted work of a restore. */
    @FunctionalInterface
    interface PlannedRestore {
        /** Does the work; returns whether all of it succeeded. */
        boolean run();
    }

    /** Plans a restore and writes nothing. */
    public ObjectNode plan(RestoreRequest request) {
        RestoreContext context = context(request, new OperationContext(() -> {}, new ProgressTracker()));
        prepare(context);
        return context.counts().json();
    }

    /**
     * Plans to restore images that the backup's own links need not name, and writes nothing.
     *
     * @param named links of such images, so many at a time as fit into memory together
     */
    public ObjectNode plan(RestoreRequest request, Stream<? extends Links> named) {
        if (request.scope() instanceof Scope.All) {
            // Everything includes the named images.
            return plan(request);
        }
        RestoreContext context = context(request, new OperationContext(() -> {}, new ProgressTracker()));
        prepareNamed(context, named).forEach(planned -> {});
        return context.counts().json();
    }

    /** Checks with a few requests that there is something to restore. */
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
     * Restores the request's scope.
     *
     * @param operation checked for cancellation before each write; receives progress and findings
     * @throws dev.registrybackup.operation.FencedException if the operation was cancelled or replaced
     */
    public RestoreResult run(RestoreRequest request, OperationContext operation) {
        RestoreContext context = context(request, operation);
        return run(context, Stream.of(context).map(this::prepare));
    }

    /**
     * Restores images that the backup's own links need not name; before them everything, if the request is for
     * everything.
     *
     * @param named links of such images, so many at a time as fit into memory together
     * @param operation checked for cancellation before each write; receives progress and findings
     * @throws dev.registrybackup.operation.FencedException if the operation was cancelled or replaced
     */
    public RestoreResult run(RestoreRequest request, Stream<? extends Links> named, OperationContext operation) {
        RestoreContext context = context(request, operation);
        return run(context, prepareNamed(context, named));
    }

    /** Whether several indexes can share the work of this request. */
    public static boolean isDivisible(RestoreRequest request) {
        return request.scope() instanceof Scope.All && request.imageStreamMode() == ImageStreamMode.NONE;
    }

    /**
     * Restores the share of the operation's index, and merges the results of all indexes if this is the last one. Throws
     * as {@link #run(RestoreRequest, OperationContext)} does.
     *
     * @return empty if other indexes are not done
     */
    public Optional<RestoreResult> runShare(RestoreRequest request, OperationContext operation, IndexReports reports) {
        IndexedRestore indexes = new IndexedRestore(operation, reports);
        return indexes.run(own -> {
            requireBuckets();
            RestoreContext context = context(request, own);
            return run(
                    context,
                    Stream.of(context).map(each -> new FullRestore(each, links(request), Optional.of(indexes))));
        });
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

    /** Plans and restores one batch after the other, so that only one is in memory. */
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

    /** Everything first, if the request is for everything; then the named images. */
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
                ? new FullRestore(context, links, Optional.empty())
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
                    "The backup bucket %s keeps no versions, so nothing can be restored as of %s:"
                            .concat(" enable versioning on it for the future, or leave out \"at\"")
                            .formatted(backup.store().bucket(), request.at().get()));
        }
        return new PointInTimeLinks(backup, request.at().get(), new MissingIntervals(backup.store()), workerPools);
    }
}
