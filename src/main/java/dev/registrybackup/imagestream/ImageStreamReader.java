package dev.registrybackup.imagestream;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Reads captured ImageStreams, and each Image they refer to once a call. Blocks; not to be called on a thread of the pools.
 */
public record ImageStreamReader(CaptureReader captureReader, WorkerPools workerPools) {
    private static final int CONCURRENCY = 32;

    /**
     * Reads these streams. A stream that cannot be read is missing from the result.
     *
     * @param onFailure receives the name of each ImageStream or Image that cannot be read, on several threads at a time
     */
    public Map<RepositoryName, TaggedImages> read(
            Collection<CapturedStream> streams, BiConsumer<String, ObjectStoreException> onFailure) {
        Map<RepositoryName, ImageStream> bodies = new ConcurrentHashMap<>();
        Map<String, Boolean> managedByHash = new ConcurrentHashMap<>();
        Set<String> requested = new HashSet<>();
        BoundedTaskGroup tasks = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (CapturedStream captured : streams) {
            RepositoryName name = captured.stream();
            tasks.submit(0, reporting(name.value(), onFailure, () -> bodies.put(name, captureReader.stream(captured))));
            captured.images().forEach((digest, hash) -> {
                if (!hash.isEmpty() && requested.add(hash)) {
                    Runnable reading = () -> captureReader
                            .image(captured, digest)
                            .ifPresent(image -> managedByHash.put(hash, image.isManaged()));
                    tasks.submit(0, reporting(name + "@" + digest, onFailure, reading));
                }
            });
        }
        tasks.await();
        Map<RepositoryName, TaggedImages> result = new HashMap<>();
        for (CapturedStream captured : streams) {
            ImageStream body = bodies.get(captured.stream());
            if (body != null) {
                result.put(captured.stream(), taggedImages(captured, body, managedByHash));
            }
        }
        return result;
    }

    private static Runnable reporting(
            String subject, BiConsumer<String, ObjectStoreException> onFailure, Runnable reading) {
        return () -> {
            try {
                reading.run();
            } catch (ObjectStoreException e) {
                onFailure.accept(subject, e);
            }
        };
    }

    /** Unlike a restore, this asks the item's reference only if the cluster had no Image. */
    private static TaggedImages taggedImages(
            CapturedStream captured, ImageStream stream, Map<String, Boolean> managedByHash) {
        Map<Digest, Boolean> managed = new HashMap<>();
        captured.images().forEach((digest, hash) -> {
            Boolean isManaged = managedByHash.get(hash);
            if (isManaged != null) {
                managed.put(digest, isManaged);
            }
        });
        for (TagHistory tag : stream.tags()) {
            tag.items().stream()
                    .filter(item -> !captured.hasImage(item.image()))
                    .forEach(item -> managed.merge(item.image(), stream.isOfOwnRegistry(item), Boolean::logicalOr));
        }
        return new TaggedImages(captured, stream.tags(), managed);
    }

    /**
     * The blobs of an image according to its Image, for use when its manifest cannot be read; none if there is no Image.
     *
     * @throws ObjectStoreException if the Image cannot be read
     */
    public Set<Digest> blobs(TaggedImages stream, Digest image) {
        return captureReader
                .image(stream.captured(), image)
                .map(ImageObject::blobs)
                .orElse(Set.of());
    }
}
