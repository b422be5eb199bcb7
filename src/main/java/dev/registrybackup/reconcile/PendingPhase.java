package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.reconcile.CopyPhase.InBackup;
import dev.registrybackup.replication.pending.PendingBatch;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingStore;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** Brings what is owed before anything else, and takes off the shelf what that settles. */
final class PendingPhase {
    private final PendingStore pendingStore;
    private final CopyPhase copyPhase;
    private long resolved;

    PendingPhase(PendingStore shelf, CopyPhase copyPhase) {
        this.pendingStore = shelf;
        this.copyPhase = copyPhase;
    }

    /** Does it, and tells how many keys were settled. A record that came meanwhile stays for whoever wrote it. */
    long run() {
        try (Stream<ObjectInfo> listing = pendingStore.list()) {
            listing.map(ObjectInfo::key)
                    .filter(name -> !PendingStore.isHeartbeat(name))
                    .map(pendingStore::read)
                    .flatMap(Optional::stream)
                    .forEach(this::copy);
        }
        return resolved;
    }

    private void copy(PendingBatch record) {
        AtomicBoolean isSettled = new AtomicBoolean(true);
        List<PendingKey> keys = record.keys();
        keys.forEach(owed -> copyPhase.copy(owed.key(), InBackup.UNKNOWN, keyResult -> {
            if (keyResult.state() == KeyResult.State.REMAINING) {
                isSettled.set(false);
            }
        }));
        copyPhase.await();
        if (isSettled.get()) {
            pendingStore.delete(record);
            resolved += keys.size();
        }
    }
}
