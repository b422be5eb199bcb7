package dev.registrybackup.verify;

import dev.registrybackup.catalog.ImageMetadata;
import dev.registrybackup.catalog.InspectedImages;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Examines some repositories together: their links, then their manifests, then the blobs those need. For one thread. */
final class RepositoryVerifier {
    private final VerifyContext verifyContext;
    private final BlobStates blobStates;
    private final LinkChecks linkChecks;
    private final SingleImageLinks singleImageLinks;
    private final Manifests manifests;
    private final BlobExistence blobExistence;
    private final BlobVerifier blobVerifier;
    private final ImageStreamScope imageStreamScope;
    private final CatalogWriter catalogWriter;
    private final Instant now;
    private ImageCounts imageCounts = ImageCounts.NONE;
    private ImageStreamCounts imageStreamCounts;

    RepositoryVerifier(
            VerifyContext verifyContext,
            BlobVerifier proofs,
            ImageStreamScope imageStreamScope,
            CatalogWriter catalogWriter,
            Instant now) {
        this.verifyContext = verifyContext;
        this.blobStates = verifyContext.blobStates();
        this.linkChecks = new LinkChecks(verifyContext);
        this.singleImageLinks = new SingleImageLinks(verifyContext, linkChecks);
        this.manifests = new Manifests(verifyContext.store(), verifyContext.layout(), verifyContext.workerPools());
        this.blobExistence = new BlobExistence(verifyContext);
        this.blobVerifier = proofs;
        this.imageStreamScope = imageStreamScope;
        this.catalogWriter = catalogWriter;
        this.now = now;
        this.imageStreamCounts =
                ImageStreamCounts.none(imageStreamScope.snapshotAt().orElse(now));
    }

    /** How many images it has seen. */
    ImageCounts images() {
        return imageCounts;
    }

    /** What became of the ImageStreams' items, if there is a snapshot of them. */
    Optional<ImageStreamCounts> imageStreamCounts() {
        return imageStreamScope.snapshotAt().map(at -> imageStreamCounts);
    }

    /** Examines these, with the ImageStreams that they are. */
    void verify(List<RepositoryLinks> links) {
        verifyContext.findingCollector().checkFence();
        List<RepositoryView> repositories = imageStreamScope.join(links);
        linkChecks.check(links);
        Map<Digest, LoadedManifest> read = readManifests(repositories);
        Set<Digest> needed = requiredBlobs(repositories, read);
        blobExistence.load(needed);
        blobVerifier.verify(blobsOfOtherSize(read), verifyContext.request().depth() == Depth.CONTENT);
        blobVerifier.verify(needed.stream().filter(verifyContext::isHashed).toList(), true);
        Map<Digest, ImageMetadata> descriptions = catalogWriter.readMetadata(images(repositories));
        descriptions.values().forEach(image -> image.corruptConfig().ifPresent(blobVerifier::reportCorrupt));
        List<CandidateFinding> suspicions = new ArrayList<>();
        for (RepositoryView repository : repositories) {
            suspicions.addAll(new ImageChecks(verifyContext, read, repository.links()).check());
            InspectedImages facts = inspectImages(repository, read, descriptions);
            countImages(repository, facts.imageCompleteness());
            repository.imageStream().ifPresent(stream -> checkImageStream(stream, facts));
            writeCatalog(repository, facts);
        }
        new FindingConfirmer(verifyContext).report(suspicions);
    }

    private void checkImageStream(TaggedImages stream, InspectedImages facts) {
        imageStreamCounts = imageStreamCounts.plus(new ItemChecks(verifyContext, stream, facts, now).check());
        imageStreamScope
                .blobsOfUnreadableManifests(stream, facts.manifests())
                .forEach(blob -> blobStates.mark(blob, Mark.REACHABLE));
    }

    /** What is known to be incomplete does not replace what was known before. */
    private void writeCatalog(RepositoryView repository, InspectedImages facts) {
        if (imageStreamScope.isUnreadable(repository.name())) {
            catalogWriter.keep(repository.name());
        } else {
            catalogWriter.write(repository, facts);
        }
    }

    private static Set<Digest> images(List<RepositoryView> repositories) {
        return repositories.stream()
                .flatMap(repository -> repository.images().stream())
                .collect(Collectors.toSet());
    }

