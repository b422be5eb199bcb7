package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An ImageStream's tags by name: {@code spec.tags} and {@code status.tags}.
 *
 * <p>As OAS pkg/image/apis/image/v1/conversion.go: inside the server both are maps, so the lists come out sorted by name
 * and of two entries of one name the later one stays.
 */
final class Tags {
    private Tags() {}

    /** Sorts both lists and sets what OAS pkg/image/apis/image/v1/defaults.go sets. */
    static void normalize(ObjectNode stream) {
        ObjectNode spec = child(stream, "spec");
        if (!spec.has("lookupPolicy")) {
            spec.putObject("lookupPolicy").put("local", false);
        }
        Map<String, ObjectNode> references = byName(spec.path("tags"), "name");
        references.values().forEach(Tags::setDefaults);
        write(spec, references);
        write(child(stream, "status"), byName(stream.at("/status/tags"), "tag"));
    }

    private static void setDefaults(ObjectNode reference) {
        if (!reference.has("annotations")) {
            reference.putNull("annotations");
        }
        if (!reference.has("generation")) {
            reference.putNull("generation");
        }
        ObjectNode importPolicy = child(reference, "importPolicy");
        if (!importPolicy.has("importMode")) {
            importPolicy.put("importMode", "Legacy");
        }
        ObjectNode referencePolicy = child(reference, "referencePolicy");
        if (referencePolicy.path("type").asText().isEmpty()) {
            referencePolicy.put("type", "Source");
        }
    }

    private static void write(ObjectNode parent, Map<String, ObjectNode> entries) {
        if (entries.isEmpty()) {
            parent.remove("tags");
        } else {
            parent.putArray("tags").addAll(entries.values());
        }
    }

    private static Map<String, ObjectNode> byName(JsonNode list, String key) {
        Map<String, ObjectNode> entries = new TreeMap<>();
        for (JsonNode entry : list) {
            if (entry instanceof ObjectNode object) {
                entries.put(object.path(key).asText(), object);
            }
        }
        return entries;
    }

    static ObjectNode child(ObjectNode parent, String name) {
        return parent.path(name) instanceof ObjectNode child ? child : parent.putObject(name);
    }

    /** The spec tags as they are in the stream, by name. */
    static Map<String, ObjectNode> spec(JsonNode stream) {
        return byName(stream.at("/spec/tags"), "name");
    }

    /** The status tags as they are in the stream, by name. */
    static Map<String, ObjectNode> status(JsonNode stream) {
        return byName(stream.at("/status/tags"), "tag");
    }

    /** The items of a status tag, newest first; changing one changes the stream. */
    static List<ObjectNode> items(JsonNode statusTag) {
        List<ObjectNode> items = new ArrayList<>();
        for (JsonNode item : statusTag.path("items")) {
            if (item instanceof ObjectNode object) {
                items.add(object);
            }
        }
        return items;
    }

    /** The newest item of the tag; changing it changes the stream. */
    static @Nullable ObjectNode latest(JsonNode stream, String tag) {
        ObjectNode statusTag = status(stream).get(tag);
        List<ObjectNode> items = statusTag == null ? List.of() : items(statusTag);
        return items.isEmpty() ? null : items.get(0);
    }

    /** Puts an item in front, making the tag if there is none. */
    private static void prepend(ObjectNode stream, String tag, ObjectNode item) {
        Map<String, ObjectNode> tags = status(stream);
        ObjectNode entry = tags.computeIfAbsent(
                tag, absent -> JsonNodeFactory.instance.objectNode().put("tag", tag));
        ArrayNode items = JsonNodeFactory.instance.arrayNode().add(item);
        items(entry).forEach(items::add);
        entry.remove("conditions");
        entry.set("items", items);
        write(child(stream, "status"), tags);
    }

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
     * in the generation alone, the newest one is changed and keeps its time. OAS
     * pkg/image/apiserver/internal/imageutil/helpers.go, AddTagEventToImageStream.
     *
     * @return whether anything changed
     */
    static boolean add(ObjectNode stream, String tag, ObjectNode next) {
        ObjectNode newest = latest(stream, tag);
        boolean sameReference = newest != null && same(newest, next, "dockerImageReference");
        boolean sameImage = newest != null && same(newest, next, "image");
        if (newest == null || (!sameReference && !sameImage)) {
            prepend(stream, tag, next);
            return true;
        }
        if (sameReference && sameImage && same(newest, next, "generation")) {
            return false;
        }
        newest.put("image", next.path("image").asText());
        newest.put("dockerImageReference", next.path("dockerImageReference").asText());
        newest.put("generation", next.path("generation").asLong());
        return true;
    }

    private static boolean same(JsonNode one, JsonNode other, String field) {
        return one.path(field).asText().equals(other.path(field).asText());
    }
}
