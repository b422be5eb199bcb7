package dev.registrybackup.verify;

import dev.registrybackup.catalog.ImageMetadataReader.ImageMetadata;
import dev.registrybackup.catalog.InspectedImages;
import dev.registrybackup.catalog.RepositoryView;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Verifies a batch of repositories: first their links, then their manifests, then the blobs that those need. For one
 * thread.
 */
final class RepositoryVerifier {
    private final VerifyContext context;
    private final BlobStates blobs;
    private final LinkChecks linkChecks;
    private final BlobChecks blobChecks;
    private final ImageStreamScope imageStreamScope;
    private final CatalogWriter catalogWriter;
    private final Instant now;
    private ImageCounts imageCounts = ImageCounts.NONE;
    private ImageStreamCounts imageStreamCounts;

    RepositoryVerifier(
            VerifyContext context,
            BlobChecks blobChecks,
            ImageStreamScope imageStreamScope,
            CatalogWriter catalogWriter,
            Instant now) {
        this.context = context;
        this.blobs = context.blobs();
        this.linkChecks = new LinkChecks(context);
        this.blobChecks = blobChecks;
        this.imageStreamScope = imageStreamScope;
        this.catalogWriter = catalogWriter;
        this.now = now;
        this.imageStreamCounts =
                ImageStreamCounts.none(imageStreamScope.snapshotAt().orElse(now));
    }

    /** How many images were verified so far. */
    ImageCounts images() {
        return imageCounts;
    }

    /** The counts of ImageStream items; empty if there is no snapshot. */
    Optional<ImageStreamCounts> imageStreamCounts() {
        return imageStreamScope.snapshotAt().map(at -> imageStreamCounts);
    }

    /** Verifies these repositories with their ImageStreams. */
    void verify(List<RepositoryLinks> links) {
        context.operation().checkFence();
        List<RepositoryView> repositories = imageStreamScope.join(links);
        linkChecks.check(links);
        ManifestGraph manifests = readManifests(repositories);
        Set<Digest> required = requiredBlobs(links, manifests);
        blobChecks.load(required);
        blobChecks.verify(blobsOfOtherSize(manifests), context.request().depth() == Depth.CONTENT);
        blobChecks.verify(required.stream().filter(context::isHashed).toList(), true);
        Map<Digest, ImageMetadata> metadata = catalogWriter.readMetadata(images(repositories), manifests);
        metadata.values().forEach(image -> image.corruptConfig().ifPresent(blobChecks::reportCorrupt));
        FindingConfirmer confirmer = new FindingConfirmer(context);
        for (RepositoryView repository : repositories) {
            new ImageChecks(context, manifests, repository.links(), confirmer).check();
            InspectedImages inspected = inspect(repository, manifests, metadata);
            countImages(repository, inspected);
            repository.imageStream().ifPresent(stream -> checkImageStream(stream, inspected));
            if (imageStreamScope.isUnreadable(repository.name())) {
                // An incomplete result does not replace the previous document.
                catalogWriter.keep(repository.name());
            } else {
                catalogWriter.write(repository, inspected);
            }
        }
        confirmer.reportConfirmed();
    }

    private static Set<Digest> images(List<RepositoryView> repositories) {
        return repositories.stream()
                .flatMap(repository -> repository.images().stream())
                .collect(Collectors.toSet());
    }

    private ManifestGraph readManifests(List<RepositoryView> repositories) {
        if (!context.isRepositoryScope()) {
            repositories.forEach(repository -> linkChecks.addRevisions(repository.links()));
        }
        ManifestGraph read = new Manifests(context.store(), context.workerPools())
                .closure(images(repositories), (digest, failure) -> context.reportUnknown(digest.toString(), failure));
        if (!context.isRepositoryScope()) {
            repositories.forEach(repository -> linkChecks.addReferences(repository.links(), read));
        }
        read.manifests().forEach(this::markManifest);
        return read;
    }

    private void markManifest(Digest digest, LoadedManifest manifest) {
        if (manifest.size() > 0) {
            context.addExpectedBytes(manifest.size());
            context.addReadBytes(manifest.size());
        }
        switch (manifest.state()) {
            case MISSING -> blobs.markAbsent(digest);
            case UNREADABLE -> blobs.mark(digest, Mark.UNKNOWN);
            case CORRUPT -> {
                blobs.markPresent(digest, manifest.size());
                blobChecks.reportCorrupt(digest);
            }
            case READ, NOT_A_MANIFEST -> {
                blobs.markPresent(digest, manifest.size());
                if (manifest.size() <= Manifest.MAX_BYTES) {
                    blobs.mark(digest, Mark.VERIFIED);
                }
            }
        }
    }

    /** The blobs that manifests refer to or layer links point to. */
    private static Set<Digest> requiredBlobs(List<RepositoryLinks> repositories, ManifestGraph manifests) {
        Set<Digest> required = new HashSet<>();
        manifests.blobs().forEach(reference -> required.add(reference.digest()));
        for (RepositoryLinks repository : repositories) {
            repository.layers().keySet().forEach(layer -> required.add(repository.canonicalDigest(layer)));
        }
        return required;
    }

    private Set<Digest> blobsOfOtherSize(ManifestGraph manifests) {
        return manifests
                .blobs()
                .filter(reference -> {
                    OptionalLong size = blobs.size(reference.digest());
                    return size.isPresent() && reference.size().isPresent() && !size.equals(reference.size());
                })
                .map(Descriptor::digest)
                .collect(Collectors.toSet());
    }

    private InspectedImages inspect(
            RepositoryView repository, ManifestGraph manifests, Map<Digest, ImageMetadata> metadata) {
        RepositoryLinks links = repository.links();
        return new InspectedImages(
                manifests,
                metadata,
                digest -> blobs.size(links.canonicalDigest(digest)),
                new ImageCompleteness(manifests, digest -> isGood(links.canonicalDigest(digest)), repository::isPushed),
                digest -> blobs.hasMark(links.canonicalDigest(digest), Mark.UNKNOWN));
    }

    private boolean isGood(Digest blob) {
        return blobs.hasMark(blob, Mark.PRESENT)
                && !blobs.hasMark(blob, Mark.CORRUPT)
                && !blobs.hasMark(blob, Mark.UNKNOWN);
    }

    private void countImages(RepositoryView repository, InspectedImages inspected) {
        for (Digest image : repository.requiredImages()) {
            imageCounts = imageCounts.plus(inspected
                    .isRestorable(image)
                    .map(complete -> complete ? ImageCounts.COMPLETE : ImageCounts.INCOMPLETE)
                    .orElse(ImageCounts.UNKNOWN));
        }
    }

    private void checkImageStream(TaggedImages stream, InspectedImages inspected) {
        imageStreamCounts = imageStreamCounts.plus(new ItemChecks(context, stream, inspected, now).check());
        imageStreamScope
                .blobsOfUnreadableManifests(stream, inspected.manifests())
                .forEach(blob -> blobs.mark(blob, Mark.REACHABLE));
    }
}
