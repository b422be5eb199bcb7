package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Writing ImageStreams: OAS pkg/image/apiserver/registry/imagestream/strategy.go.
 *
 * <p>Tags of the spec may name an image of another registry or of a stream ({@code DockerImage}, {@code ImageStreamImage});
 * one that follows a tag is not simulated, nor are limits and the registries that are allowed: a preflight reads those.
 */
final class ImageStreams {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]+(?:[._-][a-z0-9]+)*");

    private final Store store;

    ImageStreams(Store store) {
        this.store = store;
    }

    /** Fills what is computed on every read: Decorate. */
    static void decorate(ObjectNode stream) {
        Tags.child(stream, "status").put("dockerImageRepository", repository(stream));
    }

    static String repository(JsonNode stream) {
        return "%s/%s/%s".formatted(OpenShiftApi.INTERNAL_REGISTRY, namespace(stream), name(stream));
    }

    private static String namespace(JsonNode stream) {
        return stream.at("/metadata/namespace").asText();
    }

    private static String name(JsonNode stream) {
        return stream.at("/metadata/name").asText();
    }

    /** PrepareForCreate, then Validate: the status that was sent is lost, tags of the spec can write a new one. */
    ObjectNode create(ObjectNode stream, String manager, BiPredicate<String, String> mayReadLayers) {
        if (!NAME.matcher(name(stream)).matches()) {
            throw Refusal.invalid(
                    Resource.IMAGE_STREAMS,
                    name(stream),
                    "metadata.name",
                    "Invalid value: \"%s\": must match \"%s\"".formatted(name(stream), NAME));
        }
        stream.putObject("status");
        Store.metadata(stream).put("generation", 1);
        Tags.normalize(stream);
        decorate(stream);
        followSpec(null, stream, mayReadLayers);
        return store.create(Resource.IMAGE_STREAMS, stream, manager);
    }

    /** PrepareForUpdate: the status stays as it is stored, but for what changed tags of the spec do to it. */
    ObjectNode update(ObjectNode stream, String manager, BiPredicate<String, String> mayReadLayers) {
        ObjectNode old = store.replaceable(Resource.IMAGE_STREAMS, stream);
        stream.set("status", old.path("status").deepCopy());
        Tags.normalize(stream);
        decorate(stream);
        Map<String, ObjectNode> oldTags = Tags.spec(old);
        Tags.spec(stream).forEach((name, tag) -> {
            ObjectNode oldTag = oldTags.get(name);
            if (oldTag != null) {
                tag.set("generation", oldTag.path("generation").deepCopy());
            }
        });
        long generation = old.at("/metadata/generation").asLong();
        boolean changed = !old.path("spec").equals(stream.path("spec"));
        Store.metadata(stream).put("generation", changed ? generation + 1 : generation);
        followSpec(old, stream, mayReadLayers);
        return store.replace(Resource.IMAGE_STREAMS, old, stream, manager);
    }

    /** TagsChanged: this is how {@code oc tag} gets into a stream's status. */
    private void followSpec(@Nullable ObjectNode old, ObjectNode stream, BiPredicate<String, String> mayReadLayers) {
        Map<String, ObjectNode> oldTags = old == null ? Map.of() : Tags.spec(old);
        Tags.spec(stream).forEach((tag, reference) -> {
            ObjectNode oldReference = oldTags.get(tag);
            if (oldReference == null || changed(oldReference, reference)) {
                reference.put("generation", stream.at("/metadata/generation").asLong());
                follow(stream, tag, reference, mayReadLayers);
            }
        });
        Tags.normalize(stream);
    }

    /** TagRefChanged. */
    private static boolean changed(JsonNode old, JsonNode next) {
        return !old.path("from").equals(next.path("from"))
                || old.path("reference").asBoolean() != next.path("reference").asBoolean();
    }

    private void follow(
            ObjectNode stream, String tag, ObjectNode reference, BiPredicate<String, String> mayReadLayers) {
        JsonNode from = reference.path("from");
        long generation = reference.path("generation").asLong();
        if (from.path("kind").asText().equals("DockerImage")) {
            // Without "reference" the import controller fetches it; there is none here.
            if (reference.path("reference").asBoolean()) {
                Tags.add(stream, tag, Tags.item(store.now(), from.path("name").asText(), "", generation));
            }
            return;
        }
        if (!from.path("kind").asText().equals("ImageStreamImage")) {
            throw new IllegalStateException("Not simulated: a tag that follows " + from);
        }
        String path = "spec.tags[%s].from".formatted(tag);
        String[] streamAndImage = from.path("name").asText().split("@", -1);
        String namespace = from.path("namespace").asText(namespace(stream));
        // TagVerifier.Verify: who tags must be able to pull.
        if (!namespace.equals(namespace(stream)) && !mayReadLayers.test(namespace, streamAndImage[0])) {
            throw refused(stream, "%s: Forbidden: %s/%s: \"\" \"\"".formatted(path, namespace, streamAndImage[0]));
        }
        boolean own = namespace.equals(namespace(stream)) && streamAndImage[0].equals(name(stream));
        ObjectNode source = own
                ? stream
                : store.find(Resource.IMAGE_STREAMS, namespace, streamAndImage[0])
                        .orElseThrow(() -> refused(
                                stream,
                                "%s.name: Not found: \"%s\""
                                        .formatted(path, from.path("name").asText())));
        ObjectNode found = itemOf(source, streamAndImage[1]);
        if (found == null) {
            throw refused(
                    stream,
                    "%s.name: Invalid value: \"%s\": error generating tag event: imagestreamimage.image.openshift.io \"%s\" not found"
                            .formatted(path, from.path("name").asText(), streamAndImage[1]));
        }
        // A reference to the other stream in the internal registry becomes one to this stream; others stay.
        String text = found.path("dockerImageReference").asText();
        String local =
                text.startsWith(repository(source) + "@") ? text.replace(repository(source), repository(stream)) : text;
        Tags.add(stream, tag, Tags.item(store.now(), local, streamAndImage[1], generation));
    }

    private static @Nullable ObjectNode itemOf(ObjectNode stream, String image) {
        for (ObjectNode tag : Tags.status(stream).values()) {
            for (ObjectNode item : Tags.items(tag)) {
                if (item.path("image").asText().equals(image)) {
                    return item;
                }
            }
        }
        return null;
    }

    private static Refusal refused(ObjectNode stream, String why) {
        return Refusal.invalid(
                Resource.IMAGE_STREAMS,
                name(stream),
                "",
                "Internal error: imagestreams \"%s\" is invalid: %s".formatted(name(stream), why));
    }

    /** Puts the image in front of the tag's history, as a mapping and an import do. */
    void addItem(ObjectNode stream, String tag, String reference, String digest, String manager) {
        long generation = stream.at("/metadata/generation").asLong();
        if (Tags.add(stream, tag, Tags.item(store.now(), reference, digest, generation))) {
            updateStatus(stream, manager);
        }
    }

    /**
     * StatusStrategy: metadata and status tags are taken from the request, the spec's tags from what is stored. Nothing of
     * the history is checked or counted.
     */
    ObjectNode updateStatus(ObjectNode stream, String manager) {
        ObjectNode old = store.replaceable(Resource.IMAGE_STREAMS, stream);
        ObjectNode spec = Tags.child(stream, "spec");
        for (String field : List.of("tags", "dockerImageRepository")) {
            JsonNode kept = old.path("spec").get(field);
            if (kept == null) {
                spec.remove(field);
            } else {
                spec.set(field, kept.deepCopy());
            }
        }
        long generation = old.at("/metadata/generation").asLong();
        Store.metadata(stream).put("generation", generation);
        Tags.normalize(stream);
        // UpdateObservedGenerationForStatusUpdate: a newest item without a generation gets one.
        Tags.status(stream).keySet().forEach(tag -> {
            ObjectNode newest = Tags.latest(stream, tag);
            if (newest != null && newest.path("generation").asLong() == 0) {
                newest.put("generation", generation);
            }
        });
        return store.replace(Resource.IMAGE_STREAMS, old, stream, manager);
    }
}
