package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.SnapshotTaker;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/** Takes a snapshot of the cluster's ImageStreams, if it has any, before blobs are compared. */
final class SnapshotPhase {
    private static final System.Logger LOGGER = System.getLogger(SnapshotPhase.class.getName());

    /** Fewer missing streams than this raise no alarm, because single streams come and go. */
    private static final long MIN_ALARM_COUNT = 10;

    private final ObjectStore backup;
    private final Reconciliation.Tools tools;
    private final ReconcilePolicy reconcilePolicy;
    private final Alarms alarms;
    private final OperationContext context;

    SnapshotPhase(
            ObjectStore backup,
            Reconciliation.Tools tools,
            ReconcilePolicy reconcilePolicy,
            Alarms alarms,
            OperationContext context) {
        this.backup = backup;
        this.tools = tools;
        this.reconcilePolicy = reconcilePolicy;
        this.alarms = alarms;
        this.context = context;
    }

    /** Takes the snapshot, adds its figures to the summary, and returns whether it is complete. */
    boolean run(Path scratch, ObjectNode summary) {
        if (tools.snapshotTakerFactory().isEmpty()) {
            return true;
        }
        context.phase("capturing ImageStreams");
        Instant begun = tools.clock().instant();
        try {
            Optional<SnapshotTaker> snapshots =
                    tools.snapshotTakerFactory().get().apply(backup);
            return snapshots.isEmpty() || run(snapshots.get(), scratch, begun, summary);
        } catch (FencedException e) {
            throw e;
        } catch (RuntimeException e) {
            // The run continues, so that blobs are copied in any case.
            context.report(new Finding(
                    FindingCode.UNDETERMINED,
                    "imagestreams",
                    "ImageStreams and Images were not captured in this run, so images pushed since the previous snapshot"
                            + " can be restored by tag only if single captures have them: " + reason(e)
                            + ". Fix this and reconcile again"));
            return false;
        }
    }

    private static String reason(RuntimeException failure) {
        if (failure instanceof ClusterException || failure instanceof ObjectStoreException) {
            return String.valueOf(failure.getMessage());
        }
        LogEvent.of("imagestreams-not-captured")
                .with("reason", failure.getMessage())
                .log(LOGGER, Level.WARNING, failure);
        return failure.toString();
    }

    private boolean run(SnapshotTaker snapshotTaker, Path scratch, Instant begun, ObjectNode summary) {
        long before = previousImageStreamCount(scratch);
        SnapshotTaker.SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);
        summarize(snapshotSummary, begun, summary);
        raiseAlarmIfMissing(before, snapshotSummary.streams(), begun);
        for (String stream : snapshotSummary.invalidStreams()) {
            context.report(new Finding(
                    FindingCode.UNDETERMINED,
                    "imagestreams",
                    "An ImageStream was not captured, so it cannot be restored: " + stream));
        }
        return snapshotSummary.invalidStreams().isEmpty();
    }

    private long previousImageStreamCount(Path scratch) {
        try (Stream<CapturedStream> before = new CaptureReader(backup, scratch).inNewestSnapshot()) {
            return before.count();
        } catch (ObjectStoreException e) {
            context.report(new Finding(
                    FindingCode.UNDETERMINED,
                    "imagestreams",
                    "The number of ImageStreams in the previous snapshot cannot be determined: " + e.getMessage()));
            return 0;
        }
    }

    /** Without an alarm a snapshot of a new, empty cluster would become the latest one to restore. */
    private void raiseAlarmIfMissing(long before, long now, Instant begun) {
        long missing = before - now;
        if ((now == 0 && before > 0) || missing > Math.max(MIN_ALARM_COUNT, reconcilePolicy.alarmShare() * before)) {
            alarms.raise(
                    "imagestreams-missing",
                    "%d of %d ImageStreams are missing since the previous snapshot. To restore them, set \"at\" before %s"
                            .formatted(missing, before, begun));
        }
    }

    private void summarize(SnapshotTaker.SnapshotSummary snapshotSummary, Instant begun, ObjectNode summary) {
        summary.putObject("imageStreams")
                .put("key", snapshotSummary.key())
                .put("imageStreams", snapshotSummary.streams())
                .put("items", snapshotSummary.items())
                .put("images", snapshotSummary.images())
                .put("imagesMissing", snapshotSummary.imagesMissing());
        LogEvent.of("imagestreams-captured")
                .with("key", snapshotSummary.key())
                .with("image-streams", snapshotSummary.streams())
                .with("items", snapshotSummary.items())
                .with("images", snapshotSummary.images())
                .with("images-missing", snapshotSummary.imagesMissing())
                .with("millis", Duration.between(begun, tools.clock().instant()).toMillis())
                .log(LOGGER, Level.INFO);
    }
}