    private Map<Digest, LoadedManifest> readManifests(List<RepositoryView> repositories) {
        if (!verifyContext.isRepositoryScope()) {
            repositories.forEach(repository -> singleImageLinks.addRevisions(repository.links()));
        }
        Map<Digest, LoadedManifest> read = manifests.closure(
                images(repositories),
                (digest, failure) -> verifyContext.findingCollector().unknown(digest.toString(), failure));
        if (!verifyContext.isRepositoryScope()) {
            repositories.forEach(repository -> singleImageLinks.addReferences(repository.links(), read.values()));
        }
        read.forEach(this::recordManifest);
        return read;
    }

    private void recordManifest(Digest manifest, LoadedManifest loadedManifest) {
        if (loadedManifest.size() > 0) {
            verifyContext.findingCollector().addExpectedBytes(loadedManifest.size());
            verifyContext.findingCollector().addReadBytes(loadedManifest.size());
        }
        switch (loadedManifest.state()) {
            case MISSING -> blobStates.markAbsent(manifest);
            case UNREADABLE -> blobStates.mark(manifest, Mark.UNKNOWN);
            case CORRUPT -> {
                blobStates.markPresent(manifest, loadedManifest.size());
                blobVerifier.reportCorrupt(manifest);
            }
            case READ, NOT_A_MANIFEST -> {
                blobStates.markPresent(manifest, loadedManifest.size());
                if (loadedManifest.size() <= Manifest.MAX_BYTES) {
                    blobStates.mark(manifest, Mark.VERIFIED);
                }
            }
        }
    }

    private static Stream<Descriptor> references(Map<Digest, LoadedManifest> read) {
        return read.values().stream()
                .flatMap(loadedManifest -> loadedManifest.manifest().references().stream())
                .filter(reference -> reference.role() != Role.MANIFEST);
    }

    /** What manifests refer to, and what layer links lead to. */
    private static Set<Digest> requiredBlobs(List<RepositoryView> repositories, Map<Digest, LoadedManifest> read) {
        Set<Digest> needed = references(read).map(Descriptor::digest).collect(Collectors.toSet());
        for (RepositoryView repositoryView : repositories) {
            RepositoryLinks repository = repositoryView.links();
            repository.layers().keySet().forEach(layer -> needed.add(repository.canonicalDigest(layer)));
        }
        return needed;
    }

    private Set<Digest> blobsOfOtherSize(Map<Digest, LoadedManifest> read) {
        return references(read)
                .filter(reference -> {
                    OptionalLong held = blobStates.size(reference.digest());
                    return held.isPresent() && reference.size().isPresent() && !held.equals(reference.size());
                })
                .map(Descriptor::digest)
                .collect(Collectors.toSet());
    }

    private InspectedImages inspectImages(
            RepositoryView repositoryView, Map<Digest, LoadedManifest> read, Map<Digest, ImageMetadata> descriptions) {
        RepositoryLinks repository = repositoryView.links();
        Predicate<Digest> isGood = digest -> isIntact(repository.canonicalDigest(digest));
        return new InspectedImages(
                read,
                descriptions,
                digest -> blobStates.size(repository.canonicalDigest(digest)),
                new ImageCompleteness(read, isGood, repositoryView::isPushed),
                digest -> blobStates.hasMark(repository.canonicalDigest(digest), Mark.UNKNOWN));
    }

    private boolean isIntact(Digest blob) {
        return blobStates.hasMark(blob, Mark.PRESENT)
                && !blobStates.hasMark(blob, Mark.CORRUPT)
                && !blobStates.hasMark(blob, Mark.UNKNOWN);
    }

    private void countImages(RepositoryView repository, ImageCompleteness imageCompleteness) {
        for (Digest image : repository.requiredImages()) {
            Set<Digest> missing = imageCompleteness.of(image).missing();
            if (missing.isEmpty()) {
                imageCounts = imageCounts.plus(ImageCounts.COMPLETE);
            } else {
                boolean isUntold = missing.stream()
                        .allMatch(
                                digest -> blobStates.hasMark(repository.links().canonicalDigest(digest), Mark.UNKNOWN));
                imageCounts = imageCounts.plus(isUntold ? ImageCounts.UNKNOWN : ImageCounts.INCOMPLETE);
            }
        }
    }
}
