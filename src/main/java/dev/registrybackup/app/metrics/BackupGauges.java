package dev.registrybackup.app.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.reconcile.Alarms;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.reconcile.LastRun.LastRunRecord;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.LastCanary;
import dev.registrybackup.replication.LastCanary.CanaryRecord;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.replication.pending.QueueDepth.QueueCounts;
import dev.registrybackup.restore.LastDrill;
import dev.registrybackup.restore.LastDrill.DrillRecord;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.LastVerification.VerificationRecord;
import dev.registrybackup.verify.RestorableShare;
import dev.registrybackup.verify.RestorableShare.ShareRecord;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Gauges of the records in the backup, read once a minute by the Services that always run and are scraped:
 * reconciliations and verifications run in Jobs, which are not scraped, and an instance knows only its own pending
 * keys.
 */
@ApplicationScoped
class BackupGauges {
    private static final Duration POLL_INTERVAL = Duration.ofMinutes(1);
    private static final List<Kind> CLASSES = List.of(
            Kind.BLOB, Kind.LAYER_LINK, Kind.REVISION_LINK, Kind.TAG_INDEX_LINK, Kind.TAG_CURRENT_LINK, Kind.UNKNOWN);

    private final MeterRegistry meters;
    private final Settings settings;
    private final StorePair storePair;
    private final WorkerPools workerPools;
    private final Clock clock;

    /** The values of one read: the last reconciliation and the number of open alarms. */
    record ReconcileValues(JsonNode classes, Optional<Instant> success, int alarms) {}

