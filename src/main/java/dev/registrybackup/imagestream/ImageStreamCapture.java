package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import dev.registrybackup.concurrent.ExpiringCaches;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Captures single ImageStreams when an event says that they changed. Idempotent: events may come late, twice or out of order,
 * and to several processes. Safe for use by many threads; blocks.
 */
public final class ImageStreamCapture {
    /** A stream that changes during this many readings is captured by the events of its later changes. */
    private static final int MAX_READINGS = 20;

    /** Some 200 bytes each. */
    private static final int MAX_CACHED_CHILDREN = 20_000;

    private static final Duration CHILDREN_TTL = Duration.ofDays(1);

    private final Cluster cluster;
    private final JsonBlobStore jsonBlobStore;
    private final ChangeLog changeLog;
    private final Clock clock;
    private final Supplier<String> random;
    /** By the hash of an Image's body. Without it each event of a stream of 1,000 images would read them for minutes. */
    private final Cache<String, List<Digest>> children;

    /**
     * The result of a capture.
     *
     * @param before the stream as it was captured before; empty if it was not
     * @param captured the stream as it is captured now
     * @param isNew whether that differs from before, so that a change was written
     */
    public record Result(Optional<CapturedStream> before, CapturedStream captured, boolean isNew) {}

    /**
     * Captures from this cluster into this backup.
     *
     * @param random returns eight hexadecimal digits in lower case, new ones at each call
     */
    public ImageStreamCapture(Cluster cluster, ObjectStore backup, Clock clock, Supplier<String> random) {
        this.cluster = cluster;
        this.jsonBlobStore = new JsonBlobStore(backup);
        this.changeLog = new ChangeLog(backup);
        this.clock = clock;
        this.random = random;
        this.children = ExpiringCaches.create(clock, CHILDREN_TTL, MAX_CACHED_CHILDREN);
    }

    /**
     * Captures the stream as it is: reads it, writes it with the Images that it refers to, and reads it again, until two
     * readings agree. So every change before this call is captured when it returns, and every later one has its own event.
     *
     * @throws ClusterException if the cluster did not answer
     * @throws dev.registrybackup.objectstore.ObjectStoreException if the capture could not be written
     * @throws IllegalArgumentException if no ImageStream can have this name
     */
    public Result capture(RepositoryName stream) {
        ObjectName name = ObjectName.stream(stream);
        Optional<CapturedStream> last = changeLog.newest(stream, Instant.MAX);
        Map<Digest, String> known =
                new HashMap<>(last.map(CapturedStream::images).orElse(Map.of()));
        CapturedStream captured = read(stream, name, known);
        for (int reading = 2; reading <= MAX_READINGS; reading++) {
            CapturedStream again = read(stream, name, known);
            if (isSame(again, captured)) {
                break;
            }
            captured = again;
        }
        if (last.isPresent() && isSame(last.get(), captured)) {
            return new Result(last, last.get(), false);
        }
        changeLog.append(captured, random);
        return new Result(last, captured, true);
    }

    private static boolean isSame(CapturedStream one, CapturedStream other) {
        return one.body().equals(other.body()) && one.images().equals(other.images());
    }

    /**
     * Reads the stream, and the Images that are not known yet. An Image never changes except for its signatures, which
     * snapshots capture.
     */
    private CapturedStream read(RepositoryName stream, ObjectName name, Map<Digest, String> known) {
        Instant read = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        Optional<ObjectNode> found = cluster.find(name).map(JsonBlobStore::normalize);
        if (found.isEmpty()) {
            return CapturedStream.deleted(stream, read);
        }
        String hash = jsonBlobStore.write(found.get());
        Map<Digest, String> images = new LinkedHashMap<>();
        ManifestGraph.childrenFirst(new ImageStream(found.get()).images(), image -> children(image, known))
                .forEach(image -> images.put(image, known.getOrDefault(image, "")));
        return new CapturedStream(stream, read, hash, images);
    }

    /** The children of an image, whose Image is captured if it is not known; none if the cluster has no such Image. */
    private List<Digest> children(Digest digest, Map<Digest, String> known) {
        String hash = known.getOrDefault(digest, "");
        if (!hash.isEmpty()) {
            return children.get(hash, body -> new ImageObject(jsonBlobStore.read(body)).children());
        }
        Optional<ImageObject> image = cluster.find(ObjectName.image(digest))
                .map(JsonBlobStore::normalize)
                .map(ImageObject::new);
        if (image.isEmpty()) {
            return List.of();
        }
        String written = jsonBlobStore.write(image.get().json());
        known.put(digest, written);
        children.put(written, image.get().children());
        return image.get().children();
    }
}
