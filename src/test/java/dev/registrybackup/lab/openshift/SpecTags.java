package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What a changed tag of the spec does to the status: OAS pkg/image/apiserver/registry/imagestream/strategy.go,
 * tagsChanged. This is how {@code oc tag} gets into a stream's status.
 */
final class SpecTags {
    private final Store store;
    private final BiPredicate<String, String> mayReadLayers;
    private final List<FieldError> errors = new ArrayList<>();

    /** Reads other streams from the store; the predicate says of namespace and stream whether the caller may read it. */
    SpecTags(Store store, BiPredicate<String, String> mayReadLayers) {
        this.store = store;
        this.mayReadLayers = mayReadLayers;
    }

    /** Changes the stream's status; gives what is wrong, which leaves the status half changed as the server does. */
    List<FieldError> apply(@Nullable ObjectNode old, ObjectNode stream) {
        Map<String, ObjectNode> oldTags = old == null ? Map.of() : Tags.spec(old);
        Map<String, ObjectNode> before = Tags.status(stream.deepCopy());
        Tags.spec(stream).forEach((tag, reference) -> {
            ObjectNode oldReference = oldTags.get(tag);
            if (reference.hasNonNull("from")
                    && (oldReference == null || changed(oldReference, reference, namespace(stream)))) {
                follow(stream, tag, reference);
            }
        });
        // UpdateChangedTrackingTags: tags of this stream that follow one that just moved, move too.
        Tags.status(stream.deepCopy()).forEach((tag, now) -> {
            ObjectNode earlier = before.get(tag);
            ObjectNode newest = Tags.latest(stream, tag);
            if (newest != null && (earlier == null || !earlier.equals(now))) {
                TagEvents.followTracking(stream, tag, newest);
            }
        });
        return errors;
    }

    private static String namespace(JsonNode stream) {
        return stream.at("/metadata/namespace").asText();
    }

    /** TagRefChanged. */
    static boolean changed(JsonNode old, JsonNode next, String namespace) {
        JsonNode from = next.path("from");
        if (from.path("kind").asText().isEmpty() && from.path("name").asText().isEmpty()) {
            return false;
        }
        JsonNode oldFrom = old.path("from");
        boolean reset = old.hasNonNull("generation")
                && next.path("generation").isNumber()
                && next.path("generation").asLong() == 0
                && old.path("generation").asLong() != 0;
        return !oldFrom.path("namespace")
                        .asText(namespace)
                        .equals(from.path("namespace").asText(namespace))
                || !oldFrom.path("name").asText().equals(from.path("name").asText())
                || old.path("reference").asBoolean() != next.path("reference").asBoolean()
                || reset;
    }

    private void follow(ObjectNode stream, String tag, ObjectNode reference) {
        reference.put("generation", stream.at("/metadata/generation").asLong());
        JsonNode from = reference.path("from");
        String name = from.path("name").asText();
        if (from.path("kind").asText().equals("DockerImage")) {
            // Without "reference" the import controller fetches it; there is none here.
            if (!name.isEmpty() && reference.path("reference").asBoolean()) {
                long generation = reference.path("generation").asLong();
                TagEvents.add(stream, tag, TagEvents.item(store.now(), name, "", generation));
            }
            return;
        }
        String path = "spec.tags[%s].from".formatted(tag);
        String separator = from.path("kind").asText().equals("ImageStreamImage") ? "@" : ":";
        String[] parts = name.split(separator, -1);
        if (parts.length > 2) {
            errors.add(FieldError.invalid(
                    path + ".name", name, "must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>"));
            return;
        }
        String ownName = stream.at("/metadata/name").asText();
        String sourceNamespace = from.path("namespace").asText(namespace(stream));
        ObjectNode source = source(stream, sourceNamespace, parts.length == 2 ? parts[0] : ownName, path, name);
        if (source != null) {
            copy(stream, tag, reference, source, parts[parts.length - 1]);
        }
    }

    private @Nullable ObjectNode source(ObjectNode stream, String namespace, String name, String path, String written) {
        if (!namespace.equals(namespace(stream)) && !mayReadLayers.test(namespace, name)) {
            // TagVerifier.Verify: who tags must be able to pull.
            errors.add(FieldError.forbidden(path, "%s/%s: \"\" \"\"".formatted(namespace, name)));
            return null;
        }
        if (namespace.equals(namespace(stream))
                && name.equals(stream.at("/metadata/name").asText())) {
            return stream;
        }
        ObjectNode source = store.find(Resource.IMAGE_STREAMS, namespace, name).orElse(null);
        if (source == null) {
            errors.add(FieldError.notFound(path + ".name", written));
        }
        return source;
    }

    private void copy(ObjectNode stream, String tag, ObjectNode reference, ObjectNode source, String tagOrImage) {
        ObjectNode item;
        if (reference.at("/from/kind").asText().equals("ImageStreamTag")) {
            ObjectNode newest = Tags.latest(source, tagOrImage);
            if (newest == null) {
                return;
            }
            // The source's own time stays; only an ImageStreamImage gets the time of the tagging.
            item = newest.deepCopy();
        } else {
            try {
                item = TagEvents.ofImage(source, tagOrImage, store.now());
            } catch (IllegalArgumentException unknown) {
                errors.add(FieldError.invalid(
                        "spec.tags[%s].from.name".formatted(tag),
                        reference.at("/from/name").asText(),
                        "error generating tag event: " + unknown.getMessage()));
                return;
            }
        }
        item.put("generation", reference.path("generation").asLong());
        if (!reference.path("reference").asBoolean()) {
            item.put(
                    "dockerImageReference",
                    local(stream, source, item.path("dockerImageReference").asText()));
        }
        TagEvents.add(stream, tag, item);
    }

    /** A reference to the other stream in the internal registry becomes one to this stream; others stay. */
    private static String local(ObjectNode stream, ObjectNode source, String text) {
        try {
            ImageReference reference = ImageReference.parse(text);
            boolean internal = reference.registry().equals(OpenShiftApi.INTERNAL_REGISTRY)
                    && reference.namespace().equals(namespace(source))
                    && reference.name().equals(source.at("/metadata/name").asText());
            return internal
                    ? reference
                            .in(namespace(stream), stream.at("/metadata/name").asText())
                            .toString()
                    : text;
        } catch (IllegalArgumentException unreadable) {
            return text;
        }
    }
}
