package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.reconcile.Alarm;
import dev.registrybackup.reconcile.Alarms;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.reconcile.LastRun.LastRunRecord;
import dev.registrybackup.replication.LatencyHistogram;
import dev.registrybackup.replication.LatencyHistory;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.replication.pending.QueueDepth.QueueCounts;
import dev.registrybackup.restore.LastDrill;
import dev.registrybackup.restore.LastDrill.DrillRecord;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.LastVerification.VerificationRecord;
import dev.registrybackup.verify.RestorableShare;
import dev.registrybackup.verify.RestorableShare.ShareRecord;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** Reads the status of the backup. Blocks; a store failure does not fail it but shows in the affected values. */
final class StatusReader {
    static final int OPERATIONS = 5;
    static final int REPOSITORIES = 50;

    /** After these a store would let each further request run into its timeout. */
    private static final Set<StoreError> STORE_DOWN =
            Set.of(StoreError.UNAVAILABLE, StoreError.THROTTLED, StoreError.BUCKET_MISSING);

    private final LastVerification verification;
    private final RestorableShare items;
    private final LastRun reconciliation;
    private final LastDrill drill;
    private final Alarms alarms;
    private final QueueDepth queueDepth;
    private final DailyHistory history;
    private final LatencyHistory latencies;
    private final UiBackend uiBackend;
    private final Clock clock;

    /**
     * The status of the backup, each value as last read.
     *
     * @param verification the last verification of everything
     * @param items how many items of ImageStreams were restorable then
     * @param reconciliation the last reconciliation
     * @param drill the last restore drill
     * @param alarms the unacknowledged alarms
     * @param backlog the pending and rejected keys
     * @param reconciledDays the figures of reconciliations, by day
     * @param verifiedDays the figures of verifications, by day
     * @param drilledDays the figures of restore drills, by day
     * @param latencies how soon objects became durable, by day
     * @param operations the newest operations
     * @param repositories the first repositories
     * @param failures those of these values whose latest read failed
     */
    record BackupStatus(
            ReadResult<VerificationRecord> verification,
            ReadResult<ShareRecord> items,
            ReadResult<LastRunRecord> reconciliation,
            ReadResult<DrillRecord> drill,
            ReadResult<List<Alarm>> alarms,
            ReadResult<QueueCounts> backlog,
            ReadResult<SortedMap<LocalDate, JsonNode>> reconciledDays,
            ReadResult<SortedMap<LocalDate, JsonNode>> verifiedDays,
            ReadResult<SortedMap<LocalDate, JsonNode>> drilledDays,
            ReadResult<SortedMap<LocalDate, LatencyHistogram>> latencies,
            ReadResult<ObjectNode> operations,
            ReadResult<ObjectNode> repositories,
            List<ReadResult<?>> failures) {}

    /** One pass over all values; once the store did not answer, it sends no more requests. */
    private final class ReadPass {
        private final Optional<BackupStatus> before;
        private final List<ReadResult<?>> failures = new ArrayList<>();
        private Optional<String> down = Optional.empty();

        ReadPass(Optional<BackupStatus> before) {
            this.before = before;
        }

        <T> ReadResult<T> read(Function<BackupStatus, ReadResult<T>> last, Supplier<T> value) {
            return readOptional(last, () -> Optional.of(value.get()));
        }

        <T> ReadResult<T> readOptional(Function<BackupStatus, ReadResult<T>> last, Supplier<Optional<T>> value) {
            String reason = down.orElse("");
            if (reason.isEmpty()) {
                try {
                    return ReadResult.of(value.get(), clock.instant());
                } catch (ObjectStoreException e) {
                    reason = String.valueOf(e.getMessage());
                    down = STORE_DOWN.contains(e.error()) ? Optional.of(reason) : Optional.empty();
                }
            }
            ReadResult<T> failed = before.map(last).orElseGet(ReadResult::never).failed(reason);
            failures.add(failed);
            return failed;
        }
    }

    StatusReader(ObjectStore backup, UiBackend uiBackend, Clock clock) {
        this.verification = new LastVerification(backup);
        this.items = new RestorableShare(backup);
        this.reconciliation = new LastRun(backup);
        this.drill = new LastDrill(backup);
        this.alarms = new Alarms(backup, clock);
        this.queueDepth = new QueueDepth(backup);
        this.history = new DailyHistory(backup);
        this.latencies = new LatencyHistory(backup);
        this.uiBackend = uiBackend;
        this.clock = clock;
    }

    /** The current status; values that cannot be read stay as before. */
    BackupStatus read(Optional<BackupStatus> before) {
        ReadPass pass = new ReadPass(before);
        return new BackupStatus(
                pass.read(BackupStatus::verification, verification::read),
                pass.readOptional(BackupStatus::items, items::read),
                pass.read(BackupStatus::reconciliation, reconciliation::read),
                pass.read(BackupStatus::drill, drill::read),
                pass.read(BackupStatus::alarms, alarms::openAlarms),
                pass.read(BackupStatus::backlog, queueDepth::read),
                pass.read(BackupStatus::reconciledDays, () -> history.read(DailyHistory.RECONCILE)),
                pass.read(BackupStatus::verifiedDays, () -> history.read(DailyHistory.VERIFY)),
                pass.read(BackupStatus::drilledDays, () -> history.read(DailyHistory.DRILL)),
                pass.read(BackupStatus::latencies, latencies::read),
                pass.read(BackupStatus::operations, () -> uiBackend.operations(OPERATIONS)),
                pass.read(BackupStatus::repositories, () -> uiBackend.repositories(Optional.empty(), REPOSITORIES)),
                List.copyOf(pass.failures));
    }
}
