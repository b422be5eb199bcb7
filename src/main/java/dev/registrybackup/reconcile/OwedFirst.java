package dev.registrybackup.reconcile;

import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.ledger.OwedRecord;
import dev.registrybackup.ledger.OwedShelf;
import dev.registrybackup.store.ObjectInfo;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** Brings what is owed before anything else, and takes off the shelf what that settles. */
final class OwedFirst {
    private final OwedShelf shelf;
    private final Bringing bringing;
    private long settled;

    OwedFirst(OwedShelf shelf, Bringing bringing) {
        this.shelf = shelf;
        this.bringing = bringing;
    }

    /** Does it, and tells how many keys were settled. A record that came meanwhile stays for whoever wrote it. */
    long run() {
        try (Stream<ObjectInfo> listing = shelf.list()) {
            listing.map(ObjectInfo::key)
                    .filter(name -> !OwedShelf.isSignOfLife(name))
                    .map(shelf::read)
                    .flatMap(Optional::stream)
                    .forEach(this::bring);
        }
        return settled;
    }

    private void bring(OwedRecord record) {
        AtomicBoolean isSettled = new AtomicBoolean(true);
        List<OwedKey> keys = record.keys();
        keys.forEach(owed -> bringing.bring(owed.key(), false, fate -> {
            if (fate.state() == Fate.State.LEFT) {
                isSettled.set(false);
            }
        }));
        bringing.await();
        if (isSettled.get()) {
            shelf.remove(record);
            settled += keys.size();
        }
    }
}
