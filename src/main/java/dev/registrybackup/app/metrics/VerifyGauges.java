package dev.registrybackup.app.metrics;

import dev.registrybackup.operation.Severity;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.verify.LastVerification;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** What the last verification of the whole backup came to, read from the backup: it runs in a Job, which nobody scrapes. */
@ApplicationScoped
class VerifyGauges {
    private final BackupGauges records;
    private final LastVerification last;

    VerifyGauges(BackupGauges records, StorePair storePair) {
        this.records = records;
        this.last = new LastVerification(storePair.backup());
    }

    void register(@Observes StartupEvent start) {
        if (records.areShown()) {
            show(records.poll(last::read), records.meters());
        }
    }

    static void show(StaleAwareGauge<LastVerification.VerificationRecord> seen, MeterRegistry meters) {
        BackupGauges.gauge(
                        "registry_backup_verify_last_success_timestamp_seconds",
                        seen,
                        verificationRecord -> BackupGauges.seconds(verificationRecord.lastConclusiveAt(), 0))
                .description(
                        "When the last verification of the whole backup ended that could tell everything, in seconds"
                                + " since 1970; 0 if none has")
                .register(meters);
        BackupGauges.gauge(
                        "registry_backup_images_restorable_share",
                        seen,
                        verificationRecord -> verificationRecord.share().orElse(Double.NaN))
                .description(
                        "Share of the images that have all they need in the backup, of those of which it could be told")
                .register(meters);
        BackupGauges.gauge(
                        "registry_backup_images_restorable_timestamp_seconds",
                        seen,
                        verificationRecord -> BackupGauges.seconds(verificationRecord.startedAt(), Double.NaN))
                .description("When that share was true, in seconds since 1970")
                .register(meters);
        for (Severity severity : Severity.values()) {
            findings(severity, seen, meters);
        }
    }

    private static void findings(
            Severity severity, StaleAwareGauge<LastVerification.VerificationRecord> seen, MeterRegistry meters) {
        BackupGauges.gauge(
                        "registry_backup_verify_findings",
                        seen,
                        verificationRecord -> verificationRecord.finishedAt().isEmpty()
                                ? Double.NaN
                                : verificationRecord.findingsBySeverity().getOrDefault(severity, 0L))
                .description("Findings of the last verification of the whole backup")
                .tag("severity", severity.label())
                .register(meters);
    }
}
