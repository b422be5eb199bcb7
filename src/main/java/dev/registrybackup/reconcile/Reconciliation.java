package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.SnapshotTaker;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.FencedObjectStore;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ReportWriter;
import dev.registrybackup.reconcile.ReconcileRun.RunResult;
import dev.registrybackup.reconcile.rclone.Archive;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.replication.LatencyHistory;
import dev.registrybackup.replication.Replicator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Reconciles the backup with the registry. Blocks until done; the worker pools copy, so it must not be called from one
 * of their threads. Safe for use by many threads, but only one run at a time may work on a backup, which the operation
 * lock ensures.
 */
public final class Reconciliation {
    private static final System.Logger LOGGER = System.getLogger(Reconciliation.class.getName());

    private final StorePair storePair;
    private final Tools tools;
    private final ReconcilePolicy reconcilePolicy;
    private final boolean isOpenShift;

    /**
     * The collaborators of a reconciliation.
     *
     * @param comparerFactory creates the comparer, given a directory for its files; throws if it cannot be used
     * @param replicatorFactory creates the replication into the given backup
     * @param snapshotTakerFactory creates the capture of ImageStreams into the given backup, or nothing if the cluster has no
     *     ImageStreams; throws {@link dev.registrybackup.imagestream.ClusterException} if that cannot be determined; empty if
     *     the registry is not OpenShift's
     * @param archiveFactory creates the archive, given a directory for its files; empty if there is none
     * @param workerPools the threads that read and write objects
     * @param rateLimiter the limit for reading blobs to verify them
     * @param clock the time
     * @param scratch the directory for the temporary files of a run
     */
    public record Tools(
            Function<Path, Comparer> comparerFactory,
            BiFunction<StorePair, RateLimiter, Replicator> replicatorFactory,
            Optional<Function<ObjectStore, Optional<SnapshotTaker>>> snapshotTakerFactory,
            Optional<Function<Path, Archive>> archiveFactory,
            WorkerPools workerPools,
            RateLimiter rateLimiter,
            Clock clock,
            Path scratch) {}

    /**
     * The result of a reconciliation.
     *
     * @param summary its figures
     * @param isComplete whether nothing remains
     */
    public record ReconcileResult(ObjectNode summary, boolean isComplete) {}

    /**
     * Reconciles these stores.
     *
     * @param isOpenShift whether it is OpenShift's registry, which decides the severity of findings
     */
    public Reconciliation(StorePair storePair, Tools tools, ReconcilePolicy reconcilePolicy, boolean isOpenShift) {
        this.storePair = storePair;
        this.tools = tools;
        this.reconcilePolicy = reconcilePolicy;
        this.isOpenShift = isOpenShift;
    }

