package dev.registrybackup.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * The platform of an image.
 *
 * @param variant the kind of that processor; empty if it has none
 * @param digest the image, where an index names it
 */
public record Platform(String os, String architecture, String variant, Optional<String> digest) {
    private static final int MAX_TEXT_LENGTH = 255;

    /** The platform of a config or an index's entry; empty if it has none. */
    public static Optional<Platform> parse(JsonNode json, Optional<String> digest) {
        String os = text(json, "os");
        String architecture = text(json, "architecture");
        return os.isEmpty() && architecture.isEmpty()
                ? Optional.empty()
                : Optional.of(new Platform(os, architecture, text(json, "variant"), digest));
    }

    /** The text of the field; empty if it is missing or too long. */
    public static String text(JsonNode json, String field) {
        String text = json.path(field).asText("");
        return text.length() > MAX_TEXT_LENGTH ? "" : text;
    }
}
