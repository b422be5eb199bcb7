package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an Image is told about by its manifest and configuration: OAS pkg/image/apiserver/internal/imageutil/helpers.go,
 * InternalImageWithMetadata. Manifests of schema 1 are not simulated and fill nothing.
 */
final class ImageContent {
    static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    static final Set<String> LISTS = Set.of(
            "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json");

    private static final String ORDER = "image.openshift.io/dockerLayersOrder";
    private static final List<String> COPIED =
            List.of("parent", "comment", "created", "container", "docker_version", "author", "architecture", "config");
    private static final Map<String, String> NAMES = Map.of(
            "parent", "Parent",
            "comment", "Comment",
            "created", "Created",
            "container", "Container",
            "docker_version", "DockerVersion",
            "author", "Author",
            "architecture", "Architecture",
            "config", "Config");

    private ImageContent() {}

    /** Fills what is missing; what cannot be read is left as it is, for the strategy ignores the error. */
    static void fill(ObjectNode image, String now) {
        String text = image.path("dockerImageManifest").asText();
        if (text.isEmpty()) {
            return;
        }
        order(image);
        boolean complete = !image.path("dockerImageLayers").isEmpty()
                && image.at("/dockerImageMetadata/Size").asLong() > 0
                && !image.path("dockerImageManifestMediaType").asText().isEmpty();
        JsonNode manifest = parse(text);
        if (complete || manifest.isMissingNode()) {
            return;
        }
        if (LISTS.contains(manifest.path("mediaType").asText())) {
            String name = image.at("/metadata/name").asText();
            metadata(image).put("Id", name).put("Created", now);
        } else if (manifest.path("schemaVersion").asInt() == 2) {
            fillLayers(image, manifest);
            fillMediaType(image, manifest);
            fillMetadata(image, manifest);
        }
    }

    private static JsonNode parse(String json) {
        try {
            return Request.read(json);
        } catch (JsonProcessingException unreadable) {
            return JsonNodeFactory.instance.missingNode();
        }
    }

    /** ReorderImageLayers: layers sent without saying their order are taken for descending, and turned round. */
    private static void order(ObjectNode image) {
        JsonNode layers = image.path("dockerImageLayers");
        if (layers.isEmpty()) {
            return;
        }
        ObjectNode annotations = Tags.child(Metadata.of(image), "annotations");
        String order = annotations.path(ORDER).asText();
        String mediaType = image.path("dockerImageManifestMediaType").asText();
        if (order.isEmpty() && !Set.of(DOCKER_MANIFEST, OCI_MANIFEST).contains(mediaType)) {
            return;
        }
        if (!order.equals("ascending")) {
            ArrayNode turned = JsonNodeFactory.instance.arrayNode();
            layers.forEach(layer -> turned.insert(0, layer));
            image.set("dockerImageLayers", turned);
        }
        annotations.put(ORDER, "ascending");
    }

    private static void fillLayers(ObjectNode image, JsonNode manifest) {
        if (!image.path("dockerImageLayers").isEmpty()) {
            return;
        }
        ArrayNode layers = image.putArray("dockerImageLayers");
        for (JsonNode layer : manifest.path("layers")) {
            layers.addObject()
                    .put("name", layer.path("digest").asText())
                    .put("size", layer.path("size").asLong())
                    .put("mediaType", layer.path("mediaType").asText());
        }
        Tags.child(Metadata.of(image), "annotations").put(ORDER, "ascending");
    }

    private static void fillMediaType(ObjectNode image, JsonNode manifest) {
        String own = manifest.path("mediaType").asText();
        if (!own.isEmpty()) {
            image.put("dockerImageManifestMediaType", own);
        } else if (image.path("dockerImageManifestMediaType").asText().isEmpty()) {
            image.put("dockerImageManifestMediaType", DOCKER_MANIFEST);
        }
    }

    /** From the configuration; without one there is no metadata. Keys the server does not know would be lost, here not. */
    private static void fillMetadata(ObjectNode image, JsonNode manifest) {
        String text = image.path("dockerImageConfig").asText();
        JsonNode config = text.isEmpty() ? JsonNodeFactory.instance.missingNode() : parse(text);
        if (!config.isObject()) {
            return;
        }
        ObjectNode metadata = metadata(image);
        String digest = manifest.at("/config/digest").asText();
        metadata.put("Id", digest);
        for (String name : COPIED) {
            if (config.has(name)) {
                metadata.set(NAMES.getOrDefault(name, name), config.path(name).deepCopy());
            }
        }
        metadata.putObject("ContainerConfig");
        long size = text.getBytes(StandardCharsets.UTF_8).length;
        Set<String> counted = new HashSet<>(Set.of(digest));
        for (JsonNode layer : image.path("dockerImageLayers")) {
            if (counted.add(layer.path("name").asText())) {
                size += layer.path("size").asLong();
            }
        }
        metadata.put("Size", size);
    }

    /** The metadata, which is an object with a kind and a version of its own: OAS pkg/image/apis/image/v1/conversion.go. */
    static ObjectNode metadata(ObjectNode image) {
        ObjectNode metadata = Tags.child(image, "dockerImageMetadata");
        if (!metadata.has("kind")) {
            metadata.put("kind", "DockerImage").put("apiVersion", "1.0");
        }
        return metadata;
    }

    /** The children of a list, by the media type that was sent with it: OAS registry/image/strategy.go, PrepareForCreate. */
    static void fillChildren(ObjectNode image) {
        String text = image.path("dockerImageManifest").asText();
        if (text.isEmpty()
                || !LISTS.contains(image.path("dockerImageManifestMediaType").asText())) {
            return;
        }
        JsonNode manifest = parse(text);
        if (manifest.isMissingNode()) {
            return;
        }
        ArrayNode children = image.putArray("dockerImageManifests");
        for (JsonNode child : manifest.path("manifests")) {
            ObjectNode entry = children.addObject();
            entry.put("digest", child.path("digest").asText());
            entry.put("mediaType", child.path("mediaType").asText());
            entry.put("manifestSize", child.path("size").asLong());
            entry.put("architecture", child.at("/platform/architecture").asText());
            entry.put("os", child.at("/platform/os").asText());
            if (child.path("platform").has("variant")) {
                entry.put("variant", child.at("/platform/variant").asText());
            }
        }
    }
}
