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
 * The tags of an ImageStream's status, with those added that are wanted. Nothing that is there goes, and a tag goes on
 * pointing where it points unless it may be moved.
 *
 * <p>An item is there if its tag has as many items of that image, counted from the newest, as it takes to reach it: so one
 * that another route has brought back with a new time is not brought back again.
 */
final class MergedTags {
    private final ArrayNode tags = JsonNodeFactory.instance.arrayNode();
    private final Map<String, String> conflicts = new LinkedHashMap<>();
    private final boolean mayMove;
    private int changed;

    private MergedTags(boolean mayMove) {
        this.mayMove = mayMove;
    }

    /**
     * Merges.
     *
     * @param there {@code status.tags} as it is
     * @param wanted {@code status.tags} as it was
     * @param mayMove whether tags that point elsewhere are moved
     */
    static MergedTags of(JsonNode there, JsonNode wanted, boolean mayMove) {
        MergedTags merged = new MergedTags(mayMove);
        Map<String, JsonNode> missing = new HashMap<>();
        List<String> order = new ArrayList<>();
        wanted.forEach(tag -> {
            missing.put(tag.path("tag").asText(), tag);
            order.add(tag.path("tag").asText());
        });
        for (JsonNode tag : there) {
            JsonNode other = missing.remove(tag.path("tag").asText());
            merged.tags.add(other == null ? tag : merged.merged((ObjectNode) tag.deepCopy(), other));
        }
        order.stream().map(missing::get).filter(tag -> tag != null).forEach(tag -> {
            merged.tags.add(tag);
            merged.changed++;
        });
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
        if (mayMove) {
            if (!before.contains(current)) {
                items.remove(current);
            }
            items.add(0, current);
        } else {
            conflicts.put(tag, "points to %s and not to %s".formatted(name(items.get(0)), name(current)));
        }
    }

    private static List<JsonNode> missing(List<JsonNode> there, JsonNode wanted) {
        Map<String, Integer> left = new HashMap<>();
        there.forEach(item -> left.merge(name(item), 1, Integer::sum));
        List<JsonNode> missing = new ArrayList<>();
        for (JsonNode item : wanted) {
            if (left.merge(name(item), -1, Integer::sum) < 0) {
                missing.add(item);
            }
        }
        return missing;
    }

    /** By time, but never before the first: that is what the tag points to. */
    private static int indexOf(List<JsonNode> items, JsonNode item) {
        int place = Math.min(1, items.size());
        while (place < items.size()
                && items.get(place)
                                .path("created")
                                .asText()
                                .compareTo(item.path("created").asText())
                        >= 0) {
            place++;
        }
        return place;
    }

    private static boolean isSame(JsonNode item, JsonNode other) {
        return name(item).equals(name(other));
    }

    /** Its image; of what the cluster keeps as a mere reference, that. */
    private static String name(JsonNode item) {
        String image = item.path("image").asText();
        return image.isEmpty() ? item.path("dockerImageReference").asText() : image;
    }

    /** The merged {@code status.tags}. */
    ArrayNode tags() {
        return tags;
    }

    /** Whether they differ from what is there. */
    boolean isChanged() {
        return changed > 0;
    }

    /** How many tags differ from what is there. */
    int changed() {
        return changed;
    }

    /** Of the tags that point elsewhere and were left so, where to. */
    Map<String, String> conflicts() {
        return conflicts;
    }
}
