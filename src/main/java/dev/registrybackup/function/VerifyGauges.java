package dev.registrybackup.function;

import dev.registrybackup.finding.Severity;
import dev.registrybackup.reconcile.Sides;
import dev.registrybackup.verify.LastVerification;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** What the last verification of the whole backup came to, read from the backup: it runs in a Job, which nobody scrapes. */
@ApplicationScoped
class VerifyGauges {
    private final RecordGauges records;
    private final LastVerification last;

    VerifyGauges(RecordGauges records, Sides sides) {
        this.records = records;
        this.last = new LastVerification(sides.backup());
    }

    void register(@Observes StartupEvent start) {
        if (records.areShown()) {
            show(records.look(last::read), records.meters());
        }
    }

    static void show(LastSeen<LastVerification.Said> seen, MeterRegistry meters) {
        RecordGauges.gauge(
                        "registry_backup_verify_last_success_timestamp_seconds",
                        seen,
                        said -> RecordGauges.seconds(said.toldEnded(), 0))
                .description(
                        "When the last verification of the whole backup ended that could tell everything, in seconds"
                                + " since 1970; 0 if none has")
                .register(meters);
        RecordGauges.gauge(
                        "registry_backup_images_restorable_share",
                        seen,
                        said -> said.share().orElse(Double.NaN))
                .description(
                        "Share of the images that have all they need in the backup, of those of which it could be told")
                .register(meters);
        RecordGauges.gauge(
                        "registry_backup_images_restorable_timestamp_seconds",
                        seen,
                        said -> RecordGauges.seconds(said.begun(), Double.NaN))
                .description("When that share was true, in seconds since 1970")
                .register(meters);
        for (Severity severity : Severity.values()) {
            findings(severity, seen, meters);
        }
    }

    private static void findings(Severity severity, LastSeen<LastVerification.Said> seen, MeterRegistry meters) {
        RecordGauges.gauge(
                        "registry_backup_verify_findings",
                        seen,
                        said -> said.ended().isEmpty()
                                ? Double.NaN
                                : said.findings().getOrDefault(severity, 0L))
                .description("Findings of the last verification of the whole backup")
                .tag("severity", severity.label())
                .register(meters);
    }
}
