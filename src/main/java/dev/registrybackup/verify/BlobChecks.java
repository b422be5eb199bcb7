package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.inventory.ExistenceChecker;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks which blobs a store has and whether their bytes match their digests. Records the results in
 * {@link BlobStates}.
 */
final class BlobChecks {
    /** A push takes no longer; an unreferenced blob older than this is an orphan. */
    private static final Duration MAX_PUSH_DURATION = Duration.ofHours(24);

    private static final int PAGE_SIZE = 1000;
    /** How many blobs are read at once. */
    private static final int READ_CONCURRENCY = 16;

    private final VerifyContext context;
    private final BlobStates blobs;
    private final RateLimiter rateLimiter;
    private final Instant now;

    BlobChecks(VerifyContext context, RateLimiter rateLimiter, Instant now) {
        this.context = context;
        this.blobs = context.blobs();
        this.rateLimiter = rateLimiter;
        this.now = now;
    }

    /** Lists the registry's root directory, records all blobs and reports objects that no registry wrote. */
    void list() {
        list((blob, modified) -> {});
    }

    /** As {@link #list()}; visits each blob with the time of its last write, UTC by the store's clock. */
    void list(BiConsumer<Digest, Instant> visit) {
        try (Stream<ObjectInfo> listing =
                context.store().store().list(context.store().layout().rootPrefix())) {
            Iterator<ObjectInfo> objects = listing.iterator();
            for (long count = 0; objects.hasNext(); count++) {
                if (count % PAGE_SIZE == 0) {
                    context.operation().checkFence();
                }
                ObjectInfo object = objects.next();
                RegistryPath path = context.store().layout().parse(object.key());
                if (path instanceof BlobData blob) {
                    markPresent(blob.digest(), object.size());
                    visit.accept(blob.digest(), object.lastModified());
                    if (object.lastModified().isAfter(now.minus(MAX_PUSH_DURATION))) {
                        blobs.mark(blob.digest(), Mark.RECENT);
                    }
                } else if (context.isOwn(object.key())) {
                    RepositoryIterator.reportIfForeign(context, object, path);
                }
            }
        }
    }

    private void markPresent(Digest blob, long size) {
        blobs.markPresent(blob, size);
        if (context.isOwn(blob.toString())) {
            context.addObject();
        }
    }

    /** Reports the listed blobs that nothing references. Call it after all repositories were checked. */
    void reportOrphans() {
        blobs.forEach(blob -> {
            if (blobs.hasMark(blob, Mark.PRESENT)
                    && !blobs.hasMark(blob, Mark.REACHABLE)
                    && !blobs.hasMark(blob, Mark.RECENT)) {
                context.report(
                        FindingCode.ORPHAN_BLOB,
                        blob.toString(),
                        "No revision references this blob of %d bytes: garbage collection or the hard pruner deletes it"
                                .formatted(blobs.size(blob).orElse(0)));
            }
        });
    }

    /**
     * Finds out whether the store has these blobs, unless that is known. A blob missing from the listing costs a
     * request, because it may be newer.
     */
    void load(Set<Digest> wanted) {
        Map<String, Digest> unknown = wanted.stream()
                .filter(digest -> !blobs.isKnown(digest))
                .collect(Collectors.toMap(context.store()::key, digest -> digest));
        if (unknown.isEmpty() || (!context.isFullScope() && loadInBulk(unknown))) {
            return;
        }
        BoundedTaskGroup tasks = context.tasks();
        unknown.forEach((key, digest) -> tasks.submit(0, () -> head(key, digest)));
        tasks.await();
    }

    /** Uses as few requests as possible where nothing was listed before; returns whether all of them succeeded. */
    private boolean loadInBulk(Map<String, Digest> unknown) {
        try {
            Map<String, ObjectRef> found = new ExistenceChecker(context.store().store(), context.workerPools())
                    .findExisting(context.store().layout().blobsPrefix(), unknown.keySet());
            unknown.forEach((key, digest) -> {
                ObjectRef objectRef = found.get(key);
                if (objectRef == null) {
                    blobs.markAbsent(digest);
                } else {
                    markPresent(digest, objectRef.size());
                }
            });
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.BUCKET_MISSING) {
                throw e;
            }
            return false;
        }
    }

    private void head(String key, Digest digest) {
        try {
            context.store()
                    .store()
                    .head(key)
                    .ifPresentOrElse(info -> markPresent(digest, info.size()), () -> blobs.markAbsent(digest));
        } catch (ObjectStoreException e) {
            blobs.mark(digest, Mark.UNKNOWN);
            context.reportUnknown(digest.toString(), e);
        }
    }

    /** Reads all known and selected blobs to their end and reports each corrupt one. */
    void verifyAll(Predicate<Digest> chosen) {
        blobs.forEach(digest -> {
            if (chosen.test(digest) && isUnverified(digest)) {
                context.addExpectedBytes(blobs.size(digest).orElse(0));
            }
        });
        BoundedTaskGroup tasks = new BoundedTaskGroup(context.workerPools(), READ_CONCURRENCY);
        blobs.forEach(digest -> {
            if (chosen.test(digest) && isUnverified(digest)) {
                submit(tasks, digest, true);
            }
        });
        tasks.await();
    }

    /**
     * Reads these blobs to their end, except those that were read before.
     *
     * @param reports whether to report each corrupt blob
     */
    void verify(Iterable<Digest> digests, boolean reports) {
        BoundedTaskGroup tasks = new BoundedTaskGroup(context.workerPools(), READ_CONCURRENCY);
        for (Digest digest : digests) {
            if (isUnverified(digest)) {
                context.addExpectedBytes(blobs.size(digest).orElse(0));
                submit(tasks, digest, reports);
            }
        }
        tasks.await();
    }

    private boolean isUnverified(Digest digest) {
        return blobs.hasMark(digest, Mark.PRESENT)
                && !blobs.hasMark(digest, Mark.VERIFIED)
                && !blobs.hasMark(digest, Mark.CORRUPT)
                && !blobs.hasMark(digest, Mark.UNKNOWN);
    }

    private void submit(BoundedTaskGroup tasks, Digest digest, boolean reports) {
        context.operation().checkFence();
        OptionalLong size = blobs.size(digest);
        size.ifPresent(bytes -> tasks.submit(bytes, () -> verify(digest, bytes, reports)));
    }

    private void verify(Digest digest, long size, boolean reports) {
        // Without an ETag, to read the current bytes: a blob that was fixed meanwhile is valid.
        ObjectRef object = new ObjectRef(size, "", Optional.empty());
        try {
            boolean isGood = object.source(context.store(), digest, rateLimiter).matches(digest);
            context.addReadBytes(size);
            if (isGood) {
                blobs.mark(digest, Mark.VERIFIED);
            } else if (reports) {
                reportCorrupt(digest);
            } else {
                blobs.mark(digest, Mark.CORRUPT);
            }
        } catch (ObjectStoreException e) {
            context.addSkippedBytes(size);
            if (e.error() == StoreError.NOT_FOUND) {
                blobs.markAbsent(digest);
            } else {
                blobs.mark(digest, Mark.UNKNOWN);
                context.reportUnknown(digest.toString(), e);
            }
        }
    }

    /** Reports that the bytes read do not match the digest. */
    void reportCorrupt(Digest digest) {
        if (blobs.mark(digest, Mark.CORRUPT)) {
            context.report(
                    FindingCode.BLOB_DIGEST_MISMATCH,
                    digest.toString(),
                    "The bytes of this blob do not match its digest. Pushing it again does not fix it, because a "
                            + "registry does not overwrite an existing blob: " + context.remedy());
        }
    }
}
