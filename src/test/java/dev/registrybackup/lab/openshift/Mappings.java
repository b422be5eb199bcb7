package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Creating ImageStreamMappings: OAS pkg/image/apiserver/registry/imagestreammapping/rest.go and strategy.go. */
final class Mappings {
    private final Store store;
    private final Images images;
    private final ImageStreams streams;

    Mappings(Store store, Images images, ImageStreams streams) {
        this.store = store;
        this.images = images;
        this.streams = streams;
    }

    /** Creates the Image if it is absent, whatever becomes of the stream, then tags it; gives the status of success. */
    ObjectNode create(ObjectNode mapping, String manager) {
        String namespace = mapping.at("/metadata/namespace").asText();
        String name = mapping.at("/metadata/name").asText();
        ObjectNode image = prepared(mapping, namespace, name);
        ObjectNode stream = store.existing(Resource.IMAGE_STREAMS, namespace, name);
        ImageStreams.decorate(stream);
        String digest = image.at("/metadata/name").asText();
        String reference = image.path("dockerImageReference").asText();
        // The order of the checks is CreateImage's: what is wrong with the image is told even if it exists.
        if (created(image, manager) || !Images.annotated(image, Images.MANAGED)) {
            tag(stream, mapping.path("tag").asText(), reference, digest, manager);
        } else {
            // "The image is managed by us and, most probably, tagged in some other image stream."
            String local = ImageStreams.repository(stream) + "@" + digest;
            tag(stream, mapping.path("tag").asText(), local, digest, manager);
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Success");
    }

    private boolean created(ObjectNode image, String manager) {
        boolean absent = store.find(
                        Resource.IMAGES, "", image.at("/metadata/name").asText())
                .isEmpty();
        if (absent || !image.at("/metadata/resourceVersion").asText().isEmpty()) {
            images.create(image.deepCopy(), manager);
        }
        return absent;
    }

    private static ObjectNode prepared(ObjectNode mapping, String namespace, String name) {
        ObjectNode image = Tags.child(mapping, "image");
        if (image.path("dockerImageReference").asText().isEmpty()) {
            image.put(
                    "dockerImageReference",
                    "%s/%s/%s@%s"
                            .formatted(
                                    OpenShiftApi.INTERNAL_REGISTRY,
                                    namespace,
                                    name,
                                    image.at("/metadata/name").asText()));
        }
        image.remove("signatures");
        List<FieldError> errors = new ArrayList<>();
        if (mapping.path("tag").asText().isEmpty()) {
            errors.add(FieldError.required("tag", ""));
        }
        errors.addAll(Images.problems(image, "image."));
        if (!errors.isEmpty()) {
            throw Refusal.invalid(Resource.IMAGE_STREAM_MAPPINGS, name, errors);
        }
        return image;
    }

    private void tag(ObjectNode stream, String tag, String reference, String digest, String manager) {
        JsonNode generation = stream.at("/metadata/generation");
        ObjectNode item = TagEvents.item(store.now(), reference, digest, generation.asLong());
        if (TagEvents.add(stream, tag, item)) {
            TagEvents.followTracking(stream, tag, item);
            streams.updateStatus(stream, manager);
        }
    }
}
