package dev.registrybackup.app.metrics;

import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.replication.pending.QueueDepth;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * What lies in the backup that is owed or was rejected, by all instances and those that are gone: each of them shows only
 * what it holds itself.
 */
@ApplicationScoped
class PendingGauges {
    private final BackupGauges records;
    private final QueueDepth queueDepth;

    PendingGauges(BackupGauges records, StorePair storePair) {
        this.records = records;
        this.queueDepth = new QueueDepth(storePair.backup());
    }

    void register(@Observes StartupEvent start) {
        if (records.areListed()) {
            show(records.poll(queueDepth::read), records.meters());
        }
    }

    static void show(StaleAwareGauge<QueueDepth.QueueCounts> seen, MeterRegistry meters) {
        BackupGauges.gauge("registry_backup_pending_batches", seen, QueueDepth.QueueCounts::pending)
                .description("Records of owed keys in the backup, each of one key or many; at most %d are counted"
                        .formatted(QueueDepth.MAX_LISTED))
                .register(meters);
        BackupGauges.gauge(
                        "registry_backup_pending_oldest_timestamp_seconds",
                        seen,
                        queueCounts -> BackupGauges.seconds(queueCounts.oldestPending(), Double.NaN))
                .description("When the oldest of them was written, in seconds since 1970; NaN if there are none")
                .register(meters);
        BackupGauges.gauge("registry_backup_rejected_records", seen, QueueDepth.QueueCounts::rejected)
                .description("Records in the backup of what will never succeed; at most %d are counted"
                        .formatted(QueueDepth.MAX_LISTED))
                .register(meters);
    }
}
