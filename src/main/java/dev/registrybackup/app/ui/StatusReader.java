package dev.registrybackup.app.ui;

import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.reconcile.Alarms;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.RestorableShare;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Reads the status of the backup. Blocks; a store failure does not fail it but shows in the affected values. */
final class StatusReader {
    static final int OPERATIONS = 5;
    static final int REPOSITORIES = 50;

    private static final Set<StoreError> SILENT_AFTER =
            Set.of(StoreError.UNAVAILABLE, StoreError.THROTTLED, StoreError.BUCKET_MISSING);

    private final LastVerification verification;
    private final RestorableShare items;
    private final LastRun reconciliation;
    private final Alarms alarms;
    private final QueueDepth queueDepth;
    private final UiBackend uiBackend;
    private final Clock clock;

    /** One pass over all values; once the store did not answer, it sends no more requests. */
    private final class Look {
        private Optional<String> down = Optional.empty();

        <T> Reading<T> read(Reading<T> before, Supplier<Optional<T>> record) {
            if (down.isPresent()) {
                return before.failed(down.get());
            }
            try {
                return Reading.of(record.get(), clock.instant());
            } catch (ObjectStoreException e) {
                String reason = String.valueOf(e.getMessage());
                down = SILENT_AFTER.contains(e.error()) ? Optional.of(reason) : Optional.empty();
                return before.failed(reason);
            }
        }
    }

    StatusReader(ObjectStore backup, UiBackend uiBackend, Clock clock) {
        this.verification = new LastVerification(backup);
        this.items = new RestorableShare(backup);
        this.reconciliation = new LastRun(backup);
        this.alarms = new Alarms(backup, clock);
        this.queueDepth = new QueueDepth(backup);
        this.uiBackend = uiBackend;
        this.clock = clock;
    }

    /** The current status; values that cannot be read stay as before. */
    BackupStatus read(BackupStatus before) {
        Look look = new Look();
        return new BackupStatus(
                look.read(before.verification(), () -> Optional.of(verification.read())),
                look.read(before.items(), items::read),
                look.read(before.reconciliation(), () -> Optional.of(reconciliation.read())),
                look.read(before.alarms(), () -> Optional.of(alarms.openAlarms())),
                look.read(before.backlog(), () -> Optional.of(queueDepth.read())),
                look.read(before.operations(), () -> Optional.of(uiBackend.operations(OPERATIONS))),
                look.read(
                        before.repositories(),
                        () -> Optional.of(uiBackend.repositories(Optional.empty(), REPOSITORIES))));
    }
}
