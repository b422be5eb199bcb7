package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.Cluster.Page;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Captures all ImageStreams of a cluster, with the Images they refer to. Lists page by page; holds the hash of each Image
 * and of each body in the backup, some 400 bytes for each, of which a cluster's etcd bounds the number. Blocks.
 */
public final class SnapshotTaker {
    /** Images have some 10 KiB, and streams with a long history a hundred times that. */
    private static final int PAGE_SIZE = 100;

    private static final int CONCURRENCY = 16;
    private static final int MAX_ATTEMPTS = 3;

    private final Cluster cluster;
    private final ObjectStore backup;
    private final JsonBlobStore jsonBlobStore;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final Supplier<String> random;

    /**
     * What a snapshot came to.
     *
     * @param key its key in the backup
     * @param streams how many ImageStreams it has
     * @param items how many items their tags have
     * @param images how many Images they refer to, each counted once for each stream
     * @param imagesMissing how many of those the cluster had not
     * @param notUnderstood ImageStreams that are not in it, each with the reason
     */
    public record SnapshotSummary(
            String key, long streams, long items, long images, long imagesMissing, List<String> notUnderstood) {
        /** Keeps its own copy of the list. */
        public SnapshotSummary {
            notUnderstood = List.copyOf(notUnderstood);
        }
    }

    /**
     * Captures from that cluster into that backup.
     *
     * @param random gives eight hexadecimal digits in lower case, others with each call
     */
    public SnapshotTaker(
            Cluster cluster, ObjectStore backup, WorkerPools workerPools, Clock clock, Supplier<String> random) {
        this.cluster = cluster;
        this.backup = backup;
        this.jsonBlobStore = new JsonBlobStore(backup);
        this.workerPools = workerPools;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Takes a snapshot. What needs a blob was pushed after the blob, so whoever compares blobs afterwards finds those of
     * the snapshot.
     *
     * @param scratch a directory on this machine for the snapshot until it is whole
     * @throws ClusterException if the cluster did not tell all: then there is no snapshot
     * @throws dev.registrybackup.objectstore.ObjectStoreException if it could not be written
     */
    public SnapshotSummary take(Path scratch) {
        Set<String> written = jsonBlobStore.all();
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

    private record KnownImage(String hash, List<Digest> children) {}

    /** One pass over the lists, which expire if it takes too long. For one thread. */
    private final class Attempt {
        private final SnapshotWriter writer;
        private final Set<String> written;
        private final BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        private final Map<Digest, KnownImage> known = new HashMap<>();
        /** Before the list was asked for that is being gone through. */
        private Instant read = Instant.MIN;

        private long streams;
        private long items;
        private long images;
        private long imagesMissing;
        private final List<String> notUnderstood = new ArrayList<>();

        Attempt(SnapshotWriter writer, Set<String> written) {
            this.writer = writer;
            this.written = written;
        }

        SnapshotSummary run() {
            try {
                each(Resource.IMAGE, this::learnIfNamed);
                each(Resource.IMAGE_STREAM, stream -> addIfUnderstood(new ImageStream(stream)));
            } finally {
                // What another attempt takes for written has to be.
                boundedTaskGroup.await();
            }
            String key = writer.finish(backup, now(), random.get());
            return new SnapshotSummary(key, streams, items, images, imagesMissing, notUnderstood);
        }

        private void each(Resource resource, Consumer<ObjectNode> use) {
            Optional<String> next = Optional.empty();
            // Later pages show what was when the first one was asked for.
            read = now();
            do {
                Page page = cluster.list(resource, PAGE_SIZE, next);
                page.items().forEach(object -> use.accept(JsonBlobStore.store(object)));
                next = page.next();
            } while (next.isPresent());
        }

        /** No stream refers to one whose name is no digest. */
        private void learnIfNamed(ObjectNode image) {
            if (ImageObject.isNamedByDigest(image)) {
                learn(new ImageObject(image));
            }
        }

        private KnownImage learn(ImageObject image) {
            KnownImage learnt = new KnownImage(write(image.json()), image.children());
            known.put(image.digest(), learnt);
            return learnt;
        }

        private String write(ObjectNode kept) {
            String hash = JsonBlobStore.hash(kept);
            if (written.add(hash)) {
                boundedTaskGroup.submit(0, () -> jsonBlobStore.put(hash, kept));
            }
            return hash;
        }

        private void addIfUnderstood(ImageStream stream) {
            try {
                add(stream);
            } catch (IllegalArgumentException e) {
                notUnderstood.add("%s/%s: %s".formatted(stream.namespace(), stream.name(), e.getMessage()));
            }
        }

        private void add(ImageStream stream) {
            RepositoryName repository = stream.repository();
            Map<Digest, String> referred = new LinkedHashMap<>();
            Deque<Digest> open = new ArrayDeque<>(stream.images());
            while (!open.isEmpty()) {
                Digest digest = open.pop();
                Optional<KnownImage> image =
                        Optional.ofNullable(known.get(digest)).or(() -> late(digest));
                if (referred.put(digest, image.map(KnownImage::hash).orElse("")) == null) {
                    image.ifPresent(found -> found.children().forEach(open::push));
                }
            }
            writer.add(new CapturedStream(repository, read, write(stream.json()), referred));
            streams++;
            items += stream.tags().stream().mapToLong(tag -> tag.items().size()).sum();
            images += referred.size();
            imagesMissing += referred.values().stream().filter(String::isEmpty).count();
        }

        /** One that came after Images were listed. */
        private Optional<KnownImage> late(Digest digest) {
            return cluster.find(ObjectName.image(digest))
                    .map(image -> learn(new ImageObject(JsonBlobStore.store(image))));
        }
    }
}
