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
    private static final int MAX_ATTEMPTS = 3;

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
        INTACT,
        CORRUPT,
        MISSING,
        /** A store failed. */
        UNKNOWN
    }

    /**
     * What is known of a blob.
     *
     * @param object the very object that was read
     * @param failure why it is untold
     */
    record BlobVerification(Digest digest, ObjectInfo object, State state, Optional<ObjectStoreException> failure) {}

    /** Reads the blob as it is now, which may be another object than the one listed. */
    BlobVerification verify(Digest digest, ObjectInfo listed) {
        try {
            return read(digest, listed, MAX_ATTEMPTS);
        } catch (ObjectStoreException e) {
            State state = e.error() == StoreError.NOT_FOUND ? State.MISSING : State.UNKNOWN;
            return new BlobVerification(digest, listed, state, Optional.of(e));
        } finally {
            progressTracker.addDone(1, listed.size());
        }
    }

    private BlobVerification read(Digest digest, ObjectInfo object, int attempts) {
        try {
            boolean isGood = new SourceObject(backup, object, Optional.empty(), rateLimiter).matches(digest);
            return new BlobVerification(digest, object, isGood ? State.INTACT : State.CORRUPT, Optional.empty());
        } catch (ObjectStoreException e) {
            // An event may have had it copied since it was listed.
            if (e.error() != StoreError.PRECONDITION_FAILED || attempts == 1) {
                throw e;
            }
            return backup.head(object.key())
                    .map(now -> read(digest, now, attempts - 1))
                    .orElseGet(() -> new BlobVerification(digest, object, State.MISSING, Optional.empty()));
        }
    }
}
