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
    private static final int AT_ONCE = 16;

    private final VerifyContext verifyContext;
    private final BlobStates table;
    private final FindingCollector findingCollector;
    private final RateLimiter rateLimiter;

    BlobVerifier(VerifyContext verifyContext, RateLimiter rateLimiter) {
        this.verifyContext = verifyContext;
        this.table = verifyContext.table();
        this.findingCollector = verifyContext.findingCollector();
        this.rateLimiter = rateLimiter;
    }

    /** Whether it is held and still has to be read. */
    boolean isOpen(Digest digest) {
        return table.is(digest, Mark.HELD)
                && !table.is(digest, Mark.PROVED)
                && !table.is(digest, Mark.CORRUPT)
                && !table.is(digest, Mark.UNTOLD);
    }

    /** Of the whole table, those that are chosen; each that is corrupt is reported. */
    void proveAll(Predicate<Digest> chosen) {
        Predicate<Digest> open = digest -> chosen.test(digest) && isOpen(digest);
        table.forEach(digest -> {
            if (open.test(digest)) {
                findingCollector.expectBytes(table.size(digest).orElse(0));
            }
        });
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), AT_ONCE);
        table.forEach(digest -> {
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
    void prove(Iterable<Digest> digests, boolean reports) {
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), AT_ONCE);
        for (Digest digest : digests) {
            if (isOpen(digest)) {
                findingCollector.expectBytes(table.size(digest).orElse(0));
                submit(boundedTaskGroup, digest, reports);
            }
        }
        boundedTaskGroup.await();
    }

    /** Says that its bytes are something else, which somebody read. */
    void corrupt(Digest digest) {
        if (table.mark(digest, Mark.CORRUPT)) {
            findingCollector.found(
                    FindingCode.BLOB_DIGEST_MISMATCH,
                    digest.toString(),
                    "The bytes of this blob are not what its digest says; pushing it again does not mend it, since a"
                            + " registry writes no blob that is there: " + verifyContext.remedy());
        }
    }

    private void submit(BoundedTaskGroup boundedTaskGroup, Digest digest, boolean reports) {
        findingCollector.require();
        OptionalLong size = table.size(digest);
        size.ifPresent(bytes -> boundedTaskGroup.submit(bytes, () -> prove(digest, bytes, reports)));
    }

    private void prove(Digest digest, long size, boolean reports) {
        try {
            boolean isGood = origin(digest, size).proves(digest);
            findingCollector.readBytes(size);
            if (isGood) {
                table.mark(digest, Mark.PROVED);
            } else if (reports) {
                corrupt(digest);
            } else {
                table.mark(digest, Mark.CORRUPT);
            }
        } catch (ObjectStoreException e) {
            findingCollector.passBytes(size);
            if (e.error() == StoreError.NOT_FOUND) {
                table.miss(digest);
            } else {
                table.mark(digest, Mark.UNTOLD);
                findingCollector.untold(digest.toString(), e);
            }
        }
    }

    /** Whatever is there now: a blob that was mended meanwhile is good. */
    private SourceObject origin(Digest digest, long size) {
        ObjectInfo object = new ObjectRef(size, "", Optional.empty())
                .info(verifyContext.layout().blobKey(digest));
        return new SourceObject(verifyContext.store(), object, Optional.empty(), rateLimiter);
    }
}
