package dev.registrybackup.restore;

import dev.registrybackup.inventory.DigestIndex;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.replication.ObjectCopier;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies blobs into the target, verifying each while it streams, and knows which blobs the target has. Blocks; safe for
 * use by many threads.
 */
final class BlobRestorer {
    /** More failed blobs than this mean that the store fails, not single objects in it. */
    private static final int MAX_FAILURES = 100;

    /** How many listed blobs are remembered, 50 bytes each; the others cost a request to the target. */
    private static final int MAX_LISTED = 1_000_000;

    private final RestoreContext context;
    private final ObjectCopier objectCopier;
    private final Set<Digest> failed = ConcurrentHashMap.newKeySet();
    /** Guarded by itself: the blobs that the backup listed; the target has each or gets it. */
    private final DigestIndex listed = new DigestIndex();

    /** Whether the target has a blob that was not listed. An evicted entry costs a request. */
    private final Map<Digest, Boolean> inTarget = Collections.synchronizedMap(new BoundedMap<>());

    /** The action that a blob needs. */
    enum BlobAction {
        COPY,
        /** Read the target's blob first; copy only if it is corrupt. */
        VERIFY,
        NONE,
        /** The target's blob has another size, and the mode forbids replacing it. */
        DIFFERS
    }

    /**
     * One blob to copy or to verify.
     *
     * @param inTarget the object in the target; empty if it has none
     */
    record BlobStep(Digest digest, ObjectRef inBackup, Optional<ObjectRef> inTarget) {
        /** The action that the listings call for. */
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
        try {
            return objectRef
                    .source(context.target(), digest, context.rateLimiter())
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
                                "the backup's copy is corrupt, and no older version of it is valid: "
                                        + e.getMessage()));
            }
        }
    }

    private void copyVerified(Digest digest, ObjectRef objectRef) {
        objectCopier.copyTo(
                context.target().key(digest),
                objectRef.source(context.backup(), digest, context.rateLimiter()),
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

    boolean hasFailed(Digest digest) {
        return failed.contains(digest);
    }

    /** The blobs that could not be copied so far. */
    Set<Digest> failed() {
        return Set.copyOf(failed);
    }

    /** Remembers that another index could not copy the blob. */
    void addFailed(Digest digest) {
        failed.add(digest);
    }

    boolean hasFailures() {
        return !failed.isEmpty();
    }

    /** Remembers that the target has the blob or gets it, while there is room. */
    void addListed(Digest digest) {
        synchronized (listed) {
            if (listed.count() < MAX_LISTED) {
                listed.findOrAdd(digest);
            }
        }
    }

    /**
     * Whether the target has the blob and this run did not find it corrupt. Call it once all listed blobs are restored:
     * a blob that is missing from the target is copied if the backup has it after all.
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
        Boolean answer = inTarget.get(digest);
        if (answer == null) {
            answer = context.target().store().head(context.target().key(digest)).isPresent() || copyUnlisted(digest);
            inTarget.put(digest, answer);
        }
        return answer;
    }

    /** The blob may be newer than the listing, or exist only as an older version. */
    private boolean copyUnlisted(Digest digest) {
        Optional<ObjectRef> inBackup = context.backup()
                .store()
                .head(context.backup().key(digest))
                .map(ObjectRef::of)
                .or(() -> context.olderVersions().newestValid(digest));
        inBackup.ifPresent(found -> copyOnce(digest, found));
        return inBackup.isPresent() && !hasFailed(digest);
    }

    /** One at a time, so that a large blob is not copied once for each image that shares it. */
    private synchronized void copyOnce(Digest digest, ObjectRef found) {
        if (!inTarget.containsKey(digest)) {
            restore(new BlobStep(digest, found, Optional.empty()));
            inTarget.put(digest, !hasFailed(digest));
        }
    }
}
