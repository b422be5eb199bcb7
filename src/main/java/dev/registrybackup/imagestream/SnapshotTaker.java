package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.objectstore.FileContent;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
import java.util.zip.GZIPOutputStream;

/**
 * Captures all ImageStreams of a cluster, with the Images they refer to. Lists page by page. Keeps the hash of each Image and
 * of each body in the backup in memory: some 400 bytes for each, and the cluster's etcd bounds their number. Blocks.
 *
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
     * @param items how many items their tags have
     * @param images how many Images they refer to, each counted once for each stream
     * @param imagesMissing how many of those are missing from the cluster
     * @param invalidStreams the ImageStreams that it does not have, each with the reason
     */
    public record SnapshotSummary(
            String key, long streams, long items, long images, long imagesMissing, List<String> invalidStreams) {}

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
            try (Attempt snapshot = new Attempt(scratch, written)) {
                return snapshot.run();
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

    private static UncheckedIOException failed(Path path, IOException e) {
        return new UncheckedIOException(
                "Failed to write a snapshot to %s: %s. Set reconcile.scratch to a directory with enough room"
                        .formatted(path, e.getMessage()),
                e);
    }

    /**
     * One pass over the lists; they expire if it takes too long. Writes to a file on this machine, and that to the backup
     * once it is complete. The first line has the time when the snapshot was started, the last one the number of streams.
     * For one thread.
     */
    private final class Attempt implements AutoCloseable {
        private final Set<String> written;
        private final JsonBlobStore jsonBlobStore = new JsonBlobStore(backup);
        private final BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        private final Map<Digest, WrittenImage> images = new HashMap<>();
        private final Instant startedAt = now();
        private final Path file;
        private final BufferedWriter lines;

        private long streamCount;
        private long itemCount;
        private long imageCount;
        private long imagesMissing;
        private final List<String> invalidStreams = new ArrayList<>();

        Attempt(Path scratch, Set<String> written) {
            this.written = written;
            try {
                this.file = Files.createTempFile(scratch, "snapshot", ".ndjson.gz");
                this.lines = new BufferedWriter(new OutputStreamWriter(
                        new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw failed(scratch, e);
            }
        }

        SnapshotSummary run() {
            writeLine(JsonNodeFactory.instance.objectNode().put("startedAt", startedAt.toString()));
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
            Instant finishedAt = now();
            writeLine(JsonNodeFactory.instance
                    .objectNode()
                    .put("startedAt", startedAt.toString())
                    .put("finishedAt", finishedAt.toString())
                    .put("imageStreams", streamCount));
            closeLines();
            String key = CaptureKeys.snapshot(finishedAt, random.get());
            backup.put(key, new FileContent(file), Map.of());
            return new SnapshotSummary(key, streamCount, itemCount, imageCount, imagesMissing, invalidStreams);
        }

        private void writeLine(ObjectNode json) {
            try {
                lines.write(json.toString());
                lines.write('\n');
            } catch (IOException e) {
                throw failed(file, e);
            }
        }

        private void closeLines() {
            try {
                lines.close();
            } catch (IOException e) {
                throw failed(file, e);
            }
        }

        @Override
        public void close() {
            closeLines();
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw failed(file, e);
            }
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
            writeLine(new CapturedStream(repository, read, write(stream.json()), hashes).json());
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
