package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/**
 * Counts of the items of ImageStreams: all images that their tags point to or pointed to. Counts add up.
 *
 * @param snapshotAt when the snapshot of the ImageStreams was complete, UTC
 * @param imageStreams how many ImageStreams were verified
 * @param items how many items they have
 * @param managed how many of the items were pushed to the cluster's registry and must be restorable
 * @param restorable how many of those can be restored
 * @param unrestorable how many of those cannot; the rest cannot be determined
 * @param imageObjectsMissing how many items had no Image object in the cluster
 */
public record ImageStreamCounts(
        Instant snapshotAt,
        long imageStreams,
        long items,
        long managed,
        long restorable,
        long unrestorable,
        long imageObjectsMissing) {
    static ImageStreamCounts none(Instant snapshot) {
        return new ImageStreamCounts(snapshot, 0, 0, 0, 0, 0, 0);
    }

    /** Parses {@link #json}. */
    static ImageStreamCounts parse(JsonNode json) {
        return new ImageStreamCounts(
                Instant.parse(json.path("snapshotAt").asText()),
                json.path("imageStreams").asLong(),
                json.path("items").asLong(),
                json.path("managed").asLong(),
                json.path("restorable").asLong(),
                json.path("unrestorable").asLong(),
                json.path("imageObjectsMissing").asLong());
    }

    ImageStreamCounts plus(ImageStreamCounts others) {
        return new ImageStreamCounts(
                snapshotAt,
                imageStreams + others.imageStreams,
                items + others.items,
                managed + others.managed,
                restorable + others.restorable,
                unrestorable + others.unrestorable,
                imageObjectsMissing + others.imageObjectsMissing);
    }

    /** The JSON form in summaries. */
    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("snapshotAt", snapshotAt.toString())
                .put("imageStreams", imageStreams)
                .put("items", items)
                .put("managed", managed)
                .put("restorable", restorable)
                .put("unrestorable", unrestorable)
                .put("imageObjectsMissing", imageObjectsMissing);
    }
}
