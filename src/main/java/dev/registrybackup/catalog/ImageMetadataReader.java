package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.registry.Platform;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/** Reads image metadata from manifests and configs; verifies each config. */
public record ImageMetadataReader(RegistryStore store, WorkerPools workerPools) {
    private static final int CONCURRENCY = 32;
    /** In bytes. Configs grow with the number of layers; a larger one is not read, so its image has no platform. */
    private static final int MAX_CONFIG_BYTES = 1 << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * The metadata of an image, for people.
     *
     * @param mediaType the media type that its manifest states, or the one by OCI's heuristics
     * @param platforms the platforms it runs on; of an index those of all entries
     * @param created when it was built, according to its config; empty if that has no time
     * @param corruptConfig the digest of its config, if the config is corrupt
     */
    public record ImageMetadata(
            String mediaType, List<Platform> platforms, Optional<String> created, Optional<Digest> corruptConfig) {}

    /**
     * The metadata of each image whose manifest was read and whose config can be read.
     *
     * @param onFailure receives each config that cannot be read and the reason, from several threads at a time
     */
    public Map<Digest, ImageMetadata> read(
            Collection<Digest> images, ManifestGraph manifests, BiConsumer<Digest, ObjectStoreException> onFailure) {
        Map<Digest, ImageMetadata> read = new ConcurrentHashMap<>();
        BoundedTaskGroup tasks = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (Digest image : images) {
            if (manifests.get(image).state() == ManifestState.READ) {
                tasks.submit(0, () -> {
                    try {
                        read.put(image, withConfig(manifests.get(image).manifest()));
                    } catch (ObjectStoreException e) {
                        onFailure.accept(image, e);
                    }
                });
            }
        }
        tasks.await();
        return read;
    }

    private ImageMetadata withConfig(Manifest manifest) {
        ImageMetadata byManifest =
                new ImageMetadata(manifest.mediaType(), manifest.platforms(), Optional.empty(), Optional.empty());
        if (manifest.config().isEmpty()) {
            return byManifest;
        }
        Digest config = manifest.config().get();
        Optional<byte[]> content = readConfig(config);
        if (content.isEmpty()) {
            return byManifest;
        }
        if (!Digest.of(config.algorithm(), content.get()).equals(config)) {
            return new ImageMetadata(manifest.mediaType(), manifest.platforms(), Optional.empty(), Optional.of(config));
        }
        JsonNode json = parse(content.get());
        return new ImageMetadata(
                manifest.mediaType(),
                Platform.parse(json, Optional.empty()).map(List::of).orElse(manifest.platforms()),
                Optional.of(Platform.text(json, "created")).filter(time -> !time.isEmpty()),
                Optional.empty());
    }

    /** Empty if there is none, or it is too large. */
    private Optional<byte[]> readConfig(Digest config) {
        return store.store()
                .read(
                        store.key(config),
                        reading -> reading.info().size() > MAX_CONFIG_BYTES
                                ? Optional.<byte[]>empty()
                                : Optional.of(reading.readAll(MAX_CONFIG_BYTES)))
                .flatMap(content -> content);
    }

    /** Empty if it is not JSON, as an artifact's config may be. */
    private static JsonNode parse(byte[] content) {
        try {
            return JSON.readTree(content);
        } catch (IOException e) {
            return MissingNode.getInstance();
        }
    }
}
