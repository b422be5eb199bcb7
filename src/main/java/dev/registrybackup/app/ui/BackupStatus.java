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
 * How everything stands, each thing as it was last read.
 *
 * @param verification the last verification of everything
 * @param items how many items of ImageStreams could be restored then
 * @param reconciliation the last one
 * @param alarms those that nobody has acknowledged
 * @param backlog what is owed and what was rejected
 * @param operations the newest few
 * @param repositories the first few
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
