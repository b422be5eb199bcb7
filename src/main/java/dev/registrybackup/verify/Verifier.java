package dev.registrybackup.verify;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds problems in one store and never writes there, except the catalog in the backup. Blocks until done; the worker
 * pools read, so it must not be called from one of their threads. Safe for use by many threads.
 *
 * @param store the store to verify
 * @param workerPools the threads that read
 * @param rateLimiter the limit for reading blobs
 * @param isOpenShift whether it is OpenShift's registry, which decides the severity of findings
 * @param clock the clock for ages and times
 * @param catalog the catalog to write, if the store is the backup
 * @param captures the captured ImageStreams, if the store is the backup of an OpenShift registry
 */
public record Verifier(
        RegistryStore store,
        WorkerPools workerPools,
        RateLimiter rateLimiter,
        boolean isOpenShift,
        Clock clock,
        Optional<Catalog> catalog,
        Optional<CaptureReader> captures) {
    /**
     * Verifies the requested scope. An object that cannot be read is a finding and does not stop it.
     *
     * @param operation checked for cancellation between reads; receives progress and findings, from one thread at a
     * time
     * @throws ObjectStoreException if there is no bucket, it cannot be listed, or very many objects cannot be read
     */
    public VerifySummary run(VerifyRequest request, OperationContext operation) {
        Instant startedAt = clock.instant();
        VerifyContext context = new VerifyContext(request, store, workerPools, operation);
        BlobChecks blobChecks = new BlobChecks(context, rateLimiter, startedAt);
        ImageCounts images = ImageCounts.NONE;
        Optional<ImageStreamCounts> imageStreams = Optional.empty();
        if (request.scope() instanceof Scope.Blob blob) {
            verifyBlob(context, blobChecks, blob.digest());
        } else {
            if (context.isFullScope()) {
                context.operation().phase("listing blobs");
                blobChecks.list();
                context.operation().phase("reading blobs");
                blobChecks.verifyAll(context::isHashed);
            }
            RepositoryVerifier repositories = checkImages(context, blobChecks, startedAt);
            if (context.isFullScope()) {
                blobChecks.reportOrphans();
            }
            images = repositories.images();
            imageStreams = repositories.imageStreamCounts();
        }
        VerifySummary summary = summarize(context, startedAt, images, imageStreams);
        recordRestorableShare(context, summary);
        return summary;
    }

    VerifySummary summarize(
            VerifyContext context, Instant startedAt, ImageCounts images, Optional<ImageStreamCounts> imageStreams) {
        return new VerifySummary(
                context.request(),
                isOpenShift,
                startedAt,
                clock.instant(),
                context.objects(),
                context.bytes(),
                images,
                imageStreams,
                context.findings());
    }

    /** Records the restorable share, which only a full verification determines. */
    void recordRestorableShare(VerifyContext context, VerifySummary summary) {
        if (summary.imageStreamCounts().isPresent() && context.isFullScope() && !summary.hasUnknown()) {
            context.operation().checkFence();
            new RestorableShare(store.store()).write(summary.imageStreamCounts().get(), summary.startedAt());
        }
    }

    private static void verifyBlob(VerifyContext context, BlobChecks blobChecks, Digest blob) {
        blobChecks.load(Set.of(blob));
        if (context.blobs().hasMark(blob, Mark.ABSENT)) {
            context.report(FindingCode.BLOB_MISSING, blob.toString(), "It is missing: " + context.remedy());
        }
        if (context.isHashed(blob)) {
            blobChecks.verify(List.of(blob), true);
        }
    }

    /** Checks the images and tags of the scope, once its blobs are listed and read if it is the full scope. */
    RepositoryVerifier checkImages(VerifyContext context, BlobChecks blobChecks, Instant startedAt) {
        context.operation().phase("checking images");
        ImageStreamScope imageStreams = new ImageStreamScope(context, captures);
        CatalogWriter catalogWriter =
                new CatalogWriter(context, catalog.filter(any -> imageStreams.isSnapshotReadable()), clock.instant());
        RepositoryVerifier repositories =
                new RepositoryVerifier(context, blobChecks, imageStreams, catalogWriter, startedAt);
        long links = new RepositoryIterator(context, startedAt, repositories::verify).run();
        imageStreams.forEachWithoutLinks(repositories::verify);
        if (context.isFullScope()) {
            catalogWriter.deleteOthers();
        } else if (links == 0 && imageStreams.isEmpty()) {
            reportEmptyScope(context, imageStreams);
        }
        return repositories;
    }

    private static void reportEmptyScope(VerifyContext context, ImageStreamScope imageStreams) {
        String advice = imageStreams
                .snapshotAt()
                .map(at -> ", nor an ImageStream in the snapshot of %s: check the name for a typo".formatted(at))
                .orElse(": check the name for a typo. OpenShift has no link of a tag, nor of an image that was only"
                        + " tagged into another repository; name the one it was pushed to");
        context.report(
                FindingCode.UNDETERMINED,
                context.request().scope().toJson().toString(),
                "The store %s has no link for it".formatted(context.request().store()) + advice);
    }
}
