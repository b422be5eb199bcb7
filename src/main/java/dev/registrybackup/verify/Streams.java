package dev.registrybackup.verify;

import dev.registrybackup.content.Digest;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.openshift.CapturedStream;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.NewestStreams;
import dev.registrybackup.openshift.StreamReader;
import dev.registrybackup.openshift.TaggedImages;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.store.ObjectStoreException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The ImageStreams of a verification's scope, as the newest snapshot in the backup has them. Their tags and Images are
 * read when they are looked at. For one thread.
 */
final class Streams {
    /** So many that have no link are looked at together. */
    private static final int BATCH = 200;

    private final Inquiry inquiry;
    private final Optional<StreamReader> reader;
    private final Optional<NewestStreams> newest;
    private final boolean isTold;
    private final Set<RepositoryName> untold = new HashSet<>();
    private long seen;

    private Streams(Inquiry inquiry, Optional<StreamReader> reader, Optional<NewestStreams> newest, boolean isTold) {
        this.inquiry = inquiry;
        this.reader = reader;
        this.newest = newest;
        this.isTold = isTold;
    }

    /** Those that were captured; none unless it is the backup that is looked at. */
    static Streams of(Inquiry inquiry, Optional<Captures> captures) {
        Optional<Captures> ofBackup = captures.filter(any -> inquiry.isOfBackup());
        Optional<StreamReader> reader = ofBackup.map(captured -> new StreamReader(captured, inquiry.lanes()));
        try {
            Scope scope = inquiry.request().scope();
            return new Streams(
                    inquiry, reader, ofBackup.flatMap(captured -> captured.newest(name -> covers(scope, name))), true);
        } catch (ObjectStoreException e) {
            inquiry.tally().untold(RegistryLayout.BOOKKEEPING_PREFIX + "openshift/snapshots/", e);
            return new Streams(inquiry, reader, Optional.empty(), false);
        }
    }

    private static boolean covers(Scope scope, RepositoryName stream) {
        if (scope instanceof Scope.Namespace namespace) {
            return stream.value().startsWith(namespace.name() + "/");
        } else if (scope instanceof Scope.Repository repository) {
            return stream.equals(repository.name());
        } else if (scope instanceof Scope.TaggedImage image) {
            return stream.equals(image.repository());
        } else if (scope instanceof Scope.Image image) {
            return stream.equals(image.repository());
        }
        return scope instanceof Scope.All;
    }

    /** Whether the snapshot, if there is one, could be read. */
    boolean isTold() {
        return isTold;
    }

    /** When the snapshot was complete; empty if there is none. */
    Optional<Instant> at() {
        return newest.map(NewestStreams::at);
    }

    /** Whether nothing of the scope has turned up. */
    boolean areNone() {
        return seen == 0 && untold.isEmpty();
    }

    /** Whether that repository has an ImageStream that could not be read. */
    boolean isUntold(RepositoryName repository) {
        return untold.contains(repository);
    }

    /** These repositories with the ImageStreams that they are, each of which is given once. */
    List<Subject> join(List<RepositoryLinks> repositories) {
        List<CapturedStream> captured = repositories.stream()
                .flatMap(repository -> newest.flatMap(streams -> streams.take(repository.name())).stream())
                .toList();
        Map<RepositoryName, TaggedImages> read = reader.filter(any -> !captured.isEmpty())
                .map(streams -> streams.read(captured, this::tell))
                .orElse(Map.of());
        captured.stream()
                .map(CapturedStream::stream)
                .filter(stream -> !read.containsKey(stream))
                .forEach(untold::add);
        return repositories.stream()
                .map(repository -> new Subject(
                        repository,
                        Optional.ofNullable(read.get(repository.name())).flatMap(this::inScope)))
                .toList();
    }

    /** What its images need of which the manifest cannot be read, as far as their Images say. */
    Set<Digest> blobsOfUnreadable(TaggedImages stream, Map<Digest, Reading> manifests) {
        Set<Digest> blobs = new HashSet<>();
        for (Digest image : stream.images()) {
            if (stream.isPushed(image)
                    && !manifests.getOrDefault(image, Reading.absent()).isGood()) {
                try {
                    reader.ifPresent(images -> blobs.addAll(images.blobs(stream, image)));
                } catch (ObjectStoreException e) {
                    tell(stream.captured().stream() + "@" + image, e);
                }
            }
        }
        return blobs;
    }

    private void tell(String subject, ObjectStoreException failure) {
        inquiry.tally().untold(subject, failure);
    }

    private Optional<TaggedImages> inScope(TaggedImages all) {
        Optional<TaggedImages> wanted = Optional.of(all);
        if (inquiry.request().scope() instanceof Scope.TaggedImage image) {
            wanted = Optional.of(all.pointedToBy(image.tag()))
                    .filter(some -> !some.images().isEmpty());
        } else if (inquiry.request().scope() instanceof Scope.Image image) {
            wanted = Optional.of(all.about(image.digest()))
                    .filter(some -> !some.images().isEmpty());
        }
        seen += wanted.isPresent() ? 1 : 0;
        return wanted;
    }

    /** Hands out those of the rest that no link told of: what was only tagged into a repository leaves none there. */
    void forEachRest(Consumer<List<RepositoryLinks>> consumer) {
        List<RepositoryName> rest = newest.map(NewestStreams::names).orElse(List.of());
        for (int from = 0; from < rest.size(); from += BATCH) {
            consumer.accept(rest.subList(from, Math.min(from + BATCH, rest.size())).stream()
                    .map(RepositoryLinks::new)
                    .toList());
        }
    }
}
