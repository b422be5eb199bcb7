package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestMismatchException;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Held;
import dev.registrybackup.inventory.RemovedBlobs;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.ObjectCopier;
import dev.registrybackup.transfer.Origin;
import dev.registrybackup.transfer.Pace;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Brings blobs back, each proved while it streams. Safe for use by many threads. */
final class BlobRestoring {
    /** With so many failures it is the store that fails, and not some objects in it. */
    private static final int MOST_FAILURES = 100;

    private final Ends ends;
    private final RestoreRequest.Mode mode;
    private final Pace pace;
    private final RemovedBlobs removed;
    private final ObjectCopier copier;
    private final Meter meter;
    private final Set<Digest> failed = ConcurrentHashMap.newKeySet();

    /** What has to be done for a blob. */
    enum Need {
        COPY,
        /** Whether it has to be copied is told by reading what the target has. */
        PROVE,
        NOTHING,
        /** The target's has another size, and is left alone as the mode demands. */
        DIFFERS
    }

    BlobRestoring(Ends ends, RestoreRequest.Mode mode, Pace pace, RemovedBlobs removed, Meter meter) {
        this.ends = ends;
        this.mode = mode;
        this.pace = pace;
        this.removed = removed;
        this.copier = new ObjectCopier(ends.target(), object -> Map.of());
        this.meter = meter;
    }

    /** What has to be done, told from the listings. */
    static Need need(RestoreRequest.Mode mode, Held inBackup, Optional<Held> inTarget) {
        if (inTarget.isEmpty()) {
            return Need.COPY;
        }
        boolean sameSize = inTarget.get().size() == inBackup.size();
        return switch (mode) {
            case MISSING -> sameSize ? Need.NOTHING : Need.DIFFERS;
            case REPAIR -> sameSize ? Need.PROVE : Need.COPY;
        };
    }

    /** What to say of a blob that is left alone although it differs. */
    static Finding differs(Digest digest, Held inBackup, Held inTarget) {
        return new Finding(
                FindingCode.BLOB_TRUNCATED,
                digest.toString(),
                "has %d bytes in the target and %d in the backup: restore it with mode repair"
                        .formatted(inTarget.size(), inBackup.size()));
    }

    /** Does what has to be done. Blocks. */
    void restore(Digest digest, Held inBackup, Optional<Held> inTarget) {
        try {
            switch (need(mode, inBackup, inTarget)) {
                case COPY -> copy(digest, inBackup);
                case PROVE -> {
                    if (isGoodInTarget(digest, inTarget.orElseThrow())) {
                        meter.done(1, 0);
                    } else {
                        copy(digest, inBackup);
                    }
                }
                case NOTHING, DIFFERS -> {}
            }
        } catch (ObjectStoreException e) {
            fail(digest, e);
        }
    }

    /** What the backup has of the blob now, in an older version if it shows none. */
    Optional<Held> find(Digest digest) {
        return ends.backup()
                .find(ends.layout().keyOf(new BlobData(digest)))
                .map(Held::of)
                .or(() -> removed.newestProved(digest));
    }

    /** Whether the blob could not be brought. */
    boolean hasFailed(Digest digest) {
        return failed.contains(digest);
    }

    /** Whether any could not be brought. */
    boolean hasFailures() {
        return !failed.isEmpty();
    }

    private boolean isGoodInTarget(Digest digest, Held held) {
        String key = ends.targetKey(new BlobData(digest));
        try {
            return new Origin(ends.target(), held.info(key), Optional.empty(), pace).proves(digest);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private void copy(Digest digest, Held held) {
        try {
            copyProved(digest, held);
        } catch (DigestMismatchException e) {
            Optional<Held> older = removed.newestProved(digest);
            if (older.isPresent()) {
                copyProved(digest, older.get());
            } else {
                failed.add(digest);
                meter.found(new Finding(
                        FindingCode.BLOB_DIGEST_MISMATCH,
                        digest.toString(),
                        "the backup's copy is damaged, and it has no older one that is good: " + e.getMessage()));
            }
        }
    }

    private void copyProved(Digest digest, Held held) {
        BlobData path = new BlobData(digest);
        ObjectInfo object = held.info(ends.layout().keyOf(path));
        copier.copyTo(
                ends.targetKey(path), new Origin(ends.backup(), object, held.version(), pace), Optional.of(digest));
        meter.done(1, held.size());
    }

    private void fail(Digest digest, ObjectStoreException e) {
        boolean wholeStore = e.error() == StoreError.BUCKET_MISSING || e.error() == StoreError.FORBIDDEN;
        failed.add(digest);
        if (wholeStore || failed.size() > MOST_FAILURES) {
            throw e;
        }
        FindingCode code = e.error() == StoreError.NOT_FOUND ? FindingCode.BLOB_MISSING : FindingCode.COULD_NOT_TELL;
        meter.found(new Finding(code, digest.toString(), String.valueOf(e.getMessage())));
    }
}
