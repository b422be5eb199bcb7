package dev.registrybackup.verify;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.verify.BlobStates.Mark;
import dev.registrybackup.verify.FindingCollector.Counts;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Looks for what is wrong in one store, and changes nothing there. Blocks for as long as that takes, and has the lanes
 * read: not to be called in a lane of theirs. Safe for use by many threads.
 */
public final class Verifier {
    private final ObjectStore store;
    private final RegistryLayout layout;
    private final WorkerPools workerPools;
    private final RateLimiter rateLimiter;
    private final boolean isOpenShift;
    private final Clock clock;
    private final Optional<Catalog> catalog;
    private final Optional<CaptureReader> captures;

    /**
     * Verifies that store.
     *
     * @param rateLimiter how fast blobs are read
     * @param isOpenShift whose registry it is, by which findings are graded
     * @param catalog where it is written what repositories there are, if the store is the backup
     * @param captures what was captured of a cluster's ImageStreams, if the store is the backup of such a cluster's registry
     */
    public Verifier(
            ObjectStore store,
            RegistryLayout layout,
            WorkerPools workerPools,
            RateLimiter rateLimiter,
            boolean isOpenShift,
            Clock clock,
            Optional<Catalog> catalog,
            Optional<CaptureReader> captures) {
        this.store = store;
        this.layout = layout;
        this.workerPools = workerPools;
        this.rateLimiter = rateLimiter;
        this.isOpenShift = isOpenShift;
        this.clock = clock;
        this.catalog = catalog;
        this.captures = captures;
    }

    /**
     * Verifies what is asked. Goes on where one object cannot be read: that is a finding.
     *
     * @param fence asked between reads
     * @param progressTracker is told how far it is, and each finding
     * @param report is told each finding too, by one thread at a time
     * @throws ObjectStoreException if there is no bucket, it cannot be listed, or very many objects cannot be read
     */
    public VerifySummary run(
            VerifyRequest request, Fence fence, ProgressTracker progressTracker, Consumer<Finding> report) {
        Instant begun = clock.instant();
        FindingCollector findingCollector = new FindingCollector(fence, progressTracker, report);
        VerifyContext verifyContext =
                new VerifyContext(request, store, layout, workerPools, new BlobStates(), findingCollector);
        BlobVerifier proofs = new BlobVerifier(verifyContext, rateLimiter);
        VerifiedImages verifiedImages = request.scope() instanceof Scope.Blob blob
                ? verifyBlob(verifyContext, proofs, blob.digest())
                : verifyRepositories(verifyContext, proofs, begun);
        Counts counts = findingCollector.counts();
        VerifySummary verifySummary = new VerifySummary(
                request,
                isOpenShift,
                begun,
                clock.instant(),
                counts.objects(),
                counts.bytes(),
                verifiedImages.imageCounts().complete(),
                verifiedImages.imageCounts().incomplete(),
                verifiedImages.imageCounts().unknown(),
                verifiedImages.imageStreamCounts(),
                counts.findings());
        recordRestorableShare(verifyContext, verifySummary);
        return verifySummary;
    }

    private record VerifiedImages(ImageCounts imageCounts, Optional<ImageStreamCounts> imageStreamCounts) {}

    /** Only what was looked at in whole says what share can be restored. */
    private static void recordRestorableShare(VerifyContext verifyContext, VerifySummary verifySummary) {
        verifySummary
                .imageStreamCounts()
                .filter(items -> verifyContext.isFullScope() && !verifySummary.hasUnknown())
                .ifPresent(items -> {
                    verifyContext.findingCollector().checkFence();
                    new RestorableShare(verifyContext.store()).write(items, verifySummary.startedAt());
                });
    }

    private static VerifiedImages verifyBlob(VerifyContext verifyContext, BlobVerifier proofs, Digest blob) {
        new BlobExistence(verifyContext).load(Set.of(blob));
        if (verifyContext.blobStates().hasMark(blob, Mark.ABSENT)) {
            verifyContext
                    .findingCollector()
                    .add(FindingCode.BLOB_MISSING, blob.toString(), "It is not there: " + verifyContext.remedy());
        }
        proofs.verify(List.of(blob).stream().filter(verifyContext::isHashed).toList(), true);
        return new VerifiedImages(ImageCounts.NONE, Optional.empty());
    }

    private VerifiedImages verifyRepositories(VerifyContext verifyContext, BlobVerifier proofs, Instant begun) {
        BlobListing listing = new BlobListing(verifyContext, begun);
        if (verifyContext.isFullScope()) {
            verifyContext.findingCollector().phase("listing blobs");
            listing.read();
            verifyContext.findingCollector().phase("reading blobs");
            proofs.verifyAll(verifyContext::isHashed);
        }
        verifyContext.findingCollector().phase("checking images");
        ImageStreamScope imageStreamScope = ImageStreamScope.of(verifyContext, captures);
        CatalogWriter catalogWriter = new CatalogWriter(
                verifyContext, catalog.filter(any -> imageStreamScope.isSnapshotReadable()), clock.instant());
        RepositoryVerifier repositoryVerifier =
                new RepositoryVerifier(verifyContext, proofs, imageStreamScope, catalogWriter, begun);
        long links = new RepositoryIterator(verifyContext, begun, repositoryVerifier::verify).run();
        imageStreamScope.forEachWithoutLinks(repositoryVerifier::verify);
        if (verifyContext.isFullScope()) {
            listing.reportOrphans();
            catalogWriter.deleteOthers();
        } else if (links == 0 && imageStreamScope.isEmpty()) {
            reportEmptyScope(verifyContext, imageStreamScope);
        }
        return new VerifiedImages(repositoryVerifier.images(), repositoryVerifier.imageStreamCounts());
    }

    private static void reportEmptyScope(VerifyContext verifyContext, ImageStreamScope imageStreamScope) {
        String problem = "The store %s has no link of it"
                .formatted(verifyContext.request().store());
        String advice = imageStreamScope
                .snapshotAt()
                .map(at -> ", nor an ImageStream in the snapshot of %s: look for a slip in the name".formatted(at))
                .orElse(
                        ": look for a slip in the name. OpenShift has no link of a tag, nor of an image that was only tagged"
                                + " into another repository; name the one it was pushed to");
        verifyContext
                .findingCollector()
                .add(
                        FindingCode.UNDETERMINED,
                        verifyContext.request().scope().toJson().toString(),
                        problem + advice);
    }
}
