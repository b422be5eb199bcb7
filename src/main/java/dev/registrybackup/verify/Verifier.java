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
 * Looks for what is wrong in one store, and changes nothing there. Blocks for as long as that takes, and has the lanes
 * read: not to be called in a lane of theirs. Safe for use by many threads.
 *
 * @param store the store that is verified
 * @param workerPools where it is read
 * @param rateLimiter how fast blobs are read
 * @param isOpenShift whose registry it is, by which findings are graded
 * @param clock the time
 * @param catalog where it is written what repositories there are, if the store is the backup
 * @param captures what was captured of a cluster's ImageStreams, if the store is the backup of such a cluster's registry
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
     * Verifies what is asked. Goes on where one object cannot be read: that is a finding.
     *
     * @param operation asked between reads whether to go on, and told how far it is and each finding, by one thread at a time
     * @throws ObjectStoreException if there is no bucket, it cannot be listed, or very many objects cannot be read
     */
    public VerifySummary run(VerifyRequest request, OperationContext operation) {
        Instant begun = clock.instant();
        VerifyContext context = new VerifyContext(request, store, workerPools, operation);
        BlobChecks blobChecks = new BlobChecks(context, rateLimiter, begun);
        ImageCounts images = ImageCounts.NONE;
        Optional<ImageStreamCounts> imageStreams = Optional.empty();
        if (request.scope() instanceof Scope.Blob blob) {
            verifyBlob(context, blobChecks, blob.digest());
        } else {
            RepositoryVerifier repositories = verifyRepositories(context, blobChecks, begun);
            images = repositories.images();
            imageStreams = repositories.imageStreamCounts();
        }
        VerifySummary summary = new VerifySummary(
                request,
                isOpenShift,
                begun,
                clock.instant(),
                context.objects(),
                context.bytes(),
                images,
                imageStreams,
                context.findings());
        if (imageStreams.isPresent() && context.isFullScope() && !summary.hasUnknown()) {
            // Only what was looked at in whole says what share can be restored.
            context.operation().checkFence();
            new RestorableShare(store.store()).write(imageStreams.get(), begun);
        }
        return summary;
    }

    private static void verifyBlob(VerifyContext context, BlobChecks blobChecks, Digest blob) {
        blobChecks.load(Set.of(blob));
        if (context.blobs().hasMark(blob, Mark.ABSENT)) {
            context.report(FindingCode.BLOB_MISSING, blob.toString(), "It is not there: " + context.remedy());
        }
        if (context.isHashed(blob)) {
            blobChecks.verify(List.of(blob), true);
        }
    }

    private RepositoryVerifier verifyRepositories(VerifyContext context, BlobChecks blobChecks, Instant begun) {
        if (context.isFullScope()) {
            context.operation().phase("listing blobs");
            blobChecks.list();
            context.operation().phase("reading blobs");
            blobChecks.verifyAll(context::isHashed);
        }
        context.operation().phase("checking images");
        ImageStreamScope imageStreams = new ImageStreamScope(context, captures);
        CatalogWriter catalogWriter =
                new CatalogWriter(context, catalog.filter(any -> imageStreams.isSnapshotReadable()), clock.instant());
        RepositoryVerifier repositories =
                new RepositoryVerifier(context, blobChecks, imageStreams, catalogWriter, begun);
        long links = new RepositoryIterator(context, begun, repositories::verify).run();
        imageStreams.forEachWithoutLinks(repositories::verify);
        if (context.isFullScope()) {
            blobChecks.reportOrphans();
            catalogWriter.deleteOthers();
        } else if (links == 0 && imageStreams.isEmpty()) {
            reportEmptyScope(context, imageStreams);
        }
        return repositories;
    }

    private static void reportEmptyScope(VerifyContext context, ImageStreamScope imageStreams) {
        String advice = imageStreams
                .snapshotAt()
                .map(at -> ", nor an ImageStream in the snapshot of %s: look for a slip in the name".formatted(at))
                .orElse(
                        ": look for a slip in the name. OpenShift has no link of a tag, nor of an image that was only tagged"
                                + " into another repository; name the one it was pushed to");
        context.report(
                FindingCode.UNDETERMINED,
                context.request().scope().toJson().toString(),
                "The store %s has no link of it".formatted(context.request().store()) + advice);
    }
}
