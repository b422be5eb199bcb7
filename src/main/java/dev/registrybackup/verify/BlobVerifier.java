package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.SourceObject;
import dev.registrybackup.verify.BlobStates.Mark;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/** Reads blobs to their end and marks whether their bytes are what their digests say. */
final class BlobVerifier {
    private static final int CONCURRENCY = 16;

    private final VerifyContext verifyContext;
    private final BlobStates blobStates;
    private final FindingCollector findingCollector;
    private final RateLimiter rateLimiter;

    BlobVerifier(VerifyContext verifyContext, RateLimiter rateLimiter) {
        this.verifyContext = verifyContext;
        this.blobStates = verifyContext.blobStates();
        this.findingCollector = verifyContext.findingCollector();
        this.rateLimiter = rateLimiter;
    }

    /** Whether it is held and still has to be read. */
    boolean isUnverified(Digest digest) {
        return blobStates.hasMark(digest, Mark.PRESENT)
                && !blobStates.hasMark(digest, Mark.VERIFIED)
                && !blobStates.hasMark(digest, Mark.CORRUPT)
                && !blobStates.hasMark(digest, Mark.UNKNOWN);
    }

    /** Of the whole table, those that are chosen; each that is corrupt is reported. */
    void verifyAll(Predicate<Digest> chosen) {
        Predicate<Digest> open = digest -> chosen.test(digest) && isUnverified(digest);
        blobStates.forEach(digest -> {
            if (open.test(digest)) {
                findingCollector.addExpectedBytes(blobStates.size(digest).orElse(0));
            }
        });
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), CONCURRENCY);
        blobStates.forEach(digest -> {
            if (open.test(digest)) {
                submit(boundedTaskGroup, digest, true);
            }
        });
        boundedTaskGroup.await();
    }

    /**
     * These, as far as they still have to be.
     *
     * @param reports whether each that is corrupt is reported
     */
    void verify(Iterable<Digest> digests, boolean reports) {
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), CONCURRENCY);
        for (Digest digest : digests) {
            if (isUnverified(digest)) {
                findingCollector.addExpectedBytes(blobStates.size(digest).orElse(0));
                submit(boundedTaskGroup, digest, reports);
            }
        }
        boundedTaskGroup.await();
    }

    /** Says that its bytes are something else, which somebody read. */
    void reportCorrupt(Digest digest) {
        if (blobStates.mark(digest, Mark.CORRUPT)) {
            findingCollector.add(
                    FindingCode.BLOB_DIGEST_MISMATCH,
                    digest.toString(),
                    "The bytes of this blob are not what its digest says; pushing it again does not mend it, since a"
                            + " registry writes no blob that is there: " + verifyContext.remedy());
        }
    }

    private void submit(BoundedTaskGroup boundedTaskGroup, Digest digest, boolean reports) {
        findingCollector.checkFence();
        OptionalLong size = blobStates.size(digest);
        size.ifPresent(bytes -> boundedTaskGroup.submit(bytes, () -> verify(digest, bytes, reports)));
    }

    private void verify(Digest digest, long size, boolean reports) {
        try {
            boolean isGood = sourceObject(digest, size).matches(digest);
            findingCollector.addReadBytes(size);
            if (isGood) {
                blobStates.mark(digest, Mark.VERIFIED);
            } else if (reports) {
                reportCorrupt(digest);
            } else {
                blobStates.mark(digest, Mark.CORRUPT);
            }
        } catch (ObjectStoreException e) {
            findingCollector.addSkippedBytes(size);
            if (e.error() == StoreError.NOT_FOUND) {
                blobStates.markAbsent(digest);
            } else {
                blobStates.mark(digest, Mark.UNKNOWN);
                findingCollector.unknown(digest.toString(), e);
            }
        }
    }

    /** Whatever is there now: a blob that was mended meanwhile is good. */
    private SourceObject sourceObject(Digest digest, long size) {
        ObjectInfo object = new ObjectRef(size, "", Optional.empty())
                .toObjectInfo(verifyContext.layout().blobKey(digest));
        return new SourceObject(verifyContext.store(), object, Optional.empty(), rateLimiter);
    }
}
