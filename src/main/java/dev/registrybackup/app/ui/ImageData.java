package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.ui.Row.Level;
import dev.registrybackup.objectstore.MetadataStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Template data of an image from a repository's document. */
final class ImageData {
    private static final int SHORT = 19;

    private ImageData() {}

    /**
     * The image's data and whether it can be restored.
     *
     * @param image the image's entry; a missing node if the document has none
     */
    static Map<String, Object> of(String digest, JsonNode image, Instant now) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("digest", digest);
        data.put("short", digest.length() > SHORT ? digest.substring(0, SHORT) + "…" : digest);
        data.put("level", level(image).data());
        data.put("state", state(image));
        data.put("mediaType", image.path("mediaType").asText());
        data.put("platforms", platforms(image.path("platforms")));
        data.put("size", image.has("size") ? Formats.size(image.path("size").asLong()) : "");
        data.put("pushed", Formats.moment(MetadataStore.parseTime(image, "pushed"), now));
        data.put("created", image.path("created").asText());
        data.put("tags", texts(image.path("tags")));
        data.put("missing", texts(image.path("missing")));
        data.put("sparse", texts(image.path("sparse")));
        data.put("unknown", texts(image.path("unknown")));
        data.put("children", texts(image.path("children")));
        return data;
    }

    private static Level level(JsonNode image) {
        if (!image.has("restorable")) {
            return Level.UNKNOWN;
        }
        return image.path("restorable").asBoolean() ? Level.GOOD : Level.BAD;
    }

    private static String state(JsonNode image) {
        if (image.isMissingNode()) {
            return "The backup has no such image";
        }
        if (!image.has("restorable")) {
            return "Unknown: the store did not say whether it has "
                    + Formats.count(image.path("unknown").size(), "blob");
        }
        if (!image.path("restorable").asBoolean()) {
            return "Cannot be restored: missing "
                    + Formats.count(image.path("missing").size(), "blob");
        }
        return image.path("sparse").isEmpty()
                ? "Can be restored"
                : "Can be restored as pushed: without "
                        + Formats.count(image.path("sparse").size(), "platform");
    }

    private static String platforms(JsonNode platforms) {
        List<String> names = new ArrayList<>();
        platforms.forEach(platform -> names.add(List.of("os", "architecture", "variant").stream()
                .map(part -> platform.path(part).asText())
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("/"))));
        return names.stream().distinct().collect(Collectors.joining(", "));
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(entry -> texts.add(entry.asText()));
        return texts;
    }
}