    /**
     * Checks with a few requests that the reconciliation can run.
     *
     * @throws ObjectStoreException if a bucket is missing, or deletions are mirrored into a backup without versions
     * @throws IllegalArgumentException if there is no alarm with the id in the request
     */
    public void check(ReconcileRequest request) {
        storePair.registry().requireBucket();
        storePair.backup().requireBucket();
        if (reconcilePolicy.isMirror() && !storePair.backup().isVersioned()) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST,
                    "Deletions cannot be mirrored into the backup bucket %s, because it keeps no versions: enable versioning"
                                    .formatted(storePair.backup().bucket())
                            + " on it, or set reconcile.deletes to keep");
        }
        request.acknowledgedAlarm().ifPresent(id -> new Alarms(storePair.backup(), tools.clock()).require(id));
    }

    /**
     * Reconciles and writes the report, or does the share of this index of the operation.
     *
     * @param id the operation's id, which is the report's too
     * @param askedBy who requested the run, and acknowledges the alarm in the request
     * @return the result; empty if the share is done and another index finishes the operation
     * @throws ObjectStoreException if a store could not be used
     */
    public Optional<ReconcileResult> run(
            String id, ReconcileRequest request, String askedBy, OperationContext operation) {
        check(request);
        Instant now = tools.clock().instant();
        Path scratch = createScratchDirectory();
        try {
            CountingObjectStore registry = new CountingObjectStore(storePair.registry());
            CountingObjectStore backup =
                    new CountingObjectStore(new FencedObjectStore(storePair.backup(), operation.fence()));
            StorePair ofRun = new StorePair(
                    registry, new CachingObjectStore(backup, storePair.layout().blobsPrefix()), storePair.layout());
            Alarms alarms = new Alarms(backup, tools.clock());
            request.acknowledgedAlarm().ifPresent(alarm -> alarms.acknowledge(alarm, askedBy));
            ReportWriter reportWriter = new ReportWriter(backup, id, isOpenShift, operation.fence());
            OperationContext context = operation
                    .withFindingsTo(reportWriter)
                    .withAcknowledged(new AcknowledgedFindings(backup, tools.clock()).current());
            Comparer comparer = tools.comparerFactory().apply(scratch);
            Replicator replicator = tools.replicatorFactory().apply(ofRun, tools.rateLimiter());
            Function<OperationContext, ReconcileRun> phases = reporting -> new ReconcileRun(
                    ofRun, tools, reconcilePolicy, isOpenShift, comparer, replicator, reporting, scratch);
            Supplier<ObjectNode> requests = () -> {
                ObjectNode json = JsonNodeFactory.instance.objectNode();
                json.set("registry", registry.json());
                return json.set("backup", backup.json());
            };
            Optional<RunResult> done = flushOnFailure(
                    reportWriter,
                    () -> operation.index().isOnly()
                            ? Optional.of(phases.apply(context).run(now))
                            : new IndexedReconciliation(
                                            phases,
                                            context,
                                            new IndexReports(backup, id, isOpenShift, operation, tools.workerPools()),
                                            requests,
                                            storePair.layout().blobsPrefix(),
                                            scratch)
                                    .run(now));
            if (done.isEmpty()) {
                return Optional.empty();
            }
            RunResult result = done.get();
            ObjectNode summary = result.summary();
            IndexReports.addUp(summary.withObject("/requests"), requests.get());
            Instant begun = result.startedAt();
            Instant ended = tools.clock().instant();
            summary.put("startedAt", begun.toString()).put("finishedAt", ended.toString());
            summary.put("outcome", result.isComplete() ? "complete" : "incomplete")
                    .put("success", result.isSuccessful());
            // Open alarms are findings too, so that exit codes and reports show them.
            ArrayNode openAlarms = summary.putArray("alarms");
            for (Alarm alarm : alarms.openAlarms()) {
                openAlarms.add(alarm.json());
                context.report(new Finding(FindingCode.ALARM, alarm.id(), alarm.problem()));
            }
            reportWriter.finish(summary);
            new LastRun(backup).write(summary, result.isSuccessful(), result.isComplete(), begun, ended);
            DailyHistory.attempt(() -> writeHistory(backup, summary, begun, ended));
            log(id, summary, begun, ended);
            return Optional.of(new ReconcileResult(summary, result.isComplete()));
        } finally {
            deleteRecursively(scratch);
        }
    }

    /**
     * Adds this run to its day, for the page's charts, and merges the replication records of each day that has ended.
     */
    private static void writeHistory(ObjectStore backup, ObjectNode summary, Instant begun, Instant ended) {
        LocalDate day = DailyHistory.day(ended);
        new DailyHistory(backup).update(DailyHistory.RECONCILE, day, days -> {
            ObjectNode figures = days.withObject("/" + day);
            boolean isComplete = summary.path("outcome").asText().equals("complete");
            long seconds = Duration.between(begun, ended).toSeconds();
            figures.put("runs", figures.path("runs").asLong() + 1)
                    .put("complete", figures.path("complete").asLong() + (isComplete ? 1 : 0))
                    .put(
                            "missedByEvents",
                            figures.path("missedByEvents").asLong()
                                    + summary.path("missedByEvents").asLong())
                    .put(
                            "longestSeconds",
                            Math.max(figures.path("longestSeconds").asLong(), seconds));
        });
        new LatencyHistory(backup).fold(ended);
    }

    private static void log(String id, ObjectNode summary, Instant begun, Instant ended) {
        LogEvent.of("reconciled")
                .with("id", id)
                .with("outcome", summary.path("outcome").asText())
                .with("differing", summary.path("differing").asLong())
                .with("copied", summary.path("copied").asLong())
                .with("missed-by-events", summary.path("missedByEvents").asLong())
                .with("remaining", summary.path("remaining").asLong())
                .with("missing-in-registry", summary.path("missingInRegistry").asLong())
                .with("pruned", summary.path("pruned").asLong())
                .with("alarms", summary.path("alarms").size())
                .with("failed-shards", summary.path("failedShards").size())
                .with("rclone", summary.path("rclone").path("version").asText())
                .with("millis", Duration.between(begun, ended).toMillis())
                .log(LOGGER, Level.INFO);
    }

    /** Writes the findings so far even if the run fails. */
    private static <T> T flushOnFailure(ReportWriter reportWriter, Supplier<T> run) {
        try {
            return run.get();
        } catch (ObjectStoreException e) {
            try {
                reportWriter.flush();
            } catch (RuntimeException unwritten) {
                e.addSuppressed(unwritten);
            }
            throw e;
        }
    }

    private Path createScratchDirectory() {
        try {
            return Files.createTempDirectory(Files.createDirectories(tools.scratch()), "reconcile");
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to create a directory in %s: %s. Set reconcile.scratch to a writable directory"
                            .formatted(tools.scratch(), e.getMessage()),
                    e);
        }
    }

    private static void deleteRecursively(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LogEvent.of("scratch-not-deleted")
                    .with("directory", directory)
                    .with("reason", e.getMessage())
                    .with("next", "delete it to free its space")
                    .log(LOGGER, Level.WARNING);
        }
    }
}
