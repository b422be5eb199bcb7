package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Captures single ImageStreams, as hints about them come in. Idempotent: hints may be late, doubled or out of order, and
 * several processes may be given them. Safe for use by many threads; blocks.
 */
public final class ImageStreamCapture {
    /** A stream that changes faster than it can be read for so long is captured by the hints of its later changes. */
    private static final int MAX_ROUNDS = 20;

    /** Some 200 bytes each. */
    private static final int MAX_CACHED_CHILDREN = 20_000;

    private final Cluster cluster;
    private final JsonBlobStore jsonBlobStore;
    private final ChangeLog changeLog;
    private final Clock clock;
    private final Supplier<String> random;
    /** By body, which never changes: a stream of a thousand images would be read for minutes at each hint without it. */
    private final Map<String, List<Digest>> children = new ConcurrentHashMap<>();

    /**
     * What came of a hint.
     *
     * @param before the stream as it was on record before; empty if it was not
     * @param captured the stream as it is on record now
     * @param isNew whether that had to be put on record
     */
    public record Result(Optional<CapturedStream> before, CapturedStream captured, boolean isNew) {}

    /**
     * Captures from that cluster into that backup.
     *
     * @param random gives eight hexadecimal digits in lower case, others with each call
     */
    public ImageStreamCapture(Cluster cluster, ObjectStore backup, Clock clock, Supplier<String> random) {
        this.cluster = cluster;
        this.jsonBlobStore = new JsonBlobStore(backup);
        this.changeLog = new ChangeLog(backup);
        this.clock = clock;
        this.random = random;
    }

    /**
     * Captures the stream as it is: reads it, writes it with the Images that it refers to, and reads it again, until both
     * readings agree. So whoever hints at a change afterwards finds it on record, or has it recorded.
     *
     * @throws ClusterException if the cluster did not tell
     * @throws dev.registrybackup.objectstore.ObjectStoreException if it could not be put on record
     * @throws IllegalArgumentException if it can be no ImageStream by its name
     */
    public Result capture(RepositoryName stream) {
        ObjectName name = ObjectName.stream(stream);
        Optional<CapturedStream> last = changeLog.newest(stream, Instant.MAX);
        Map<Digest, String> known = new LinkedHashMap<>();
        last.ifPresent(captured -> known.putAll(captured.images()));
        CapturedStream captured = read(stream, name, known);
        for (int round = 1; round < MAX_ROUNDS; round++) {
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

    private static boolean isSame(CapturedStream last, CapturedStream now) {
        return last.body().equals(now.body()) && last.images().equals(now.images());
    }

    private CapturedStream read(RepositoryName stream, ObjectName name, Map<Digest, String> known) {
        Instant read = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        Optional<ObjectNode> found = cluster.find(name);
        if (found.isEmpty()) {
            return CapturedStream.deleted(stream, read);
        }
        ObjectNode kept = JsonBlobStore.store(found.get());
        String hash = jsonBlobStore.write(kept);
        return new CapturedStream(stream, read, hash, images(new ImageStream(kept), known));
    }

    /** An Image stays as it was created, but for signatures, which snapshots bring: so what is known is not read again. */
    private Map<Digest, String> images(ImageStream stream, Map<Digest, String> known) {
        Map<Digest, String> images = new LinkedHashMap<>();
        Deque<Digest> open = new ArrayDeque<>(stream.images());
        while (!open.isEmpty()) {
            Digest digest = open.pop();
            if (images.containsKey(digest)) {
                continue;
            }
            String hash = known.getOrDefault(digest, "");
            String body = hash.isEmpty() ? findImages(digest) : hash;
            known.put(digest, body);
            images.put(digest, body);
            if (!body.isEmpty()) {
                childrenOf(body).forEach(open::push);
            }
        }
        return images;
    }

    /** The hash of its body, which is written; empty if the cluster has no such Image. */
    private String findImages(Digest digest) {
        Optional<ImageObject> image =
                cluster.find(ObjectName.image(digest)).map(JsonBlobStore::store).map(ImageObject::new);
        return image.map(found -> {
                    String body = jsonBlobStore.write(found.json());
                    remember(body, found.children());
                    return body;
                })
                .orElse("");
    }

    private List<Digest> childrenOf(String body) {
        List<Digest> known = children.get(body);
        return known == null ? remember(body, new ImageObject(jsonBlobStore.read(body)).children()) : known;
    }

    private List<Digest> remember(String body, List<Digest> childrenOfIt) {
        if (children.size() >= MAX_CACHED_CHILDREN) {
            children.clear();
        }
        children.put(body, childrenOfIt);
        return childrenOfIt;
    }
}
