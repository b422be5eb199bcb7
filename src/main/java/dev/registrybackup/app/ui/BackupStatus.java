package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.reconcile.Alarm;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.RestorableShare;
import java.util.List;
import java.util.stream.Stream;

/**
 * The status of the backup, each value as last read.
 *
 * @param verification the last verification of everything
 * @param items how many items of ImageStreams were restorable then
 * @param reconciliation the last reconciliation
 * @param alarms the unacknowledged alarms
 * @param backlog the pending and rejected keys
 * @param operations the newest operations
 * @param repositories the first repositories
 */
record BackupStatus(
        Reading<LastVerification.VerificationRecord> verification,
        Reading<RestorableShare.ShareRecord> items,
        Reading<LastRun.RunRecord> reconciliation,
        Reading<List<Alarm>> alarms,
        Reading<QueueDepth.QueueCounts> backlog,
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
                Reading.never());
    }

    Stream<Reading<?>> all() {
        return Stream.of(verification, items, reconciliation, alarms, backlog, operations, repositories);
    }
}
