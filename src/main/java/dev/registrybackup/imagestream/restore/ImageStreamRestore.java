package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check;
import dev.registrybackup.check.CheckReport;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.inventory.Batches;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * Restores ImageStreams with everything that makes them pullable: blobs and links, then Images, then the streams, then what
 * their tags follow; at the end it checks the cluster. Idempotent; nothing that the target has is removed. Each method throws
 * {@link dev.registrybackup.restore.UnknownScopeException} if nothing in the scope was captured, {@link ClusterException} if
 * the cluster did not answer, and {@link dev.registrybackup.objectstore.ObjectStoreException} if a store failed as a whole.
 *
 * @param storage restores blobs and links
 * @param captureReader the captures of the cluster that the streams come from
 */
public record ImageStreamRestore(Restore storage, OpenShiftCluster cluster, CaptureReader captureReader) {
    private static final System.Logger LOGGER = System.getLogger(ImageStreamRestore.class.getName());
    /** How many streams' links are restored together, from memory. */
    private static final int STREAMS_PER_BATCH = 100;

    /**
     * Checks with a few requests that the restore can start. If the scope has many streams, {@link #run} checks each of
     * them, because that takes longer than a caller waits.
     *
     * @throws IllegalArgumentException if the request is invalid
     * @throws PreflightException if a check fails
     */
    public void check(RestoreRequest request) {
        storage.backup().store().requireBucket();
        storage.target().store().requireBucket();
        if (isTagLinks(request) && request.target().equals(RestoreRequest.REGISTRY)) {
            throw new IllegalArgumentException(
                    "\"imageStreams\":\"tag-links\" is for the bucket of a standby registry, because OpenShift's"
                            + " registry has no tag links: name that bucket as \"target\"");
        }
        DesiredStreams wanted = wanted(request);
        if (wanted.isSingle()) {
            requirePassed(checks(request, wanted));
        } else if (!isTagLinks(request)) {
            requirePassed(preflightOf(request).general());
        }
    }

    private static boolean isTagLinks(RestoreRequest request) {
        return request.imageStreamMode() == ImageStreamMode.TAG_LINKS;
    }

    private DesiredStreams wanted(RestoreRequest request) {
        return wanted(request, (stream, problem) -> {});
    }

    private DesiredStreams wanted(RestoreRequest request, BiConsumer<RepositoryName, String> onUnrestorable) {
        Instant at = request.at().orElseGet(() -> storage.clock().instant());
        return new DesiredStreams(captureReader, request, at, onUnrestorable);
    }

    private RestorePreflight preflightOf(RestoreRequest request) {
        return new RestorePreflight(cluster, request, storage.target().store().bucket());
    }

    /** All checks; none for tag links, which need no cluster. */
    private List<Check> checks(RestoreRequest request, DesiredStreams wanted) {
        return isTagLinks(request) ? List.of() : preflightOf(request).all(wanted);
    }

    private static void requirePassed(List<Check> checks) {
        List<Check> failed = new CheckReport(checks).failed();
        if (!failed.isEmpty()) {
            throw new PreflightException(failed.stream()
                    .map(check -> "%s: %s. Fix it with: %s".formatted(check.name(), check.found(), check.remedy()))
                    .toList());
        }
    }

    /** Runs all checks of this restore, and returns {@link CheckReport#json}. */
    public ObjectNode preflight(RestoreRequest request) {
        return new CheckReport(checks(request, wanted(request))).json();
    }

    /** Plans the restore of blobs and links, and adds the {@link #preflight}; writes nothing. */
    public ObjectNode plan(RestoreRequest request) {
        DesiredStreams wanted = wanted(request);
        ObjectNode plan;
        try (Stream<DesiredStream> streams = wanted.read()) {
            plan = storage.plan(request, links(request, streams, wanted));
        }
        plan.set("preflight", new CheckReport(checks(request, wanted)).json());
        return plan;
    }

    /** The links of some streams at a time, lazily. */
    private Stream<StreamLinks> links(RestoreRequest request, Stream<DesiredStream> streams, DesiredStreams wanted) {
        return Batches.of(streams, STREAMS_PER_BATCH)
                .map(batch -> {
                    StreamLinks links = new StreamLinks(storage.backup(), isTagLinks(request));
                    batch.forEach(stream -> wanted.attempt(stream.repository(), () -> links.add(stream)));
                    return links;
                })
                .filter(links -> !links.isEmpty());
    }

    /**
     * Restores the request's scope. If a check fails, nothing is written.
     *
     * @param operation checked for cancellation before each write; receives progress and findings
     * @throws PreflightException if a check fails
     * @throws dev.registrybackup.operation.FencedException if the operation was cancelled or replaced
     */
    public Restore.RestoreResult run(RestoreRequest request, OperationContext operation) {
        operation.phase("preflight");
        ClusterRestoreReport report = new ClusterRestoreReport(operation);
        DesiredStreams wanted = wanted(
                request,
                (stream, problem) -> report.addIncomplete(FindingCode.IS_ITEM_UNRESTORABLE, stream.value(), problem));
        requirePassed(checks(request, wanted));
        Restore.RestoreResult stored;
        try (Stream<DesiredStream> streams = wanted.read()) {
            stored = storage.run(request, links(request, streams, wanted), operation);
        }
        if (!isTagLinks(request)) {
            new ClusterRestore(storage, cluster, request, report, wanted).run();
            stored.summary()
                    .set("cluster", report.json().put("asOf", wanted.at().toString()));
            LogEvent line = LogEvent.of("imagestreams-restored")
                    .with("strategy", request.imageStreamMode().label())
                    .with("as-of", wanted.at())
                    .with("complete", report.isComplete());
            report.addTo(line);
            line.log(LOGGER, Level.INFO);
        }
        return new Restore.RestoreResult(stored.isComplete() && report.isComplete(), stored.summary());
    }
}
