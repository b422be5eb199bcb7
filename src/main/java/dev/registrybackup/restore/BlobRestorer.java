package dev.registrybackup.restore;

import dev.registrybackup.inventory.DigestIndex;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.replication.ObjectCopier;
import dev.registrybackup.replication.SourceObject;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies blobs into the target, each verified while it streams, and tells which the target has. Blocks; safe for use by
 * many threads.
 */
final class BlobRestorer {
    /** With so many failures it is the store that fails, and not some objects in it. */
    private static final int MAX_FAILURES = 100;

    /** So many of the blobs that the backup listed are remembered, in 50 bytes each; the target is asked for the others. */
    private static final int MAX_LISTED = 1_000_000;

    private final RestoreContext context;
    private final ObjectCopier objectCopier;
    private final Set<Digest> failed = ConcurrentHashMap.newKeySet();
    /** Guarded by itself: what the backup listed, so that the target has it or is given it. */
    private final DigestIndex listed = new DigestIndex();

    private final Map<Digest, Boolean> answers = Collections.synchronizedMap(new Latest<>());

    /** What has to be done for a blob. */
    enum BlobAction {
        COPY,
        /** Whether it has to be copied is told by reading what the target has. */
        VERIFY,
        NONE,
        /** The target's has another size, and is left alone as the mode demands. */
        DIFFERS
    }

    /**
     * One blob to copy or to verify.
     *
     * @param digest which
     * @param inBackup what the backup has of it
     * @param inTarget what the target has of it
     */
    record BlobStep(Digest digest, ObjectRef inBackup, Optional<ObjectRef> inTarget) {
        /** What has to be done, told from the listings. */
        BlobAction action(RestoreRequest.Mode mode) {
            if (inTarget.isEmpty()) {
                return BlobAction.COPY;
            }
            boolean isSameSize = inTarget.get().size() == inBackup.size();
            return switch (mode) {
                case MISSING -> isSameSize ? BlobAction.NONE : BlobAction.DIFFERS;
                case REPAIR -> isSameSize ? BlobAction.VERIFY : BlobAction.COPY;
            };
        }
    }

    BlobRestorer(RestoreContext context) {
        this.context = context;
        this.objectCopier = new ObjectCopier(context.target().store(), object -> Map.of());
    }

    /** Does what has to be done. */
    void restore(BlobStep step) {
        try {
            switch (step.action(context.request().mode())) {
                case COPY -> copy(step.digest(), step.inBackup());
                case VERIFY -> {
                    if (isIntactInTarget(step.digest(), step.inTarget().orElseThrow())) {
                        context.operation().progress().addDone(1, 0);
                    } else {
                        copy(step.digest(), step.inBackup());
                    }
                }
                case NONE, DIFFERS -> {}
            }
        } catch (ObjectStoreException e) {
            handleFailure(step.digest(), e);
        }
    }

    private boolean isIntactInTarget(Digest digest, ObjectRef objectRef) {
        ObjectInfo object = objectRef.toObjectInfo(context.target().key(digest));
        try {
            return new SourceObject(context.target().store(), object, Optional.empty(), context.rateLimiter())
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
            Optional<ObjectRef> older = context.olderVersions().newestValid(digest);
            if (older.isPresent()) {
                copyVerified(digest, older.get());
            } else {
                failed.add(digest);
                context.operation()
                        .report(new Finding(
                                FindingCode.BLOB_DIGEST_MISMATCH,
                                digest.toString(),
                                "the backup's copy is damaged, and it has no older one that is good: "
                                        + e.getMessage()));
            }
        }
    }

    private void copyVerified(Digest digest, ObjectRef objectRef) {
        ObjectInfo object = objectRef.toObjectInfo(context.backup().key(digest));
        objectCopier.copyTo(
                context.target().key(digest),
                new SourceObject(context.backup().store(), object, objectRef.version(), context.rateLimiter()),
                Optional.of(digest));
        context.operation().progress().addDone(1, objectRef.size());
    }

    private void handleFailure(Digest digest, ObjectStoreException e) {
        boolean isWholeStore = e.error() == StoreError.BUCKET_MISSING || e.error() == StoreError.FORBIDDEN;
        failed.add(digest);
        if (isWholeStore || failed.size() > MAX_FAILURES) {
            throw e;
        }
        FindingCode code = e.error() == StoreError.NOT_FOUND ? FindingCode.BLOB_MISSING : FindingCode.UNDETERMINED;
        context.operation().report(new Finding(code, digest.toString(), String.valueOf(e.getMessage())));
    }

    /** Whether the blob could not be copied. */
    boolean hasFailed(Digest digest) {
        return failed.contains(digest);
    }

    /** Whether any could not be copied. */
    boolean hasFailures() {
        return !failed.isEmpty();
    }

    /** Learns that the target has it or is given it, as far as there is room for that. */
    void addListed(Digest digest) {
        synchronized (listed) {
            if (listed.count() < MAX_LISTED) {
                listed.findOrAdd(digest);
            }
        }
    }

    /**
     * Whether the target has it, and as far as this run knows, good; to be asked once all that was listed was restored. What
     * it lacks is copied if the backup has it after all.
     */
    boolean isInTarget(Digest digest) {
        if (hasFailed(digest)) {
            return false;
        }
        synchronized (listed) {
            if (listed.find(digest).isPresent()) {
                return true;
            }
        }
        Boolean answer = answers.get(digest);
        if (answer == null) {
            answer = context.target().store().head(context.target().key(digest)).isPresent() || copyUnlisted(digest);
            answers.put(digest, answer);
        }
        return answer;
    }

    /** It may have come since the listing, or be there as an older version only. */
    private boolean copyUnlisted(Digest digest) {
        Optional<ObjectRef> held = context.backup()
                .store()
                .head(context.backup().key(digest))
                .map(ObjectRef::of)
                .or(() -> context.olderVersions().newestValid(digest));
        held.ifPresent(found -> copyOnce(digest, found));
        return held.isPresent() && !hasFailed(digest);
    }

    /** One at a time, so that a large one is not copied for each of the images that share it. */
    private synchronized void copyOnce(Digest digest, ObjectRef found) {
        if (!answers.containsKey(digest)) {
            restore(new BlobStep(digest, found, Optional.empty()));
            answers.put(digest, !hasFailed(digest));
        }
    }
}
