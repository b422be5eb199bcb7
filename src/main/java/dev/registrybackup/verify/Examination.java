package dev.registrybackup.verify;

import dev.registrybackup.catalog.Description;
import dev.registrybackup.catalog.ImageFacts;
import dev.registrybackup.content.Digest;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.inventory.Wholeness;
import dev.registrybackup.openshift.TaggedImages;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.verify.BlobTable.Mark;
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
final class Examination {
    private final Inquiry inquiry;
    private final BlobTable table;
    private final LinkChecks linkChecks;
    private final ImageLinks imageLinks;
    private final Manifests manifests;
    private final KnownBlobs blobs;
    private final BlobProofs proofs;
    private final Streams streams;
    private final Documents documents;
    private final Instant now;
    private Images images = Images.NONE;
    private StreamItems items;

    Examination(Inquiry inquiry, BlobProofs proofs, Streams streams, Documents documents, Instant now) {
        this.inquiry = inquiry;
        this.table = inquiry.table();
        this.linkChecks = new LinkChecks(inquiry);
        this.imageLinks = new ImageLinks(inquiry, linkChecks);
        this.manifests = new Manifests(inquiry.store(), inquiry.layout(), inquiry.lanes());
        this.blobs = new KnownBlobs(inquiry);
        this.proofs = proofs;
        this.streams = streams;
        this.documents = documents;
        this.now = now;
        this.items = StreamItems.none(streams.at().orElse(now));
    }

    /** How many images it has seen. */
    Images images() {
        return images;
    }

    /** What became of the ImageStreams' items, if there is a snapshot of them. */
    Optional<StreamItems> items() {
        return streams.at().map(at -> items);
    }

    /** Examines these, with the ImageStreams that they are. */
    void examine(List<RepositoryLinks> links) {
        inquiry.tally().require();
        List<Subject> repositories = streams.join(links);
        linkChecks.check(links);
        Map<Digest, Reading> read = readManifests(repositories);
        Set<Digest> needed = needed(repositories, read);
        blobs.learn(needed);
        proofs.prove(ofOtherSize(read), inquiry.request().depth() == Depth.CONTENT);
        proofs.prove(needed.stream().filter(inquiry::isHashed).toList(), true);
        Map<Digest, Description> descriptions = documents.describe(images(repositories));
        descriptions.values().forEach(image -> image.corrupt().ifPresent(proofs::corrupt));
        List<Suspicion> suspicions = new ArrayList<>();
        for (Subject repository : repositories) {
            suspicions.addAll(new ImageChecks(inquiry, read, repository.links()).check());
            ImageFacts facts = facts(repository, read, descriptions);
            count(repository, facts.wholeness());
            repository.stream().ifPresent(stream -> check(stream, facts));
            write(repository, facts);
        }
        new Confirmation(inquiry).report(suspicions);
    }

    private void check(TaggedImages stream, ImageFacts facts) {
        items = items.plus(new ItemChecks(inquiry, stream, facts, now).check());
        streams.blobsOfUnreadable(stream, facts.manifests()).forEach(blob -> table.mark(blob, Mark.NEEDED));
    }

    /** What is known to be incomplete does not replace what was known before. */
    private void write(Subject repository, ImageFacts facts) {
        if (streams.isUntold(repository.name())) {
            documents.keep(repository.name());
        } else {
            documents.write(repository, facts);
        }
    }

    private static Set<Digest> images(List<Subject> repositories) {
        return repositories.stream()
                .flatMap(repository -> repository.images().stream())
                .collect(Collectors.toSet());
    }

    private Map<Digest, Reading> readManifests(List<Subject> repositories) {
        if (!inquiry.isOfRepositories()) {
            repositories.forEach(repository -> imageLinks.addRevisions(repository.links()));
        }
        Map<Digest, Reading> read = manifests.closure(
                images(repositories), (digest, failure) -> inquiry.tally().untold(digest.toString(), failure));
        if (!inquiry.isOfRepositories()) {
            repositories.forEach(repository -> imageLinks.addReferences(repository.links(), read.values()));
        }
        read.forEach(this::note);
        return read;
    }

    private void note(Digest manifest, Reading reading) {
        if (reading.size() > 0) {
            inquiry.tally().expectBytes(reading.size());
            inquiry.tally().readBytes(reading.size());
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
    private static Set<Digest> needed(List<Subject> repositories, Map<Digest, Reading> read) {
        Set<Digest> needed = references(read).map(Descriptor::digest).collect(Collectors.toSet());
        for (Subject subject : repositories) {
            RepositoryLinks repository = subject.links();
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

    private ImageFacts facts(Subject subject, Map<Digest, Reading> read, Map<Digest, Description> descriptions) {
        RepositoryLinks repository = subject.links();
        Predicate<Digest> isGood = digest -> isGood(repository.target(digest));
        return new ImageFacts(
                read,
                descriptions,
                digest -> table.size(repository.target(digest)),
                new Wholeness(read, isGood, subject::isPushed),
                digest -> table.is(repository.target(digest), Mark.UNTOLD));
    }

    private boolean isGood(Digest blob) {
        return table.is(blob, Mark.HELD) && !table.is(blob, Mark.CORRUPT) && !table.is(blob, Mark.UNTOLD);
    }

    private void count(Subject repository, Wholeness wholeness) {
        for (Digest image : repository.ownImages()) {
            Set<Digest> missing = wholeness.of(image).missing();
            if (missing.isEmpty()) {
                images = images.plus(Images.WHOLE);
            } else {
                boolean isUntold = missing.stream()
                        .allMatch(digest -> table.is(repository.links().target(digest), Mark.UNTOLD));
                images = images.plus(isUntold ? Images.UNTOLD : Images.LACKING);
            }
        }
    }
}
