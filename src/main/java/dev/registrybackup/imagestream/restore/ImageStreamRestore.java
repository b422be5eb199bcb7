package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check;
import dev.registrybackup.check.CheckReport;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.WritableCluster;
import dev.registrybackup.inventory.Batches;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.restore.ImageStreamMode;
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
 * @param captureReader what was captured of the cluster they come from
 */
public record ImageStreamRestore(Restore storage, WritableCluster cluster, CaptureReader captureReader) {
    private static final System.Logger LOGGER = System.getLogger(ImageStreamRestore.class.getName());
    private static final int CONCURRENCY = 100;

    /**
     * Does nothing if it can begin.
     *
     * @throws IllegalArgumentException if the request makes no sense
     * @throws dev.registrybackup.restore.UnknownScopeException if nothing of the scope was captured
     * @throws PreflightException if something is not as it has to be
     * @throws ClusterException if the cluster did not tell
     */
    public void check(RestoreRequest request) {
        storage.backup().store().requireBucket();
        storage.target().store().requireBucket();
        if (request.imageStreamMode() == ImageStreamMode.TAG_LINKS
                && request.target().equals(RestoreRequest.REGISTRY)) {
            throw new IllegalArgumentException(
                    "\"metadata\":\"tag-links\" is for a standby registry's bucket, since OpenShift's registry has no links of"
                            + " tags: name it as \"target\"");
        }
        DesiredStreams wanted = wanted(request);
        wanted.require();
        // To look at each of very many streams takes longer than somebody waits for an answer; the run does it first.
        boolean isSmall = !(request.scope() instanceof Scope.All || request.scope() instanceof Scope.Namespace);
        require(isSmall ? checks(request, wanted, untold()) : generalChecks(request));
    }

    private static void require(List<Check> points) {
        List<Check> missing = new CheckReport(points).failed();
        if (!missing.isEmpty()) {
            throw new PreflightException(missing.stream()
                    .map(check -> "%s: %s. Mend it with: %s".formatted(check.name(), check.found(), check.remedy()))
                    .toList());
        }
    }

    private RestorePreflight preflightOf(RestoreRequest request) {
        return new RestorePreflight(cluster, request, storage.target().store().bucket());
    }

    private List<Check> generalChecks(RestoreRequest request) {
        return request.imageStreamMode() == ImageStreamMode.TAG_LINKS
                ? List.of()
                : preflightOf(request).general();
    }

    private static UnrestorableImageStreams untold() {
        return new UnrestorableImageStreams((stream, problem) -> {});
    }

    private List<Check> checks(RestoreRequest request, DesiredStreams wanted, UnrestorableImageStreams unrestorable) {
        return request.imageStreamMode() == ImageStreamMode.TAG_LINKS
                ? List.of()
                : preflightOf(request).all(wanted, unrestorable);
    }

    /**
     * Checks whether this restore can run: {@code ready}, and {@code checks}, each with {@code check}, {@code state} (pass,
     * warn, fail or unknown), {@code found} and, if something has to be fixed, {@code remedy}.
     */
    public ObjectNode preflight(RestoreRequest request) {
        DesiredStreams wanted = wanted(request);
        wanted.require();
        return new CheckReport(checks(request, wanted, untold())).json();
    }

    /** What it would come to, with the {@code preflight}. */
    public ObjectNode plan(RestoreRequest request) {
        ObjectNode plan;
        DesiredStreams wanted = wanted(request);
        wanted.require();
        UnrestorableImageStreams unrestorable = untold();
        try (Stream<DesiredStream> streams = wanted.read(unrestorable)) {
            plan = storage.plan(request, links(request, streams, unrestorable));
        }
        plan.set("preflight", new CheckReport(checks(request, wanted, unrestorable)).json());
        return plan;
    }

    private DesiredStreams wanted(RestoreRequest request) {
        return new DesiredStreams(
                captureReader,
                request,
                request.at().orElseGet(() -> storage.clock().instant()));
    }

    private Stream<StreamLinks> links(
            RestoreRequest request, Stream<DesiredStream> streams, UnrestorableImageStreams unrestorable) {
        return Batches.of(streams, CONCURRENCY)
                .map(batch -> {
                    StreamLinks links = new StreamLinks(
                            storage.backup().store(),
                            storage.backup().layout(),
                            request.imageStreamMode() == ImageStreamMode.TAG_LINKS);
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
     * @param fence asked before each write
     * @param progressTracker told how far it is
     * @throws PreflightException if something is not as it has to be: then nothing was written
     * @throws dev.registrybackup.restore.UnknownScopeException if nothing of the scope was captured
     * @throws dev.registrybackup.operation.FencedException if it was told to stop
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a store failed as a whole
     * @throws ClusterException if the cluster is out of order
     */
    public Restore.RestoreResult run(RestoreRequest request, Fence fence, ProgressTracker progressTracker) {
        progressTracker.phase("preflight");
        DesiredStreams wanted = wanted(request);
        wanted.require();
        ClusterRestoreReport report = new ClusterRestoreReport(progressTracker);
        UnrestorableImageStreams unrestorable = new UnrestorableImageStreams((stream, problem) ->
                report.reportIncomplete(FindingCode.IS_ITEM_UNRESTORABLE, stream.value(), problem));
        require(checks(request, wanted, unrestorable));
        Restore.RestoreResult stored;
        try (Stream<DesiredStream> streams = wanted.read(unrestorable)) {
            stored = storage.run(
                    request, links(request, streams, unrestorable), new OperationContext(fence, progressTracker));
        }
        if (request.imageStreamMode() == ImageStreamMode.TAG_LINKS) {
            return new Restore.RestoreResult(
                    stored.isComplete() && report.isComplete(), stored.summary());
        }
        new ClusterRestore(storage, cluster, request, fence, progressTracker, report, unrestorable)
                .run(wanted);
        stored.summary()
                .set(
                        "cluster",
                        report.json().put("asOf", wanted.at().toString()));
        LogEvent line = LogEvent.of("imagestreams-restored")
                .with("route", request.imageStreamMode().label())
                .with("as-of", wanted.at())
                .with("complete", report.isComplete());
        report.addTo(line);
        line.log(LOGGER, Level.INFO);
        return new Restore.RestoreResult(stored.isComplete() && report.isComplete(), stored.summary());
    }
}
