package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the integrated registry, {@code oc} and an import do to the objects; not safe for threads by itself. */
final class Registry {
    private static final String REGISTRY = "system:serviceaccount:openshift-image-registry:registry";

    private final Store store;
    private final Api api;

    Registry(Store store, Api api) {
        this.store = store;
        this.api = api;
    }

    /** OIR pkg/dockerregistry/server/manifestservice.go, Put, with imagestream.go, CreateImageStreamMapping. */
    void push(String namespace, String stream, String tag, ObjectNode image) {
        ensureStream(namespace, stream);
        ObjectNode mapping = JsonNodeFactory.instance.objectNode();
        mapping.putObject("metadata").put("namespace", namespace).put("name", stream);
        mapping.put("tag", tag).set("image", image);
        api.images().map(mapping, REGISTRY);
    }

    /** A push by digest makes the Image only, if it is absent: OIR manifestservice.go, Put, without a tag. */
    void pushByDigest(String namespace, String stream, ObjectNode image) {
        ensureStream(namespace, stream);
        if (store.find(Resource.IMAGES, "", image.at("/metadata/name").asText()).isEmpty()) {
            api.images().create(image, REGISTRY);
        }
    }

    /** The Image that the registry sends: manifestservice.go, Put. */
    static ObjectNode image(
            String reference, String digest, byte[] manifest, String mediaType, byte @Nullable [] config) {
        ObjectNode image = JsonNodeFactory.instance.objectNode();
        image.putObject("metadata")
                .put("name", digest)
                .putObject("annotations")
                .put(Images.MANAGED, "true")
                .put(Images.BLOB_STORED, "true");
        image.put("dockerImageReference", reference);
        image.put("dockerImageManifest", new String(manifest, StandardCharsets.UTF_8));
        image.put("dockerImageManifestMediaType", mediaType);
        if (config != null) {
            image.put("dockerImageConfig", new String(config, StandardCharsets.UTF_8));
        }
        return image;
    }

    void ensureNamespace(String namespace) {
        if (store.find(Resource.NAMESPACES, "", namespace).isEmpty()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            object.putObject("metadata").put("name", namespace);
            object.putObject("status").put("phase", "Active");
            store.create(Resource.NAMESPACES, object, "openshift-apiserver");
        }
    }

    ObjectNode ensureStream(String namespace, String name) {
        ensureNamespace(namespace);
        return store.find(Resource.IMAGE_STREAMS, namespace, name).orElseGet(() -> {
            ObjectNode stream = JsonNodeFactory.instance.objectNode();
            stream.putObject("metadata").put("namespace", namespace).put("name", name);
            return api.streams().create(stream, REGISTRY, (otherNamespace, otherStream) -> true);
        });
    }

    /** Openshift/oc pkg/cli/tag/tag.go, Complete and Run: without --alias a tag is resolved to its image first. */
    void tag(String fromNamespace, String fromStream, String fromTag, String namespace, String stream, String tag) {
        ObjectNode newest = Tags.latest(store.existing(Resource.IMAGE_STREAMS, fromNamespace, fromStream), fromTag);
        if (newest == null) {
            throw new IllegalStateException(
                    "\"%s:%s\" is not currently pointing to an image, cannot use it as the source of a tag"
                            .formatted(fromStream, fromTag));
        }
        ObjectNode reference = JsonNodeFactory.instance.objectNode().put("name", tag);
        reference
                .putObject("from")
                .put("kind", "ImageStreamImage")
                .put("namespace", fromNamespace)
                .put("name", fromStream + "@" + newest.path("image").asText());
        setSpecTag(ensureStream(namespace, stream), tag, reference);
    }

    private ObjectNode setSpecTag(ObjectNode target, String tag, ObjectNode reference) {
        Map<String, ObjectNode> tags = Tags.spec(target);
        tags.put(tag, reference);
        ArrayNode list = Tags.child(target, "spec").putArray("tags");
        list.addAll(tags.values());
        return api.streams().update(target, "oc", (namespace, stream) -> true);
    }

    /**
     * An image of another registry, as an import leaves it: OAS registry/imagestreamimport/rest.go, importSuccessful. The
     * Image has the manifest's digest for a name and no annotation of being managed. The reference is by that digest.
     */
    void importExternal(String namespace, String stream, String tag, String digest, String reference) {
        ObjectNode from = JsonNodeFactory.instance.objectNode().put("name", tag);
        from.putObject("from").put("kind", "DockerImage").put("name", reference);
        ObjectNode target = setSpecTag(ensureStream(namespace, stream), tag, from);
        if (store.find(Resource.IMAGES, "", digest).isEmpty()) {
            ObjectNode image = JsonNodeFactory.instance.objectNode().put("dockerImageReference", reference);
            image.putObject("metadata").put("name", digest);
            image.put("dockerImageManifestMediaType", "application/vnd.oci.image.manifest.v1+json");
            api.images().create(image, "openshift-apiserver");
        }
        api.streams().addItem(target, tag, reference, digest, "openshift-apiserver");
    }
}
