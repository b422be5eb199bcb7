package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.RequestFields;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * A request for a restore drill.
 *
 * @param seed selects which: the same seed selects the same ones from the same backup at the same time
 */
public record DrillRequest(int images, long seed) {
    private static final Set<String> FIELDS = Set.of("images", "seed");
    private static final int MAX_IMAGES = 1000;

    /** Throws {@link IllegalArgumentException} if the number of images is out of range. */
    public DrillRequest {
        if (images < 1 || images > MAX_IMAGES) {
            throw new IllegalArgumentException("\"images\" must be from 1 to %d, not %d".formatted(MAX_IMAGES, images));
        }
    }

    /**
     * Parses an object with any of {@code images} and {@code seed}.
     *
     * @param usualImages how many images, if the request has no number
     * @param newSeed the seed, if the request has none
     * @throws IllegalArgumentException if it is not a valid request; the message names the field
     */
    public static DrillRequest parse(JsonNode json, int usualImages, LongSupplier newSeed) {
        RequestFields.requireKnown(
                json, FIELDS, "\"%s\" is not a field of a drill request: it may have \"images\" and \"seed\"");
        return new DrillRequest(
                (int) integer(json, "images", () -> usualImages, Integer.MAX_VALUE),
                integer(json, "seed", newSeed, Long.MAX_VALUE));
    }

    private static long integer(JsonNode json, String field, LongSupplier usual, long most) {
        JsonNode value = json.path(field);
        if (value.isMissingNode()) {
            return usual.getAsLong();
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong() || Math.abs(value.longValue()) > most) {
            throw new IllegalArgumentException("\"%s\" must be an integer, not %s".formatted(field, value));
        }
        return value.longValue();
    }

    /** The JSON form that {@link #parse} reads. */
    public ObjectNode json() {
        return JsonNodeFactory.instance.objectNode().put("images", images).put("seed", seed);
    }
}
