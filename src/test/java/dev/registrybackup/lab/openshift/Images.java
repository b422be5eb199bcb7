package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Images, the mappings that make and tag them, and the layers that streams show of them: OAS
 * pkg/image/apiserver/registry/image/strategy.go, imagestreammapping/rest.go and imagestream/etcd.
 *
 * <p>A name need not be a digest: validation.go, validateImage asks for a path segment only. Images are created with their
 * manifest by the registry, without by others; an Image that is sent with both layers and a manifest is not simulated.
 */
final class Images {
    static final String MANAGED = "openshift.io/image.managed";
    static final String BLOB_STORED = "image.openshift.io/manifestBlobStored";
    static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

    private static final Set<String> LISTS = Set.of(
            "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json");
    private static final Map<String, String> METADATA_OF_CONFIGURATION =
            Map.of("created", "Created", "author", "Author", "architecture", "Architecture", "config", "Config");

    private final Store store;
    private final ImageStreams streams;

    Images(Store store, ImageStreams streams) {
        this.store = store;
        this.streams = streams;
    }

    /** PrepareForCreate: without a manifest the layers and metadata that were sent are kept as they are. */
    ObjectNode create(ObjectNode image, String manager) {
        requireReference(image, Resource.IMAGES, image.at("/metadata/name").asText(), "");
        ObjectNode metadata = Tags.child(image, "dockerImageMetadata");
        if (!metadata.isEmpty() && metadata.path("kind").asText().isEmpty()) {
            // Conversion.go decodes the metadata as an object of its own; this is that decoder's error.
            throw Refusal.badRequest("Object 'Kind' is missing in '" + metadata + "'");
        }
        metadata.put("kind", "DockerImage").put("apiVersion", "1.0");
        if (!image.path("dockerImageManifest").asText().isEmpty()) {
            fill(image, metadata, read(image, "dockerImageManifest"));
        }
        if (annotated(image, BLOB_STORED)) {
            image.remove("dockerImageManifest");
            image.remove("dockerImageConfig");
        }
        if (!image.has("dockerImageLayers")) {
            // The field has no omitempty in openshift/api image/v1/types.go.
            image.putNull("dockerImageLayers");
        }
        if (!image.has("dockerImageMetadataVersion")) {
            image.put("dockerImageMetadataVersion", "1.0");
        }
        return store.create(Resource.IMAGES, image, manager);
    }

    private static void requireReference(JsonNode image, Resource resource, String name, String prefix) {
        if (image.path("dockerImageReference").asText().isEmpty()) {
            throw Refusal.invalid(resource, name, prefix + "dockerImageReference", "Required value");
        }
    }

    static boolean annotated(JsonNode image, String annotation) {
        return image.path("metadata")
                .path("annotations")
                .path(annotation)
                .asText()
                .equals("true");
    }

    /** OAS pkg/image/apiserver/internal/imageutil/helpers.go, InternalImageWithMetadata. */
    private void fill(ObjectNode image, ObjectNode metadata, JsonNode manifest) {
        if (LISTS.contains(image.path("dockerImageManifestMediaType").asText())) {
            metadata.put("Id", image.at("/metadata/name").asText()).put("Created", store.now());
            ArrayNode children = image.putArray("dockerImageManifests");
            for (JsonNode child : manifest.path("manifests")) {
                children.addObject()
                        .put("digest", child.path("digest").asText())
                        .put("mediaType", child.path("mediaType").asText())
                        .put("manifestSize", child.path("size").asLong())
                        .put("architecture", child.at("/platform/architecture").asText())
                        .put("os", child.at("/platform/os").asText());
            }
            return;
        }
        JsonNode config = read(image, "dockerImageConfig");
        String digest = manifest.at("/config/digest").asText();
        long size = image.path("dockerImageConfig").asText().getBytes(StandardCharsets.UTF_8).length;
        Set<String> counted = new HashSet<>(Set.of(digest));
        ArrayNode layers = image.putArray("dockerImageLayers");
        for (JsonNode layer : manifest.path("layers")) {
            layers.addObject()
                    .put("name", layer.path("digest").asText())
                    .put("size", layer.path("size").asLong())
                    .put("mediaType", layer.path("mediaType").asText());
            if (counted.add(layer.path("digest").asText())) {
                size += layer.path("size").asLong();
            }
        }
        Tags.child(Store.metadata(image), "annotations").put("image.openshift.io/dockerLayersOrder", "ascending");
        if (!manifest.path("mediaType").asText().isEmpty()) {
            image.put("dockerImageManifestMediaType", manifest.path("mediaType").asText());
        }
        if (config.isObject()) {
            metadata.put("Id", digest).put("Size", size).putObject("ContainerConfig");
            METADATA_OF_CONFIGURATION.forEach((name, capital) -> {
                if (config.has(name)) {
                    metadata.set(capital, config.path(name).deepCopy());
                }
            });
        }
    }

