package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a stream's images consist of: OAS pkg/image/apiserver/registry/imagestream/etcd/etcd.go,
 * addImageStreamLayersFromCache, and image.go, imageLayersForImage; the children of lists as OIR pkg/testutil/fakeopenshift.go,
 * GetImageStreamLayers, has them. The cache that the server reads is never behind here.
 */
final class Layers {
    private final Store store;
    private final ObjectNode blobs = JsonNodeFactory.instance.objectNode();
    private final ObjectNode images = JsonNodeFactory.instance.objectNode();

    private Layers(Store store) {
        this.store = store;
    }

    static ObjectNode of(ObjectNode stream, Store store) {
        Layers layers = new Layers(store);
        Tags.status(stream)
                .values()
                .forEach(tag -> Tags.items(tag)
                        .forEach(item -> layers.add(item.path("image").asText())));
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("kind", "ImageStreamLayers").put("apiVersion", "image.openshift.io/v1");
        answer.set("metadata", stream.path("metadata").deepCopy());
        answer.set("blobs", layers.blobs);
        answer.set("images", layers.images);
        return answer;
    }

    private void add(String digest) {
        if (digest.isEmpty() || images.has(digest)) {
            return;
        }
        ObjectNode image = store.find(Resource.IMAGES, "", digest).orElse(null);
        ObjectNode references = images.putObject(digest);
        if (image == null) {
            references.put("imageMissing", true);
            return;
        }
        String mediaType = image.path("dockerImageManifestMediaType").asText(ImageContent.DOCKER_MANIFEST);
        list(references, "layers", image.path("dockerImageLayers"), "name");
        for (JsonNode layer : image.path("dockerImageLayers")) {
            addBlob(
                    layer.path("name").asText(),
                    layer.path("size"),
                    layer.path("mediaType").asText());
        }
        // ConfigFromImage knows the configuration of Docker's manifests only, and not its size.
        if (mediaType.equals(ImageContent.DOCKER_MANIFEST)) {
            String config = image.at("/dockerImageMetadata/Id").asText();
            references.put("config", config);
            addBlob(config, JsonNodeFactory.instance.nullNode(), "application/vnd.docker.container.image.v1+json");
        }
        list(references, "manifests", image.path("dockerImageManifests"), "digest");
        addBlob(digest, JsonNodeFactory.instance.nullNode(), mediaType);
        image.path("dockerImageManifests")
                .forEach(child -> add(child.path("digest").asText()));
    }

    private static void list(ObjectNode references, String name, JsonNode entries, String field) {
        if (!entries.isEmpty()) {
            ArrayNode names = references.putArray(name);
            entries.forEach(entry -> names.add(entry.path(field).asText()));
        }
    }

    private void addBlob(String digest, JsonNode size, String mediaType) {
        if (!blobs.has(digest)) {
            blobs.putObject(digest).put("mediaType", mediaType).set("size", size);
        }
    }
}
