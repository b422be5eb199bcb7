package dev.registrybackup.verify;

import dev.registrybackup.catalog.ImageMetadata;
import dev.registrybackup.catalog.InspectedImages;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.Reading;
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
    private final BlobStates table;
    private final LinkChecks linkChecks;
    private final SingleImageLinks singleImageLinks;
    private final Manifests manifests;
    private final BlobExistence blobs;
    private final BlobVerifier proofs;
    private final ImageStreamScope imageStreamScope;
    private final CatalogWriter catalogWriter;
    private final Instant now;
    private ImageCounts imageCounts = ImageCounts.NONE;
    private ImageStreamCounts items;

    RepositoryVerifier(
            VerifyContext verifyContext,
            BlobVerifier proofs,
            ImageStreamScope imageStreamScope,
            CatalogWriter catalogWriter,
            Instant now) {
        this.verifyContext = verifyContext;
        this.table = verifyContext.table();
        this.linkChecks = new LinkChecks(verifyContext);
        this.singleImageLinks = new SingleImageLinks(verifyContext, linkChecks);
        this.manifests = new Manifests(verifyContext.store(), verifyContext.layout(), verifyContext.workerPools());
        this.blobs = new BlobExistence(verifyContext);
        this.proofs = proofs;
        this.imageStreamScope = imageStreamScope;
        this.catalogWriter = catalogWriter;
        this.now = now;
        this.items = ImageStreamCounts.none(imageStreamScope.at().orElse(now));
    }

    /** How many images it has seen. */
    ImageCounts images() {
        return imageCounts;
    }

    /** What became of the ImageStreams' items, if there is a snapshot of them. */
    Optional<ImageStreamCounts> items() {
        return imageStreamScope.at().map(at -> items);
    }

    /** Examines these, with the ImageStreams that they are. */
    void examine(List<RepositoryLinks> links) {
        verifyContext.findingCollector().require();
        List<RepositoryView> repositories = imageStreamScope.join(links);
        linkChecks.check(links);
        Map<Digest, Reading> read = readManifests(repositories);
        Set<Digest> needed = needed(repositories, read);
        blobs.learn(needed);
        proofs.prove(ofOtherSize(read), verifyContext.request().depth() == Depth.CONTENT);
        proofs.prove(needed.stream().filter(verifyContext::isHashed).toList(), true);
        Map<Digest, ImageMetadata> descriptions = catalogWriter.describe(images(repositories));
        descriptions.values().forEach(image -> image.corrupt().ifPresent(proofs::corrupt));
        List<CandidateFinding> suspicions = new ArrayList<>();
        for (RepositoryView repository : repositories) {
            suspicions.addAll(new ImageChecks(verifyContext, read, repository.links()).check());
            InspectedImages facts = facts(repository, read, descriptions);
            count(repository, facts.imageCompleteness());
            repository.stream().ifPresent(stream -> check(stream, facts));
            write(repository, facts);
        }
        new FindingConfirmer(verifyContext).report(suspicions);
    }

    private void check(TaggedImages stream, InspectedImages facts) {
        items = items.plus(new ItemChecks(verifyContext, stream, facts, now).check());
        imageStreamScope.blobsOfUnreadable(stream, facts.manifests()).forEach(blob -> table.mark(blob, Mark.NEEDED));
    }

    /** What is known to be incomplete does not replace what was known before. */
    private void write(RepositoryView repository, InspectedImages facts) {
        if (imageStreamScope.isUntold(repository.name())) {
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

    private Map<Digest, Reading> readManifests(List<RepositoryView> repositories) {
        if (!verifyContext.isOfRepositories()) {
            repositories.forEach(repository -> singleImageLinks.addRevisions(repository.links()));
        }
        Map<Digest, Reading> read = manifests.closure(
                images(repositories),
                (digest, failure) -> verifyContext.findingCollector().untold(digest.toString(), failure));
        if (!verifyContext.isOfRepositories()) {
            repositories.forEach(repository -> singleImageLinks.addReferences(repository.links(), read.values()));
        }
        read.forEach(this::note);
        return read;
    }

    private void note(Digest manifest, Reading reading) {
        if (reading.size() > 0) {
            verifyContext.findingCollector().expectBytes(reading.size());
            verifyContext.findingCollector().readBytes(reading.size());
        }
        switch (reading.state()) {
            case ABSENT -> table.miss(manifest);
            case UNREAD -> table.mark(manifest, Mark.UNTOLD);
            case CORRUPT -> {
                table.hold(manifest, reading.size());
                proofs.corrupt(manifest);
            }
            case READ, OPAQUE -> {
                table.hold(manifest, reading.size());
                if (reading.size() <= Manifest.LARGEST) {
                    table.mark(manifest, Mark.PROVED);
                }
            }
        }
    }

    private static Stream<Descriptor> references(Map<Digest, Reading> read) {
        return read.values().stream()
                .flatMap(reading -> reading.manifest().references().stream())
                .filter(reference -> reference.role() != Role.MANIFEST);
    }

    /** What manifests refer to, and what layer links lead to. */
    private static Set<Digest> needed(List<RepositoryView> repositories, Map<Digest, Reading> read) {
        Set<Digest> needed = references(read).map(Descriptor::digest).collect(Collectors.toSet());
        for (RepositoryView repositoryView : repositories) {
            RepositoryLinks repository = repositoryView.links();
            repository.layers().keySet().forEach(layer -> needed.add(repository.target(layer)));
        }
        return needed;
    }

    private Set<Digest> ofOtherSize(Map<Digest, Reading> read) {
        return references(read)
                .filter(reference -> {
                    OptionalLong held = table.size(reference.digest());
                    return held.isPresent() && reference.size().isPresent() && !held.equals(reference.size());
                })
                .map(Descriptor::digest)
                .collect(Collectors.toSet());
    }

    private InspectedImages facts(
            RepositoryView repositoryView, Map<Digest, Reading> read, Map<Digest, ImageMetadata> descriptions) {
        RepositoryLinks repository = repositoryView.links();
        Predicate<Digest> isGood = digest -> isGood(repository.target(digest));
        return new InspectedImages(
                read,
                descriptions,
                digest -> table.size(repository.target(digest)),
                new ImageCompleteness(read, isGood, repositoryView::isPushed),
                digest -> table.is(repository.target(digest), Mark.UNTOLD));
    }

    private boolean isGood(Digest blob) {
        return table.is(blob, Mark.HELD) && !table.is(blob, Mark.CORRUPT) && !table.is(blob, Mark.UNTOLD);
    }

    private void count(RepositoryView repository, ImageCompleteness imageCompleteness) {
        for (Digest image : repository.ownImages()) {
            Set<Digest> missing = imageCompleteness.of(image).missing();
            if (missing.isEmpty()) {
                imageCounts = imageCounts.plus(ImageCounts.WHOLE);
            } else {
                boolean isUntold = missing.stream()
                        .allMatch(digest -> table.is(repository.links().target(digest), Mark.UNTOLD));
                imageCounts = imageCounts.plus(isUntold ? ImageCounts.UNTOLD : ImageCounts.LACKING);
            }
        }
    }
}
