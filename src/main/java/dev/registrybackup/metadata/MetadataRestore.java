package dev.registrybackup.metadata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Batches;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.openshift.WritableCluster;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.point.Point;
import dev.registrybackup.point.Points;
import dev.registrybackup.restore.Metadata;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.stream.Stream;

/**
 * Restores ImageStreams with all that makes them pullable: blobs and links first, then Images, then the streams, then what
 * their tags follow; and asks the cluster at the end whether it is so. Idempotent, and nothing that the target has goes.
 *
 * @param storage restores blobs and links
 * @param cluster where the streams go
 * @param captures what was captured of the cluster they come from
 */
public record MetadataRestore(Restore storage, WritableCluster cluster, Captures captures) {
    private static final System.Logger LOGGER = System.getLogger(MetadataRestore.class.getName());
    private static final int STREAMS_AT_ONCE = 100;

    /**
     * Does nothing if it can begin.
     *
     * @throws IllegalArgumentException if the request makes no sense
     * @throws dev.registrybackup.restore.UnknownScopeException if nothing of the scope was captured
     * @throws PreflightException if something is not as it has to be
     * @throws ClusterException if the cluster did not tell
     */
    public void check(RestoreRequest request) {
        storage.ends().backup().requireBucket();
        storage.ends().target().requireBucket();
        if (request.metadata() == Metadata.TAG_LINKS && request.target().equals(RestoreRequest.REGISTRY)) {
            throw new IllegalArgumentException(
                    "\"metadata\":\"tag-links\" is for a standby registry's bucket, since OpenShift's registry has no links of"
                            + " tags: name it as \"target\"");
        }
        WantedStreams wanted = wanted(request);
        wanted.require();
        // To look at each of very many streams takes longer than somebody waits for an answer; the run does it first.
        boolean isSmall = !(request.scope() instanceof Scope.All || request.scope() instanceof Scope.Namespace);
        require(isSmall ? points(request, wanted, untold()) : generalPoints(request));
    }

    private static void require(List<Point> points) {
        List<Point> missing = new Points(points).missing();
        if (!missing.isEmpty()) {
            throw new PreflightException(missing.stream()
                    .map(point -> "%s: %s. Mend it with: %s".formatted(point.name(), point.found(), point.remedy()))
                    .toList());
        }
    }

    private Preflight preflightOf(RestoreRequest request) {
        return new Preflight(cluster, request, storage.ends().target().bucket());
    }

    private List<Point> generalPoints(RestoreRequest request) {
        return request.metadata() == Metadata.TAG_LINKS
                ? List.of()
                : preflightOf(request).general();
    }

    private static UnrestorableStreams untold() {
        return new UnrestorableStreams((stream, problem) -> {});
    }

    private List<Point> points(RestoreRequest request, WantedStreams wanted, UnrestorableStreams unrestorable) {
        return request.metadata() == Metadata.TAG_LINKS
                ? List.of()
                : preflightOf(request).all(wanted, unrestorable);
    }

    /**
     * What would hinder it, point by point: {@code ready}, and {@code points}, each with {@code point}, {@code state} (ok,
     * note or missing), {@code found} and, if there is something to mend, {@code remedy}.
     */
    public ObjectNode preflight(RestoreRequest request) {
        WantedStreams wanted = wanted(request);
        wanted.require();
        return new Points(points(request, wanted, untold())).json();
    }

    /** What it would come to, with the {@code preflight}. */
    public ObjectNode plan(RestoreRequest request) {
        ObjectNode plan;
        WantedStreams wanted = wanted(request);
        wanted.require();
        UnrestorableStreams unrestorable = untold();
        try (Stream<WantedStream> streams = wanted.read(unrestorable)) {
            plan = storage.plan(request, links(request, streams, unrestorable));
        }
        plan.set("preflight", new Points(points(request, wanted, unrestorable)).json());
        return plan;
    }

    private WantedStreams wanted(RestoreRequest request) {
        return new WantedStreams(
                captures, request, request.at().orElseGet(() -> storage.clock().instant()));
    }

    private Stream<StreamLinks> links(
            RestoreRequest request, Stream<WantedStream> streams, UnrestorableStreams unrestorable) {
        return Batches.of(streams, STREAMS_AT_ONCE)
                .map(batch -> {
                    StreamLinks links = new StreamLinks(
                            storage.ends().backup(), storage.ends().layout(), request.metadata() == Metadata.TAG_LINKS);
                    batch.forEach(stream -> unrestorable.attempt(stream.repository(), () -> {
                        links.add(stream);
                        return links;
                    }));
                    return links;
                })
                .filter(links -> !links.isEmpty());
    }

    /**
     * Restores.
     *
     * @param permit asked before each write
     * @param meter told how far it is
     * @throws PreflightException if something is not as it has to be: then nothing was written
     * @throws dev.registrybackup.restore.UnknownScopeException if nothing of the scope was captured
     * @throws dev.registrybackup.operation.NoLongerPermittedException if it was told to stop
     * @throws dev.registrybackup.store.ObjectStoreException if a store failed as a whole
     * @throws ClusterException if the cluster is out of order
     */
    public Restore.Outcome run(RestoreRequest request, Permit permit, Meter meter) {
        meter.phase("preflight");
        WantedStreams wanted = wanted(request);
        wanted.require();
        Progress progress = new Progress(meter);
        UnrestorableStreams unrestorable = new UnrestorableStreams(
                (stream, problem) -> progress.incomplete(FindingCode.IS_ITEM_UNRESTORABLE, stream.value(), problem));
        require(points(request, wanted, unrestorable));
        Restore.Outcome stored;
        try (Stream<WantedStream> streams = wanted.read(unrestorable)) {
            stored = storage.run(request, links(request, streams, unrestorable), permit, meter);
        }
        if (request.metadata() == Metadata.TAG_LINKS) {
            return new Restore.Outcome(stored.isComplete() && progress.isComplete(), stored.summary());
        }
        new ClusterRun(storage, cluster, request, permit, meter, progress, unrestorable).run(wanted);
        stored.summary().set("cluster", progress.json().put("asOf", wanted.at().toString()));
        LOGGER.log(
                Level.INFO,
                "event=imagestreams-restored route={0} as-of={1} complete={2}{3}",
                request.metadata().label(),
                wanted.at(),
                progress.isComplete(),
                progress.line());
        return new Restore.Outcome(stored.isComplete() && progress.isComplete(), stored.summary());
    }
}
