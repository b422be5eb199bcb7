package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.replication.pending.PendingBatch;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingStore;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** Brings what is owed before anything else, and takes off the shelf what that settles. */
final class PendingPhase {
    private final PendingStore shelf;
    private final CopyPhase copyPhase;
    private long settled;

    PendingPhase(PendingStore shelf, CopyPhase copyPhase) {
        this.shelf = shelf;
        this.copyPhase = copyPhase;
    }

    /** Does it, and tells how many keys were settled. A record that came meanwhile stays for whoever wrote it. */
    long run() {
        try (Stream<ObjectInfo> listing = shelf.list()) {
            listing.map(ObjectInfo::key)
                    .filter(name -> !PendingStore.isSignOfLife(name))
                    .map(shelf::read)
                    .flatMap(Optional::stream)
                    .forEach(this::bring);
        }
        return settled;
    }

    private void bring(PendingBatch record) {
        AtomicBoolean isSettled = new AtomicBoolean(true);
        List<PendingKey> keys = record.keys();
        keys.forEach(owed -> copyPhase.bring(owed.key(), false, keyResult -> {
            if (keyResult.state() == KeyResult.State.LEFT) {
                isSettled.set(false);
            }
        }));
        copyPhase.await();
        if (isSettled.get()) {
            shelf.remove(record);
            settled += keys.size();
        }
    }
}
