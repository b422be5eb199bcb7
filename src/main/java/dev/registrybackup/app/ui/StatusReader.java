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
import dev.registrybackup.replication.LatencyHistogram;
import dev.registrybackup.replication.LatencyHistory;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.restore.LastDrill;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.RestorableShare;
import java.time.Clock;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

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
     */
    record BackupStatus(
            Reading<LastVerification.VerificationRecord> verification,
            Reading<RestorableShare.ShareRecord> items,
            Reading<LastRun.RunRecord> reconciliation,
            Reading<LastDrill.DrillRecord> drill,
            Reading<List<Alarm>> alarms,
            Reading<QueueDepth.QueueCounts> backlog,
            Reading<SortedMap<LocalDate, JsonNode>> reconciledDays,
            Reading<SortedMap<LocalDate, JsonNode>> verifiedDays,
            Reading<SortedMap<LocalDate, JsonNode>> drilledDays,
            Reading<SortedMap<LocalDate, LatencyHistogram>> latencies,
            Reading<ObjectNode> operations,
            Reading<ObjectNode> repositories) {
        static BackupStatus unknown() {
            return new BackupStatus(
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never(),
                    Reading.never());
        }

        Stream<Reading<?>> all() {
            return Stream.of(
                    verification,
                    items,
                    reconciliation,
                    drill,
                    alarms,
                    backlog,
                    reconciledDays,
                    verifiedDays,
                    drilledDays,
                    latencies,
                    operations,
                    repositories);
        }
    }

    /** One pass over all values; once the store did not answer, it sends no more requests. */
    private final class ReadPass {
        private Optional<String> down = Optional.empty();

        <T> Reading<T> read(Reading<T> before, Supplier<Optional<T>> record) {
            if (down.isPresent()) {
                return before.failed(down.get());
            }
            try {
                return Reading.of(record.get(), clock.instant());
            } catch (ObjectStoreException e) {
                String reason = String.valueOf(e.getMessage());
                down = STORE_DOWN.contains(e.error()) ? Optional.of(reason) : Optional.empty();
                return before.failed(reason);
            }
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
    BackupStatus read(BackupStatus before) {
        ReadPass pass = new ReadPass();
        return new BackupStatus(
                pass.read(before.verification(), () -> Optional.of(verification.read())),
                pass.read(before.items(), items::read),
                pass.read(before.reconciliation(), () -> Optional.of(reconciliation.read())),
                pass.read(before.drill(), () -> Optional.of(drill.read())),
                pass.read(before.alarms(), () -> Optional.of(alarms.openAlarms())),
                pass.read(before.backlog(), () -> Optional.of(queueDepth.read())),
                pass.read(before.reconciledDays(), () -> Optional.of(history.read(DailyHistory.RECONCILE))),
                pass.read(before.verifiedDays(), () -> Optional.of(history.read(DailyHistory.VERIFY))),
                pass.read(before.drilledDays(), () -> Optional.of(history.read(DailyHistory.DRILL))),
                pass.read(before.latencies(), () -> Optional.of(latencies.read())),
                pass.read(before.operations(), () -> Optional.of(uiBackend.operations(OPERATIONS))),
                pass.read(
                        before.repositories(),
                        () -> Optional.of(uiBackend.repositories(Optional.empty(), REPOSITORIES))));
    }
}
