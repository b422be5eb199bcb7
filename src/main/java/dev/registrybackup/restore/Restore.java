package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.PastLinks;
import dev.registrybackup.inventory.PresentLinks;
import dev.registrybackup.inventory.RemovedBlobs;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.ledger.Absences;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.operation.PermittedStore;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import java.time.Clock;
import java.util.Iterator;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Restores from one backup into one target.
 *
 * @param ends from where to where
 * @param lanes where the work is done
 * @param pace how fast blobs may be read
 * @param clock the time
 */
public record Restore(Ends ends, Lanes lanes, Pace pace, Clock clock) {
    /**
     * What came of a restore.
     *
     * @param isComplete whether all that was asked for is in the target
     * @param summary what had to be done, as it was planned
     */
    public record Outcome(boolean isComplete, ObjectNode summary) {}

    /**
     * Tells what would be done.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws PastUnknownException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.store.ObjectStoreException if a store could not be read
     */
    public ObjectNode plan(RestoreRequest request) {
        Tally tally = new Tally(finding -> {});
        prepare(request, tally);
        return tally.json();
    }

    /**
     * Does nothing if there is something to restore, as far as a few requests tell.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws PastUnknownException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.store.ObjectStoreException if a store cannot be reached
     */
    public void check(RestoreRequest request) {
        ends.backup().requireBucket();
        ends.target().requireBucket();
        Links links = links(request);
        Scope scope = request.scope();
        if (!(scope instanceof Scope.All) && !isKnown(scope, links)) {
            throw UnknownScopeException.of(request);
        }
    }

    private boolean isKnown(Scope scope, Links links) {
        if (scope instanceof Scope.Blob blob) {
            return isInBackup(new RegistryPath.BlobData(blob.digest()))
                    || new RemovedBlobs(ends.backup(), ends.layout(), pace)
                            .newestProved(blob.digest())
                            .isPresent();
        }
        try (Stream<ListedLink> found = links.under(scope.linkPrefix(ends.layout()))) {
            return found.anyMatch(
                    link -> link.path().kind() != RegistryPath.Kind.LAYER_LINK && scope.covers(link.path()));
        }
    }

    /**
     * Tells what would be done to restore images that the backup's own links need not name.
     *
     * @param named links of such images, so many at a time as fit into memory together
     * @throws PastUnknownException if an older state of everything is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.store.ObjectStoreException if a store could not be read
     */
    public ObjectNode plan(RestoreRequest request, Stream<? extends Links> named) {
        if (request.scope() instanceof Scope.All) {
            // Whatever is named is among it.
            return plan(request);
        }
        Tally tally = new Tally(finding -> {});
        prepareNamed(request, named, tally).forEach(planned -> {});
        return tally.json();
    }

    /** If everything is asked for, that first; then what is named, each prepared when its turn comes. */
    private Stream<Planned> prepareNamed(RestoreRequest request, Stream<? extends Links> named, Tally tally) {
        RemovedBlobs removed = new RemovedBlobs(ends.backup(), ends.layout(), pace);
        Stream<Planned> further = named.map(links -> prepareScope(request.ofAll(), links, removed, tally));
        if (!(request.scope() instanceof Scope.All)) {
            return further;
        }
        Stream<Planned> all = Stream.of(request).map(each -> {
            Planned planned = prepare(each, tally);
            tally.countOnlyWork();
            return planned;
        });
        return Stream.concat(all, further);
    }

    /** The work that is left, once it was planned. */
    @FunctionalInterface
    private interface Planned {
        boolean run(Ends permitted, Meter meter);
    }

    private Planned prepare(RestoreRequest request, Tally tally) {
        ends.backup().requireBucket();
        ends.target().requireBucket();
        Links links = links(request);
        RemovedBlobs removed = new RemovedBlobs(ends.backup(), ends.layout(), pace);
        return request.scope() instanceof Scope.All
                ? prepareAll(request, links, removed, tally)
                : prepareScope(request, links, removed, tally);
    }