    /** The strategy ignores what it cannot read, and so does this. */
    private static JsonNode read(ObjectNode image, String field) {
        try {
            return Request.read(image.path(field).asText());
        } catch (JsonProcessingException unreadable) {
            return JsonNodeFactory.instance.missingNode();
        }
    }

    /** Creates the Image if it is absent, whatever becomes of the stream, then tags it; gives the status of success. */
    ObjectNode map(ObjectNode mapping, String manager) {
        String namespace = mapping.at("/metadata/namespace").asText();
        String name = mapping.at("/metadata/name").asText();
        String tag = mapping.path("tag").asText();
        ObjectNode image = Tags.child(mapping, "image");
        String digest = image.at("/metadata/name").asText();
        image.remove("signatures");
        if (tag.isEmpty()) {
            throw Refusal.invalid(Resource.IMAGE_STREAM_MAPPINGS, name, "tag", "Required value");
        }
        requireReference(image, Resource.IMAGE_STREAM_MAPPINGS, name, "image.");
        ObjectNode stream = store.existing(Resource.IMAGE_STREAMS, namespace, name);
        ImageStreams.decorate(stream);
        boolean absent = store.find(Resource.IMAGES, "", digest).isEmpty();
        // The order of the checks is CreateImage's: what is wrong with the image is told even if it exists.
        if (absent || !image.at("/metadata/resourceVersion").asText().isEmpty()) {
            create(image.deepCopy(), manager);
        }
        // "The image is managed by us and, most probably, tagged in some other image stream."
        String reference = absent || !annotated(image, MANAGED)
                ? image.path("dockerImageReference").asText()
                : ImageStreams.repository(stream) + "@" + digest;
        streams.addItem(stream, tag, reference, digest, manager);
        return JsonNodeFactory.instance
                .objectNode()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Success");
    }

    /**
     * What a stream's images consist of: OAS registry/imagestream/etcd/etcd.go, addImageStreamLayersFromCache, and
     * image.go, imageLayersForImage; the children of lists as OIR pkg/testutil/fakeopenshift.go, GetImageStreamLayers, has
     * them. The cache that the server reads is never behind here.
     */
    ObjectNode layers(ObjectNode stream) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("kind", "ImageStreamLayers").put("apiVersion", "image.openshift.io/v1");
        answer.set("metadata", stream.path("metadata").deepCopy());
        answer.putObject("blobs");
        answer.putObject("images");
        Tags.status(stream)
                .values()
                .forEach(tag -> tag.path("items")
                        .forEach(item -> addLayers(answer, item.path("image").asText())));
        return answer;
    }

    private void addLayers(ObjectNode answer, String digest) {
        ObjectNode images = Tags.child(answer, "images");
        if (digest.isEmpty() || images.has(digest)) {
            return;
        }
        ObjectNode references = images.putObject(digest);
        ObjectNode image = store.find(Resource.IMAGES, "", digest).orElse(null);
        if (image == null) {
            references.put("imageMissing", true);
            return;
        }
        ObjectNode blobs = Tags.child(answer, "blobs");
        JsonNode unknown = JsonNodeFactory.instance.nullNode();
        String mediaType = image.path("dockerImageManifestMediaType").asText(DOCKER_MANIFEST);
        addBlob(blobs, digest, unknown, mediaType);
        for (JsonNode layer : image.path("dockerImageLayers")) {
            String name = layer.path("name").asText();
            references.withArray("layers").add(name);
            addBlob(blobs, name, layer.path("size"), layer.path("mediaType").asText());
        }
        // ConfigFromImage knows the configuration of Docker's manifests only, and not its size.
        if (mediaType.equals(DOCKER_MANIFEST)) {
            String config = image.at("/dockerImageMetadata/Id").asText();
            references.put("config", config);
            addBlob(blobs, config, unknown, "application/vnd.docker.container.image.v1+json");
        }
        for (JsonNode child : image.path("dockerImageManifests")) {
            references.withArray("manifests").add(child.path("digest").asText());
            addLayers(answer, child.path("digest").asText());
        }
    }

    private static void addBlob(ObjectNode blobs, String digest, JsonNode size, String mediaType) {
        if (!blobs.has(digest)) {
            blobs.putObject(digest).put("mediaType", mediaType).set("size", size);
        }
    }
}
