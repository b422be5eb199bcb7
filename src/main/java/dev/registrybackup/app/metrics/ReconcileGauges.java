package dev.registrybackup.app.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.reconcile.Alarms;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.registry.RegistryPath.Kind;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What the last reconciliation came to, read from the backup: it runs in a Job, which nobody scrapes. */
@ApplicationScoped
class ReconcileGauges {
    private static final List<Kind> CLASSES = List.of(
            Kind.BLOB, Kind.LAYER_LINK, Kind.REVISION_LINK, Kind.TAG_INDEX_LINK, Kind.TAG_CURRENT_LINK, Kind.UNKNOWN);

    private final BackupGauges records;
    private final LastRun lastRun;
    private final Alarms alarms;

    /** What one look saw: of the last run, and how many alarms are open. */
    record Values(JsonNode classes, Optional<Instant> success, int alarms) {}

    ReconcileGauges(BackupGauges records, StorePair storePair, Clock clock) {
        this.records = records;
        this.lastRun = new LastRun(storePair.backup());
        this.alarms = new Alarms(storePair.backup(), clock);
    }

    void register(@Observes StartupEvent start) {
        if (records.areShown()) {
            show(records.poll(this::poll), records.meters());
        }
    }

    private Values poll() {
        LastRun.RunRecord runRecord = lastRun.read();
        return new Values(
                runRecord.summary().path("classes"),
                runRecord.lastSuccessFinishedAt(),
                alarms.openAlarms().size());
    }

    static void show(StaleAwareGauge<Values> seen, MeterRegistry meters) {
        BackupGauges.gauge(
                        "registry_backup_reconcile_last_success_timestamp_seconds",
                        seen,
                        last -> BackupGauges.seconds(last.success(), 0))
                .description(
                        "When the last reconciliation ended that left nothing, in seconds since 1970; 0 if none has")
                .register(meters);
        BackupGauges.gauge("registry_backup_alarms", seen, Values::alarms)
                .description("Alarms that nobody has acknowledged")
                .register(meters);
        for (Kind kind : CLASSES) {
            figure(
                    "registry_backup_reconcile_missed_by_events",
                    kind,
                    "missedByEvents",
                    "brought that events should have",
                    seen,
                    meters);
            figure(
                    "registry_backup_reconcile_remaining",
                    kind,
                    "remaining",
                    "missing or different still",
                    seen,
                    meters);
            figure(
                    "registry_backup_reconcile_missing_in_registry",
                    kind,
                    "missingInRegistry",
                    "that only the backup has",
                    seen,
                    meters);
        }
    }

    private static void figure(
            String name, Kind kind, String field, String what, StaleAwareGauge<Values> seen, MeterRegistry meters) {
        BackupGauges.gauge(
                        name,
                        seen,
                        last -> last.classes().path(kind.label()).path(field).asDouble())
                .description("Objects of the last reconciliation " + what)
                .tag("class", kind.label())
                .register(meters);
    }
}