    BackupGauges(MeterRegistry meters, Settings settings, StorePair storePair, WorkerPools workerPools, Clock clock) {
        this.meters = meters;
        this.settings = settings;
        this.storePair = storePair;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    void register(@Observes StartupEvent start) {
        if (settings.isCommand() || !(settings.isReplicate() || settings.isOperations())) {
            return;
        }
        LastRun lastRun = new LastRun(storePair.backup());
        Alarms alarms = new Alarms(storePair.backup(), clock);
        showReconciliation(poll("reconciliation", () -> values(lastRun.read(), alarms)));
        showVerification(poll("verification", new LastVerification(storePair.backup())::read));
        showDrill(poll("drill", new LastDrill(storePair.backup())::read));
        showCanary(poll("canary", new LastCanary(storePair.backup())::read));
        if (settings.isOpenShift()) {
            showItems(poll("restorable images", new RestorableShare(storePair.backup())::read));
        }
        if (settings.isOperations()) {
            // This takes a listing, so only one Service reads it.
            showQueue(poll("retry queue", new QueueDepth(storePair.backup())::read));
        }
    }

    /** Reads now and each minute. */
    private <T> StaleAwareGauge<T> poll(String name, Supplier<T> read) {
        StaleAwareGauge<T> seen = new StaleAwareGauge<>(meters, clock);
        workerPools.scheduleAtFixedRate("gauges: " + name, POLL_INTERVAL, () -> seen.set(read.get()));
        return seen;
    }

    private static ReconcileValues values(LastRunRecord lastRunRecord, Alarms alarms) {
        return new ReconcileValues(
                lastRunRecord.summary().path("classes"),
                lastRunRecord.lastSuccessFinishedAt(),
                alarms.openAlarms().size());
    }

    static void showReconciliation(StaleAwareGauge<ReconcileValues> seen) {
        seen.register(
                "registry_backup_reconcile_last_success_timestamp_seconds",
                "When the last reconciliation that compared every key finished, in seconds since 1970; 0 if none has",
                last -> seconds(last.success(), 0));
        seen.register("registry_backup_alarms", "Alarms not acknowledged", ReconcileValues::alarms);
        for (Kind kind : CLASSES) {
            showClass(
                    seen,
                    "registry_backup_reconcile_missed_by_events",
                    kind,
                    "missedByEvents",
                    "copied but missed by events");
            showClass(seen, "registry_backup_reconcile_remaining", kind, "remaining", "still missing or different");
            showClass(
                    seen,
                    "registry_backup_reconcile_missing_in_registry",
                    kind,
                    "missingInRegistry",
                    "that only the backup has");
        }
    }

    private static void showClass(
            StaleAwareGauge<ReconcileValues> seen, String name, Kind kind, String field, String what) {
        seen.register(
                name,
                "Objects of the last reconciliation " + what,
                last -> last.classes().path(kind.label()).path(field).asDouble(),
                Tag.of("class", kind.label()));
    }

    static void showVerification(StaleAwareGauge<VerificationRecord> seen) {
        seen.register(
                "registry_backup_verify_last_success_timestamp_seconds",
                "When the last conclusive verification of the full backup finished, in seconds since 1970; 0 if none"
                        + " has",
                last -> seconds(last.lastConclusiveAt(), 0));
        seen.register(
                "registry_backup_images_restorable_share",
                "Share of complete images in the backup among those that could be determined",
                last -> last.share().orElse(Double.NaN));
        seen.register(
                "registry_backup_images_restorable_timestamp_seconds",
                "When that share was true, in seconds since 1970",
                last -> seconds(last.startedAt(), Double.NaN));
        for (Severity severity : Severity.values()) {
            seen.register(
                    "registry_backup_verify_findings",
                    "Findings of the last verification of the full backup",
                    last -> last.finishedAt().isEmpty()
                            ? Double.NaN
                            : last.findingsBySeverity().getOrDefault(severity, 0L),
                    Tag.of("severity", severity.label()));
        }
    }

    /** Of the last restore drill: all NaN before the first, but the time of the last success is 0 after a failed one. */
    static void showDrill(StaleAwareGauge<DrillRecord> seen) {
        seen.register(
                "registry_backup_drill_last_success_timestamp_seconds",
                "When the last restore drill that restored all its images finished, in seconds since 1970; 0 if none"
                        + " has; NaN if none ran",
                last -> last.finishedAt().isEmpty() ? Double.NaN : seconds(last.lastSuccessAt(), 0));
        seen.register(
                "registry_backup_drill_failures",
                "Images that the last restore drill could not restore or verify",
                last -> last.finishedAt().isEmpty() ? Double.NaN : last.failed());
        seen.register(
                "registry_backup_drill_bytes_per_second",
                "How fast the last restore drill that succeeded did restore",
                last -> last.bytesPerSecond().orElse(Double.NaN));
        seen.register(
                "registry_backup_drill_expected_restore_seconds",
                "How long a restore of everything would take at that rate",
                last -> last.expectedRestoreSeconds().orElse(Double.NaN));
    }

    /** When the last canary's event arrived: NaN where none is sent, so that no alert fires there. */
    static void showCanary(StaleAwareGauge<CanaryRecord> seen) {
        seen.register(
                "registry_backup_canary_last_arrival_timestamp_seconds",
                "When the event of the last scheduled canary that was not lost arrived, in seconds since 1970; 0 if"
                        + " none has; NaN if none was sent",
                last -> last.sentAt().isEmpty() ? Double.NaN : seconds(last.arrivedAt(), 0));
    }

    /** The share of all ImageStream items that the last verification found restorable; NaN before the first. */
    static void showItems(StaleAwareGauge<Optional<ShareRecord>> seen) {
        seen.register(
                "registry_backup_imagestream_items_restorable_share",
                "Share of ImageStream items, pushed and not imported, that the backup can restore completely",
                last -> last.map(ShareRecord::share).orElse(Double.NaN));
        seen.register(
                "registry_backup_imagestream_items_restorable_timestamp_seconds",
                "When that share was true, in seconds since 1970",
                last -> seconds(last.map(ShareRecord::at), Double.NaN));
    }

    static void showQueue(StaleAwareGauge<QueueCounts> seen) {
        seen.register(
                "registry_backup_pending_batches",
                "Records of pending keys in the backup, each of one or more keys; at most %d are counted"
                        .formatted(QueueDepth.MAX_LISTED),
                QueueCounts::pending);
        seen.register(
                "registry_backup_pending_oldest_timestamp_seconds",
                "When the oldest of them was written, in seconds since 1970; NaN if there are none",
                last -> seconds(last.oldestPending(), Double.NaN));
        seen.register(
                "registry_backup_rejected_records",
                "Records in the backup of rejected keys and events; at most %d are counted"
                        .formatted(QueueDepth.MAX_LISTED),
                QueueCounts::rejected);
    }

    /** Seconds since 1970; the given number if there is no time. */
    private static double seconds(Optional<Instant> time, double none) {
        return time.map(Instant::getEpochSecond).map(Long::doubleValue).orElse(none);
    }
}
