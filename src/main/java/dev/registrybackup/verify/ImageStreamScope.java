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
 * The ImageStreams of a verification's scope, from the newest snapshot in the backup. Reads tags and Images only when
 * needed. For one thread.
 */
final class ImageStreamScope {
    /** How many ImageStreams without links are checked together. */
    private static final int BATCH_SIZE = 200;

    private final VerifyContext context;
    private final Optional<ImageStreamReader> reader;
    private final Optional<SnapshotIndex> snapshotIndex;
    private final boolean isSnapshotReadable;
    private final Set<RepositoryName> unreadable = new HashSet<>();
    private long matched;

    /** The captured ImageStreams; none unless the store is the backup. */
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
        } else if (scope instanceof Scope.SingleImage image) {
            return stream.equals(image.link().repository());
        }
        return scope instanceof Scope.All;
    }

    /** Whether the snapshot, if there is one, could be read. */
    boolean isSnapshotReadable() {
        return isSnapshotReadable;
    }

    /** When the snapshot was complete, UTC; empty if there is none. */
    Optional<Instant> snapshotAt() {
        return snapshotIndex.map(SnapshotIndex::at);
    }

    /** Whether no ImageStream of the scope was found. */
    boolean isEmpty() {
        return matched == 0 && unreadable.isEmpty();
    }

    /** Whether the repository has an ImageStream that cannot be read. */
    boolean isUnreadable(RepositoryName repository) {
        return unreadable.contains(repository);
    }

    /** These repositories with their ImageStreams; each ImageStream is returned once. */
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

    /** What images with an unreadable manifest need, according to their Image objects. */
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

    /** Verifies the remaining ImageStreams without links: tagging into a repository leaves no link there. */
    void forEachWithoutLinks(Consumer<List<RepositoryLinks>> consumer) {
        List<RepositoryName> rest = snapshotIndex.map(SnapshotIndex::names).orElse(List.of()).stream()
                .filter(name -> context.isOwn(name.value()))
                .toList();
        for (int from = 0; from < rest.size(); from += BATCH_SIZE) {
            consumer.accept(rest.subList(from, Math.min(from + BATCH_SIZE, rest.size())).stream()
                    .map(RepositoryLinks::new)
                    .toList());
        }
    }
}
