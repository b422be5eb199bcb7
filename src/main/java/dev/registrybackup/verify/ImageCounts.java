package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How many images were verified, by result. Counts add up.
 *
 * @param complete images that can be restored or pulled, as far as the depth shows
 * @param incomplete images that miss something
 * @param unknown images whose state cannot be determined
 */
public record ImageCounts(long complete, long incomplete, long unknown) {
    static final ImageCounts NONE = new ImageCounts(0, 0, 0);
    static final ImageCounts COMPLETE = new ImageCounts(1, 0, 0);
    static final ImageCounts INCOMPLETE = new ImageCounts(0, 1, 0);
    static final ImageCounts UNKNOWN = new ImageCounts(0, 0, 1);

    /** Parses the form in summaries. */
    static ImageCounts parse(JsonNode json) {
        return new ImageCounts(
                json.path("complete").asLong(),
                json.path("incomplete").asLong(),
                json.path("unknown").asLong());
    }

    ImageCounts plus(ImageCounts others) {
        return new ImageCounts(complete + others.complete, incomplete + others.incomplete, unknown + others.unknown);
    }
}