    private Planned prepareScope(RestoreRequest request, Links links, RemovedBlobs removed, Tally tally) {
        ScopedRoots roots = new ScopedRoots(request, links, ends.layout(), lanes);
        ScopedPlan plan = new ScopedPlanner(ends, request, roots, lanes, removed, tally).plan();
        return (permitted, meter) -> {
            BlobRestoring blobs = new BlobRestoring(permitted, request.mode(), pace, removed, meter);
            return new ScopedRestore(blobs, new LinkWriting(permitted, meter), lanes, meter).run(plan);
        };
    }

    private Planned prepareAll(RestoreRequest request, Links links, RemovedBlobs removed, Tally tally) {
        WholeWalk walk = new WholeWalk(ends, links, request.at().isPresent());
        WholeRestore whole = new WholeRestore(walk, request, lanes);
        whole.plan(tally);
        return (permitted, meter) -> {
            BlobRestoring blobs = new BlobRestoring(permitted, request.mode(), pace, removed, meter);
            BlobsInTarget inTarget = new BlobsInTarget(permitted, blobs);
            LinkWriting writing = new LinkWriting(permitted, meter);
            Manifests manifests = new Manifests(ends.backup(), ends.layout(), lanes, removed);
            RevisionRestoring revisions = new RevisionRestoring(manifests, inTarget, writing, this::isInBackup, meter);
            return whole.run(blobs, inTarget, revisions, writing, meter);
        };
    }

    private boolean isInBackup(RegistryPath path) {
        return ends.backup().findBeforeWrite(ends.layout().keyOf(path)).isPresent();
    }

    private Links links(RestoreRequest request) {
        if (request.at().isEmpty()) {
            return new PresentLinks(ends.backup(), ends.layout());
        }
        if (!ends.backup().versioned()) {
            throw new PastUnknownException(
                    "The backup bucket %s keeps no versions, so that nothing can be restored as of %s:"
                            .concat(" enable versioning on it for the future, or leave out \"at\"")
                            .formatted(ends.backup().bucket(), request.at().get()));
        }
        return new PastLinks(ends.backup(), ends.layout(), request.at().get(), new Absences(ends.backup()), lanes);
    }

    /**
     * Restores.
     *
     * @param permit asked before each write
     * @param meter told how far it is
     * @throws UnknownScopeException if the backup has nothing of the scope
     * @throws PastUnknownException if an older state is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.operation.NoLongerPermittedException if it was told to stop
     * @throws dev.registrybackup.store.ObjectStoreException if a store failed as a whole
     */
    public Outcome run(RestoreRequest request, Permit permit, Meter meter) {
        return work(tally -> Stream.of(request).map(each -> prepare(each, tally)), permit, meter);
    }

    /**
     * Restores images that the backup's own links need not name, and before them everything, if that is asked for.
     *
     * @param named links of such images, so many at a time as fit into memory together
     * @param permit asked before each write
     * @param meter told how far it is
     * @throws PastUnknownException if an older state of everything is asked for of a backup that keeps no versions
     * @throws dev.registrybackup.operation.NoLongerPermittedException if it was told to stop
     * @throws dev.registrybackup.store.ObjectStoreException if a store failed as a whole
     */
    public Outcome run(RestoreRequest request, Stream<? extends Links> named, Permit permit, Meter meter) {
        return work(tally -> prepareNamed(request, named, tally), permit, meter);
    }

    private Outcome work(Function<Tally, Stream<Planned>> preparing, Permit permit, Meter meter) {
        meter.phase("planning");
        Tally tally = new Tally(meter::found);
        Ends permitted = ends.into(new PermittedStore(ends.target(), permit));
        boolean complete = true;
        long objects = 0;
        long bytes = 0;
        for (Iterator<Planned> steps = preparing.apply(tally).iterator(); steps.hasNext(); ) {
            Planned planned = steps.next();
            meter.expect(tally.objects() - objects, tally.bytes() - bytes);
            objects = tally.objects();
            bytes = tally.bytes();
            complete &= planned.run(permitted, meter);
        }
        return new Outcome(complete, tally.json());
    }
}
