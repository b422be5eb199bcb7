package dev.registrybackup.function;

import dev.registrybackup.ledger.Backlog;
import dev.registrybackup.reconcile.Sides;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * What lies in the backup that is owed or was rejected, by all instances and those that are gone: each of them shows only
 * what it holds itself.
 */
@ApplicationScoped
class OwingGauges {
    private final RecordGauges records;
    private final Backlog backlog;

    OwingGauges(RecordGauges records, Sides sides) {
        this.records = records;
        this.backlog = new Backlog(sides.backup());
    }

    void register(@Observes StartupEvent start) {
        if (records.areListed()) {
            show(records.look(backlog::read), records.meters());
        }
    }

    static void show(LastSeen<Backlog.Said> seen, MeterRegistry meters) {
        RecordGauges.gauge("registry_backup_owed_records", seen, Backlog.Said::owed)
                .description("Records of owed keys in the backup, each of one key or many; at most %d are counted"
                        .formatted(Backlog.MOST))
                .register(meters);
        RecordGauges.gauge(
                        "registry_backup_owed_oldest_timestamp_seconds",
                        seen,
                        said -> RecordGauges.seconds(said.oldest(), Double.NaN))
                .description("When the oldest of them was written, in seconds since 1970; NaN if there are none")
                .register(meters);
        RecordGauges.gauge("registry_backup_rejected_records", seen, Backlog.Said::rejected)
                .description("Records in the backup of what will never succeed; at most %d are counted"
                        .formatted(Backlog.MOST))
                .register(meters);
    }
}
