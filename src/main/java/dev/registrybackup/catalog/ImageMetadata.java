package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.registry.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an image is, for a human.
 *
 * @param mediaType of its manifest: the one it states, or else what OCI's heuristics make of it
 * @param platforms what it runs on; of an index all that its entries name
 * @param created when it was built, as its config says; empty if it does not
 * @param corruptConfig its config, if the bytes of that are not what its digest says
 */
public record ImageMetadata(
        String mediaType, List<Platform> platforms, Optional<String> created, Optional<Digest> corruptConfig) {
    /** Keeps its own copy of the list. */
    public ImageMetadata {
        platforms = List.copyOf(platforms);
    }

    /** As far as the manifest says it. */
    static ImageMetadata ofManifest(JsonNode manifest) {
        List<Platform> platforms = new ArrayList<>();
        for (JsonNode entry : manifest.path("manifests")) {
            Platform.parse(entry.path("platform"), Optional.of(Platform.text(entry, "digest")))
                    .ifPresent(platforms::add);
        }
        return new ImageMetadata(mediaType(manifest), platforms, Optional.empty(), Optional.empty());
    }

    /**
     * The media type is stored nowhere else. Source: openshift/docker-distribution {@code manifeststore.go}; schema 1 never
     * states its own.
     */
    private static String mediaType(JsonNode manifest) {
        String stated = Platform.text(manifest, "mediaType");
        if (!stated.isEmpty()) {
            return stated;
        }
        if (manifest.path("schemaVersion").asInt() == 1) {
            return manifest.has("signatures")
                    ? "application/vnd.docker.distribution.manifest.v1+prettyjws"
                    : "application/vnd.docker.distribution.manifest.v1+json";
        }
        return manifest.hasNonNull("manifests")
                ? "application/vnd.oci.image.index.v1+json"
                : "application/vnd.oci.image.manifest.v1+json";
    }

    /** With what its config says. */
    ImageMetadata withConfig(JsonNode config) {
        String time = Platform.text(config, "created");
        return new ImageMetadata(
                mediaType,
                Platform.parse(config, Optional.empty()).map(List::of).orElse(platforms),
                time.isEmpty() ? Optional.empty() : Optional.of(time),
                corruptConfig);
    }

    /** With a config that is not what its digest says. */
    ImageMetadata withCorruptConfig(Digest config) {
        return new ImageMetadata(mediaType, platforms, created, Optional.of(config));
    }
}
