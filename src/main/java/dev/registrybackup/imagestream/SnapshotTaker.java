package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Captures all ImageStreams of a cluster, with the Images they refer to. Lists page by page. Keeps the hash of each Image and
 * of each body in the backup in memory: some 400 bytes for each, and the cluster's etcd bounds their number. Blocks.
 *
 * @param cluster the cluster to capture
 * @param backup the backup to write to
 * @param workerPools the threads that write
 * @param clock the clock
 * @param random returns eight hexadecimal digits in lower case, new ones at each call
 */
public record SnapshotTaker(
        Cluster cluster, ObjectStore backup, WorkerPools workerPools, Clock clock, Supplier<String> random) {
    /** An Image has some 10 KiB; a stream with a long history a hundred times that. */
    private static final int PAGE_SIZE = 100;

    private static final int CONCURRENCY = 16;
    private static final int MAX_ATTEMPTS = 3;

    /**
     * The result of a snapshot.
     *
     * @param key its key in the backup
     * @param streams how many ImageStreams it has
     * @param items how many items their tags have
     * @param images how many Images they refer to, each counted once for each stream
     * @param imagesMissing how many of those are missing from the cluster
     * @param invalidStreams the ImageStreams that it does not have, each with the reason
     */
    public record SnapshotSummary(
            String key, long streams, long items, long images, long imagesMissing, List<String> invalidStreams) {
        /** Keeps its own copy of the list. */
        public SnapshotSummary {
            invalidStreams = List.copyOf(invalidStreams);
        }
    }

    /**
     * Takes a snapshot. A registry writes blobs before anything refers to them, so a comparison of blobs that starts
     * afterwards finds those of the snapshot.
     *
     * @param scratch a directory on this machine for the snapshot until it is complete
     * @throws ClusterException if the cluster did not answer; then there is no snapshot
     * @throws dev.registrybackup.objectstore.ObjectStoreException if the snapshot could not be written
     */
    public SnapshotSummary take(Path scratch) {
        Set<String> written = new JsonBlobStore(backup).hashes();
        for (int attempt = 1; ; attempt++) {
            try (SnapshotWriter writer = new SnapshotWriter(scratch, now())) {
                return new Attempt(writer, written).run();
            } catch (ClusterException e) {
                if (e.error() != ClusterError.EXPIRED || attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private record WrittenImage(String hash, List<Digest> children) {}

    /** One pass over the lists; they expire if it takes too long. For one thread. */
    private final class Attempt {
        private final SnapshotWriter writer;
        private final Set<String> written;
        private final JsonBlobStore jsonBlobStore = new JsonBlobStore(backup);
        private final BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        private final Map<Digest, WrittenImage> images = new HashMap<>();

        private long streamCount;
        private long itemCount;
        private long imageCount;
        private long imagesMissing;
        private final List<String> invalidStreams = new ArrayList<>();

        Attempt(SnapshotWriter writer, Set<String> written) {
            this.writer = writer;
            this.written = written;
        }

        SnapshotSummary run() {
            try {
                list(Resource.IMAGE, image -> {
                    // A stream refers to Images by digest only.
                    if (ImageObject.isNamedByDigest(image)) {
                        write(new ImageObject(image));
                    }
                });
                // All pages show what there was when the first one was requested.
                Instant read = now();
                list(Resource.IMAGE_STREAM, stream -> addIfValid(new ImageStream(stream), read));
            } finally {
                // The next attempt takes these bodies for written.
                boundedTaskGroup.await();
            }
            String key = writer.finish(backup, now(), random.get());
            return new SnapshotSummary(key, streamCount, itemCount, imageCount, imagesMissing, invalidStreams);
        }

        private void list(Resource resource, Consumer<ObjectNode> consumer) {
            cluster.forEach(
                    resource, Optional.empty(), PAGE_SIZE, object -> consumer.accept(JsonBlobStore.normalize(object)));
        }

        private WrittenImage write(ImageObject image) {
            WrittenImage result = new WrittenImage(write(image.json()), image.children());
            images.put(image.digest(), result);
            return result;
        }

        private String write(ObjectNode body) {
            String hash = JsonBlobStore.hash(body);
            if (written.add(hash)) {
                boundedTaskGroup.submit(0, () -> jsonBlobStore.put(hash, body));
            }
            return hash;
        }

        private void addIfValid(ImageStream stream, Instant read) {
            try {
                add(stream, read);
            } catch (IllegalArgumentException e) {
                invalidStreams.add("%s/%s: %s".formatted(stream.namespace(), stream.name(), e.getMessage()));
            }
        }

        private void add(ImageStream stream, Instant read) {
            RepositoryName repository = stream.repository();
            Map<Digest, String> hashes = new LinkedHashMap<>();
            for (Digest digest : ManifestGraph.childrenFirst(stream.images(), this::children)) {
                WrittenImage image = images.get(digest);
                hashes.put(digest, image == null ? "" : image.hash());
                imagesMissing += image == null ? 1 : 0;
            }
            writer.add(new CapturedStream(repository, read, write(stream.json()), hashes));
            streamCount++;
            itemCount += stream.items().count();
            imageCount += hashes.size();
        }

        /** The children of an image, which is requested if it was created after Images were listed. */
        private List<Digest> children(Digest digest) {
            return Optional.ofNullable(images.get(digest))
                    .or(() -> cluster.find(ObjectName.image(digest))
                            .map(image -> write(new ImageObject(JsonBlobStore.normalize(image)))))
                    .map(WrittenImage::children)
                    .orElse(List.of());
        }
    }
}
