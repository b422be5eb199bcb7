package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tags of an ImageStream's status in the cluster, merged with the captured ones. Nothing that the cluster has is
 * removed, and a tag points where it pointed unless it may be moved.
 *
 * <p>A captured item is present if the tag has as many items of its image as the captured history has down to that item.
 * So an item that mapping restored with a new time is not added again.
 */
final class MergedTags {
    private final ArrayNode tags = JsonNodeFactory.instance.arrayNode();
    private final Map<String, String> conflicts = new LinkedHashMap<>();
    private final boolean overwriteTags;
    private int changed;

    private MergedTags(boolean overwriteTags) {
        this.overwriteTags = overwriteTags;
    }

    /**
     * Merges the captured tags into the present ones; changes neither.
     *
     * @param present {@code status.tags} in the cluster
     * @param wanted {@code status.tags} as captured
     * @param overwriteTags whether tags that point elsewhere are moved
     */
    static MergedTags of(JsonNode present, JsonNode wanted, boolean overwriteTags) {
        MergedTags merged = new MergedTags(overwriteTags);
        Map<String, JsonNode> missing = new LinkedHashMap<>();
        wanted.forEach(tag -> missing.put(tag.path("tag").asText(), tag));
        for (JsonNode tag : present) {
            JsonNode other = missing.remove(tag.path("tag").asText());
            merged.tags.add(other == null ? tag : merged.merged((ObjectNode) tag.deepCopy(), other));
        }
        merged.tags.addAll(missing.values());
        merged.changed += missing.size();
        return merged;
    }

    private ObjectNode merged(ObjectNode tag, JsonNode wanted) {
        List<JsonNode> items = new ArrayList<>();
        tag.path("items").forEach(items::add);
        List<JsonNode> before = List.copyOf(items);
        for (JsonNode item : missing(items, wanted.path("items"))) {
            items.add(indexOf(items, item), item);
        }
        JsonNode current = wanted.path("items").path(0);
        if (!before.isEmpty() && !current.isMissingNode() && !isSame(items.get(0), current)) {
            resolve(tag.path("tag").asText(), items, before, current);
        }
        if (!items.equals(before)) {
            changed++;
            ArrayNode list = tag.putArray("items");
            items.forEach(list::add);
        }
        return tag;
    }

    private void resolve(String tag, List<JsonNode> items, List<JsonNode> before, JsonNode current) {
        if (overwriteTags) {
            if (!before.contains(current)) {
                items.remove(current);
            }
            items.add(0, current);
        } else {
            conflicts.put(tag, "points to %s instead of %s".formatted(name(items.get(0)), name(current)));
        }
    }

    private static List<JsonNode> missing(List<JsonNode> present, JsonNode wanted) {
        Map<String, Integer> unmatched = new HashMap<>();
        present.forEach(item -> unmatched.merge(name(item), 1, Integer::sum));
        List<JsonNode> missing = new ArrayList<>();
        for (JsonNode item : wanted) {
            if (unmatched.merge(name(item), -1, Integer::sum) < 0) {
                missing.add(item);
            }
        }
        return missing;
    }

    /** The item's place by its time, but never the first: that is what the tag points to. */
    private static int indexOf(List<JsonNode> items, JsonNode item) {
        int index = Math.min(1, items.size());
        while (index < items.size()
                && items.get(index)
                                .path("created")
                                .asText()
                                .compareTo(item.path("created").asText())
                        >= 0) {
            index++;
        }
        return index;
    }

    private static boolean isSame(JsonNode item, JsonNode other) {
        return name(item).equals(name(other));
    }

    /** The item's image; if the cluster keeps only a reference, the reference. */
    private static String name(JsonNode item) {
        String image = item.path("image").asText();
        return image.isEmpty() ? item.path("dockerImageReference").asText() : image;
    }

    ArrayNode tags() {
        return tags;
    }

    /** How many tags differ from the cluster's. */
    int changed() {
        return changed;
    }

    /** The tags that point elsewhere and were left as they are, each with its problem. */
    Map<String, String> conflicts() {
        return conflicts;
    }
}
