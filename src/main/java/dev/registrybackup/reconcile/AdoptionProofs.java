package dev.registrybackup.reconcile;

import dev.registrybackup.content.Digest;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.Origin;
import dev.registrybackup.transfer.Pace;
import java.util.Optional;

/** Reads blobs of the backup to their end. Safe for use by many threads. */
final class AdoptionProofs {
    private static final int ATTEMPTS = 3;

    private final ObjectStore backup;
    private final Pace pace;
    private final Meter meter;

    AdoptionProofs(ObjectStore backup, Pace pace, Meter meter) {
        this.backup = backup;
        this.pace = pace;
        this.meter = meter;
    }

    /** What reading showed. */
    enum State {
        GOOD,
        BAD,
        GONE,
        /** A store failed. */
        UNTOLD
    }

    /**
     * What is known of a blob.
     *
     * @param object the very object that was read
     * @param failure why it is untold
     */
    record Proof(Digest digest, ObjectInfo object, State state, Optional<ObjectStoreException> failure) {}

    /** Reads the blob as it is now, which may be another object than the one listed. */
    Proof prove(Digest digest, ObjectInfo listed) {
        try {
            return read(digest, listed, ATTEMPTS);
        } catch (ObjectStoreException e) {
            State state = e.error() == StoreError.NOT_FOUND ? State.GONE : State.UNTOLD;
            return new Proof(digest, listed, state, Optional.of(e));
        } finally {
            meter.done(1, listed.size());
        }
    }

    private Proof read(Digest digest, ObjectInfo object, int attempts) {
        try {
            boolean isGood = new Origin(backup, object, Optional.empty(), pace).proves(digest);
            return new Proof(digest, object, isGood ? State.GOOD : State.BAD, Optional.empty());
        } catch (ObjectStoreException e) {
            // An event may have had it copied since it was listed.
            if (e.error() != StoreError.CHANGED || attempts == 1) {
                throw e;
            }
            return backup.find(object.key())
                    .map(now -> read(digest, now, attempts - 1))
                    .orElseGet(() -> new Proof(digest, object, State.GONE, Optional.empty()));
        }
    }
}
