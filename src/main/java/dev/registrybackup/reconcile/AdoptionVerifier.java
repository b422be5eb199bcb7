package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.SourceObject;
import java.util.Optional;

/** Reads blobs of the backup to their end. Safe for use by many threads. */
final class AdoptionVerifier {
    private static final int ATTEMPTS = 3;

    private final ObjectStore backup;
    private final RateLimiter rateLimiter;
    private final ProgressTracker progressTracker;

    AdoptionVerifier(ObjectStore backup, RateLimiter rateLimiter, ProgressTracker progressTracker) {
        this.backup = backup;
        this.rateLimiter = rateLimiter;
        this.progressTracker = progressTracker;
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
            progressTracker.done(1, listed.size());
        }
    }

    private Proof read(Digest digest, ObjectInfo object, int attempts) {
        try {
            boolean isGood = new SourceObject(backup, object, Optional.empty(), rateLimiter).proves(digest);
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
