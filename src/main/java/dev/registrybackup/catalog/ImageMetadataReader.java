package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.registry.RegistryLayout;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Reads what images are from their manifests and configs, both proved. Manifests are read for this although whoever judges
 * images read them too: to keep all that of those would take the memory of a second request saved.
 */
public final class ImageMetadataReader {
    private static final int CONCURRENCY = 32;
    /** Configs grow with the number of layers; what is larger is none, or is told without its platform. */
    private static final int MAX_CONFIG_BYTES = 1 << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ObjectStore store;
    private final RegistryLayout layout;
    private final WorkerPools workerPools;

    /** Those of the images of that store. */
    public ImageMetadataReader(ObjectStore store, RegistryLayout layout, WorkerPools workerPools) {
        this.store = store;
        this.layout = layout;
        this.workerPools = workerPools;
    }

    /** A blob that was read: what it says, if it is JSON, and whether its bytes are what its digest says. */
    private record ReadBlob(JsonNode json, boolean isVerified) {}

    /**
     * Of each of these images that can be read.
     *
     * @param onFailure is told which could not be and why, by several threads at a time
     */
    public Map<Digest, ImageMetadata> read(
            Collection<Digest> images, BiConsumer<Digest, ObjectStoreException> onFailure) {
        Map<Digest, ImageMetadata> read = new ConcurrentHashMap<>();
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (Digest image : images) {
            boundedTaskGroup.submit(0, () -> {
                try {
                    readImage(image).ifPresent(imageMetadata -> read.put(image, imageMetadata));
                } catch (ObjectStoreException e) {
                    onFailure.accept(image, e);
                }
            });
        }
        boundedTaskGroup.await();
        return read;
    }

    private Optional<ImageMetadata> readImage(Digest image) {
        return read(image, Manifest.MAX_BYTES)
                .map(ReadBlob::json)
                .filter(JsonNode::isObject)
                .map(manifest -> withConfig(
                        ImageMetadata.ofManifest(manifest),
                        manifest.path("config").path("digest")));
    }

    private ImageMetadata withConfig(ImageMetadata imageMetadata, JsonNode named) {
        Optional<Digest> config = parseDigest(named);
        Optional<ReadBlob> read = config.flatMap(digest -> read(digest, MAX_CONFIG_BYTES));
        return read.map(found -> found.isVerified()
                        ? imageMetadata.withConfig(found.json())
                        : imageMetadata.withCorruptConfig(config.orElseThrow()))
                .orElse(imageMetadata);
    }

    private static Optional<Digest> parseDigest(JsonNode named) {
        try {
            return named.isTextual() ? Optional.of(Digest.parse(named.textValue())) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Empty if there is none, or a larger one. */
    private Optional<ReadBlob> read(Digest digest, int most) {
        try (OpenObject reading = store.open(layout.blobKey(digest), Optional.empty(), Optional.empty())) {
            if (reading.info().size() > most) {
                return Optional.empty();
            }
            byte[] content = reading.readAll(most);
            boolean isProved = Digest.of(digest.algorithm(), content).equals(digest);
            return Optional.of(new ReadBlob(isProved ? parseJson(content) : MissingNode.getInstance(), isProved));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** What is no JSON is some other kind of config: an artifact's, say. */
    private static JsonNode parseJson(byte[] content) {
        try {
            return JSON.readTree(content);
        } catch (IOException e) {
            return MissingNode.getInstance();
        }
    }
}
