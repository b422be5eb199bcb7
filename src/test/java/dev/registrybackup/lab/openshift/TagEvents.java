package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/** How items get into {@code status.tags}: OAS pkg/image/apiserver/internal/imageutil/helpers.go. */
final class TagEvents {
    private TagEvents() {}

    static ObjectNode item(String created, String reference, String image, long generation) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("created", created)
                .put("dockerImageReference", reference)
                .put("image", image)
                .put("generation", generation);
    }

    /**
     * Puts an item in front, unless the newest one differs in neither reference nor image; differing in one of the two, or
     * in the generation alone, the newest one is changed and keeps its time. Helpers.go, AddTagEventToImageStream.
     *
     * @return whether anything changed
     */
    static boolean add(ObjectNode stream, String tag, ObjectNode next) {
        ObjectNode newest = Tags.latest(stream, tag);
        if (newest == null) {
            Tags.prepend(stream, tag, next);
            return true;
        }
        boolean sameReference = same(newest, next, "dockerImageReference");
        boolean sameImage = same(newest, next, "image");
        if (!sameReference && !sameImage) {
            Tags.prepend(stream, tag, next);
            return true;
        }
        if (sameReference && sameImage && same(newest, next, "generation")) {
            return false;
        }
        newest.put("image", next.path("image").asText());
        newest.put("dockerImageReference", next.path("dockerImageReference").asText());
        newest.put("generation", next.path("generation").asLong());
        ObjectNode entry = Tags.status(stream).get(tag);
        if (entry != null) {
            entry.remove("conditions");
        }
        return true;
    }

    private static boolean same(JsonNode one, JsonNode other, String field) {
        return one.path(field).asText().equals(other.path(field).asText());
    }

    /** Tags of the spec that follow this one in the same stream get the item too: UpdateTrackingTags. */
    static void followTracking(ObjectNode stream, String updated, ObjectNode item) {
        Tags.spec(stream).forEach((name, reference) -> {
            JsonNode from = reference.path("from");
            if (from.path("kind").asText().equals("ImageStreamTag")
                    && follows(
                            stream,
                            updated,
                            from.path("namespace").asText(),
                            from.path("name").asText())) {
                add(stream, name, item.deepCopy());
            }
        });
    }

    private static boolean follows(JsonNode stream, String updated, String namespace, String from) {
        String name = stream.at("/metadata/name").asText();
        boolean here = namespace.isEmpty()
                || namespace.equals(stream.at("/metadata/namespace").asText());
        return here && (from.equals(updated) || from.equals(name + ":" + updated));
    }

    /**
     * The item of the image that the identifier means, with the time now: ResolveImageID, which finds a digest by its
     * beginning too.
     */
    static ObjectNode ofImage(JsonNode stream, String identifier, String now) {
        Map<String, ObjectNode> found = new TreeMap<>();
        for (ObjectNode tag : Tags.status(stream).values()) {
            for (ObjectNode item : Tags.items(tag)) {
                String image = item.path("image").asText();
                if (image.startsWith(identifier) || image.startsWith("sha256:" + identifier)) {
                    found.put(image, item);
                }
            }
        }
        if (found.size() != 1) {
            throw new IllegalArgumentException(
                    found.isEmpty()
                            ? "imagestreamimage.image.openshift.io \"%s\" not found".formatted(identifier)
                            : "Operation cannot be fulfilled on imagestreamimage.image.openshift.io \"%s\": multiple images match the prefix \"%s\": %s"
                                    .formatted(identifier, identifier, String.join(", ", found.keySet())));
        }
        ObjectNode item = found.values().iterator().next();
        return item(
                now,
                item.path("dockerImageReference").asText(),
                item.path("image").asText(),
                0);
    }
}
