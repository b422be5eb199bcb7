package dev.registrybackup.restore;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.replication.ObjectCopier;
import dev.registrybackup.replication.SourceObject;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Brings blobs back, each proved while it streams. Safe for use by many threads. */
final class BlobRestorer {
    /** With so many failures it is the store that fails, and not some objects in it. */
    private static final int MAX_FAILURES = 100;

    private final RestoreEndpoints restoreEndpoints;
    private final RestoreRequest.Mode mode;
    private final RateLimiter rateLimiter;
    private final BlobVersions blobVersions;
    private final ObjectCopier objectCopier;
    private final ProgressTracker progressTracker;
    private final Set<Digest> failed = ConcurrentHashMap.newKeySet();

    /** What has to be done for a blob. */
    enum BlobAction {
        COPY,
        /** Whether it has to be copied is told by reading what the target has. */
        VERIFY,
        NONE,
        /** The target's has another size, and is left alone as the mode demands. */
        DIFFERS
    }

    BlobRestorer(
            RestoreEndpoints restoreEndpoints,
            RestoreRequest.Mode mode,
            RateLimiter rateLimiter,
            BlobVersions removed,
            ProgressTracker progressTracker) {
        this.restoreEndpoints = restoreEndpoints;
        this.mode = mode;
        this.rateLimiter = rateLimiter;
        this.blobVersions = removed;
        this.objectCopier = new ObjectCopier(restoreEndpoints.target(), object -> Map.of());
        this.progressTracker = progressTracker;
    }

    /** What has to be done, told from the listings. */
    static BlobAction action(RestoreRequest.Mode mode, ObjectRef inBackup, Optional<ObjectRef> inTarget) {
        if (inTarget.isEmpty()) {
            return BlobAction.COPY;
        }
        boolean sameSize = inTarget.get().size() == inBackup.size();
        return switch (mode) {
            case MISSING -> sameSize ? BlobAction.NONE : BlobAction.DIFFERS;
            case REPAIR -> sameSize ? BlobAction.VERIFY : BlobAction.COPY;
        };
    }

    /** What to say of a blob that is left alone although it differs. */
    static Finding differsFinding(Digest digest, ObjectRef inBackup, ObjectRef inTarget) {
        return new Finding(
                FindingCode.BLOB_TRUNCATED,
                digest.toString(),
                "has %d bytes in the target and %d in the backup: restore it with mode repair"
                        .formatted(inTarget.size(), inBackup.size()));
    }

    /** Does what has to be done. Blocks. */
    void restore(Digest digest, ObjectRef inBackup, Optional<ObjectRef> inTarget) {
        try {
            switch (action(mode, inBackup, inTarget)) {
                case COPY -> copy(digest, inBackup);
                case VERIFY -> {
                    if (isIntactInTarget(digest, inTarget.orElseThrow())) {
                        progressTracker.addDone(1, 0);
                    } else {
                        copy(digest, inBackup);
                    }
                }
                case NONE, DIFFERS -> {}
            }
        } catch (ObjectStoreException e) {
            handleFailure(digest, e);
        }
    }

    /** What the backup has of the blob now, in an older version if it shows none. */
    Optional<ObjectRef> find(Digest digest) {
        return restoreEndpoints
                .backup()
                .head(restoreEndpoints.layout().keyOf(new BlobData(digest)))
                .map(ObjectRef::of)
                .or(() -> blobVersions.newestValid(digest));
    }

    /** Whether the blob could not be brought. */
    boolean hasFailed(Digest digest) {
        return failed.contains(digest);
    }

    /** Whether any could not be brought. */
    boolean hasFailures() {
        return !failed.isEmpty();
    }

    private boolean isIntactInTarget(Digest digest, ObjectRef objectRef) {
        String key = restoreEndpoints.targetKey(new BlobData(digest));
        try {
            return new SourceObject(
                            restoreEndpoints.target(), objectRef.toObjectInfo(key), Optional.empty(), rateLimiter)
                    .matches(digest);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private void copy(Digest digest, ObjectRef objectRef) {
        try {
            copyVerified(digest, objectRef);
        } catch (DigestMismatchException e) {
            Optional<ObjectRef> older = blobVersions.newestValid(digest);
            if (older.isPresent()) {
                copyVerified(digest, older.get());
            } else {
                failed.add(digest);
                progressTracker.addFinding(new Finding(
                        FindingCode.BLOB_DIGEST_MISMATCH,
                        digest.toString(),
                        "the backup's copy is damaged, and it has no older one that is good: " + e.getMessage()));
            }
        }
    }

    private void copyVerified(Digest digest, ObjectRef objectRef) {
        BlobData path = new BlobData(digest);
        ObjectInfo object = objectRef.toObjectInfo(restoreEndpoints.layout().keyOf(path));
        objectCopier.copyTo(
                restoreEndpoints.targetKey(path),
                new SourceObject(restoreEndpoints.backup(), object, objectRef.version(), rateLimiter),
                Optional.of(digest));
        progressTracker.addDone(1, objectRef.size());
    }

    private void handleFailure(Digest digest, ObjectStoreException e) {
        boolean wholeStore = e.error() == StoreError.BUCKET_MISSING || e.error() == StoreError.FORBIDDEN;
        failed.add(digest);
        if (wholeStore || failed.size() > MAX_FAILURES) {
            throw e;
        }
        FindingCode code = e.error() == StoreError.NOT_FOUND ? FindingCode.BLOB_MISSING : FindingCode.UNDETERMINED;
        progressTracker.addFinding(new Finding(code, digest.toString(), String.valueOf(e.getMessage())));
    }
}
