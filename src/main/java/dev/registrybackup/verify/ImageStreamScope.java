package dev.registrybackup.verify;

import dev.registrybackup.catalog.RepositoryView;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ImageStreamReader;
import dev.registrybackup.imagestream.SnapshotIndex;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
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
final class ImageStreamScope {
    /** So many that have no link are looked at together. */
    private static final int BATCH_SIZE = 200;

    private final VerifyContext context;
    private final Optional<ImageStreamReader> reader;
    private final Optional<SnapshotIndex> snapshotIndex;
    private final boolean isSnapshotReadable;
    private final Set<RepositoryName> unreadable = new HashSet<>();
    private long matched;

    /** Those that were captured; none unless it is the backup that is looked at. */
    ImageStreamScope(VerifyContext context, Optional<CaptureReader> captures) {
        this.context = context;
        Optional<CaptureReader> ofBackup = captures.filter(any -> context.isBackup());
        this.reader = ofBackup.map(captured -> new ImageStreamReader(captured, context.workerPools()));
        Optional<SnapshotIndex> newest = Optional.empty();
        boolean isReadable = true;
        try {
            Scope scope = context.request().scope();
            newest = ofBackup.flatMap(captured -> captured.newest(name -> covers(scope, name)));
        } catch (ObjectStoreException e) {
            context.reportUnknown(RegistryLayout.METADATA_PREFIX + "openshift/snapshots/", e);
            isReadable = false;
        }
        this.snapshotIndex = newest;
        this.isSnapshotReadable = isReadable;
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
    boolean isSnapshotReadable() {
        return isSnapshotReadable;
    }

    /** When the snapshot was complete; empty if there is none. */
    Optional<Instant> snapshotAt() {
        return snapshotIndex.map(SnapshotIndex::at);
    }

    /** Whether nothing of the scope has turned up. */
    boolean isEmpty() {
        return matched == 0 && unreadable.isEmpty();
    }

    /** Whether that repository has an ImageStream that could not be read. */
    boolean isUnreadable(RepositoryName repository) {
        return unreadable.contains(repository);
    }

    /** These repositories with the ImageStreams that they are, each of which is given once. */
    List<RepositoryView> join(List<RepositoryLinks> repositories) {
        List<CapturedStream> captured = repositories.stream()
                .flatMap(repository -> snapshotIndex.flatMap(streams -> streams.remove(repository.name())).stream())
                .toList();
        Map<RepositoryName, TaggedImages> read = reader.filter(any -> !captured.isEmpty())
                .map(streams -> streams.read(captured, this::reportUnknown))
                .orElse(Map.of());
        captured.stream()
                .map(CapturedStream::stream)
                .filter(stream -> !read.containsKey(stream))
                .forEach(unreadable::add);
        return repositories.stream()
                .map(repository -> new RepositoryView(
                        repository,
                        Optional.ofNullable(read.get(repository.name())).flatMap(this::filterToScope)))
                .toList();
    }

    /** What its images need of which the manifest cannot be read, as far as their Images say. */
    Set<Digest> blobsOfUnreadableManifests(TaggedImages stream, ManifestGraph manifests) {
        Set<Digest> blobs = new HashSet<>();
        for (Digest image : stream.images()) {
            if (stream.isPushed(image) && !manifests.get(image).isVerified()) {
                try {
                    reader.ifPresent(images -> blobs.addAll(images.blobs(stream, image)));
                } catch (ObjectStoreException e) {
                    reportUnknown(stream.captured().stream() + "@" + image, e);
                }
            }
        }
        return blobs;
    }

    private void reportUnknown(String subject, ObjectStoreException failure) {
        context.reportUnknown(subject, failure);
    }

    private Optional<TaggedImages> filterToScope(TaggedImages all) {
        Optional<TaggedImages> wanted = Optional.of(all);
        if (context.request().scope() instanceof Scope.TaggedImage image) {
            wanted = Optional.of(all.pointedToBy(image.tag()))
                    .filter(some -> !some.images().isEmpty());
        } else if (context.request().scope() instanceof Scope.Image image) {
            wanted = Optional.of(all.describe(image.digest()))
                    .filter(some -> !some.images().isEmpty());
        }
        matched += wanted.isPresent() ? 1 : 0;
        return wanted;
    }

    /** Hands out those of the rest that no link told of: what was only tagged into a repository leaves none there. */
    void forEachWithoutLinks(Consumer<List<RepositoryLinks>> consumer) {
        List<RepositoryName> rest = snapshotIndex.map(SnapshotIndex::names).orElse(List.of());
        for (int from = 0; from < rest.size(); from += BATCH_SIZE) {
            consumer.accept(rest.subList(from, Math.min(from + BATCH_SIZE, rest.size())).stream()
                    .map(RepositoryLinks::new)
                    .toList());
        }
    }
}
