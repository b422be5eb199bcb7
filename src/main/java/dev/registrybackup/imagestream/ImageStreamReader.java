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
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** Reads captured ImageStreams and the Images they refer to, each once for each call. Blocks: not to be called in a lane. */
public final class ImageStreamReader {
    private static final int CONCURRENCY = 32;

    private final CaptureReader captureReader;
    private final WorkerPools workerPools;

    /** Reads those captures in these lanes. */
    public ImageStreamReader(CaptureReader captureReader, WorkerPools workerPools) {
        this.captureReader = captureReader;
        this.workerPools = workerPools;
    }

    /**
     * Reads these, as far as they can be read.
     *
     * @param onFailure is told which ImageStream or Image could not be and why, by several threads at a time
     */
    public Map<RepositoryName, TaggedImages> read(
            Collection<CapturedStream> streams, BiConsumer<String, ObjectStoreException> onFailure) {
        Map<RepositoryName, ImageStream> bodies = new ConcurrentHashMap<>();
        Map<String, Boolean> managed = new ConcurrentHashMap<>();
        Set<String> begun = new HashSet<>();
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (CapturedStream captured : streams) {
            RepositoryName name = captured.stream();
            boundedTaskGroup.submit(
                    0,
                    managedByDigest(name.value(), onFailure, () -> bodies.put(name, captureReader.stream(captured))));
            captured.images().forEach((digest, hash) -> {
                if (!hash.isEmpty() && begun.add(hash)) {
                    Runnable reading = () -> captureReader
                            .image(captured, digest)
                            .ifPresent(image -> managed.put(hash, image.isManaged()));
                    boundedTaskGroup.submit(0, managedByDigest(name + "@" + digest, onFailure, reading));
                }
            });
        }
        boundedTaskGroup.await();
        return streams.stream()
                .filter(captured -> bodies.containsKey(captured.stream()))
                .collect(Collectors.toMap(CapturedStream::stream, captured -> {
                    ImageStream body = Objects.requireNonNull(bodies.get(captured.stream()));
                    return tagged(captured, body, managed);
                }));
    }

    /**
     * The blobs of an image as its Image names them, for want of its manifest; none if there is no Image.
     *
     * @throws ObjectStoreException if that could not be read
     */
    public Set<Digest> blobs(TaggedImages stream, Digest image) {
        return captureReader
                .image(stream.captured(), image)
                .map(ImageObject::blobs)
                .orElse(Set.of());
    }

    private static Runnable managedByDigest(
            String subject, BiConsumer<String, ObjectStoreException> onFailure, Runnable reading) {
        return () -> {
            try {
                reading.run();
            } catch (ObjectStoreException e) {
                onFailure.accept(subject, e);
            }
        };
    }

    private static TaggedImages tagged(CapturedStream captured, ImageStream stream, Map<String, Boolean> byHash) {
        Map<Digest, Boolean> managed = new HashMap<>();
        captured.images().forEach((digest, hash) -> {
            Boolean isManaged = byHash.get(hash);
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
}
