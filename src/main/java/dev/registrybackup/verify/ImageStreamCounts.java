package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/**
 * What became of the items of ImageStreams: of all that their tags point to and pointed to. Counts add up.
 *
 * @param snapshotAt when the snapshot was complete that has the ImageStreams, UTC
 * @param imageStreams how many ImageStreams were looked at
 * @param items how many items they have
 * @param managed how many of the items are images that were pushed to the cluster's registry: they have to be restorable
 * @param restorable how many of those can be restored
 * @param unrestorable how many of those cannot; of the rest it could not be told
 * @param imageObjectsMissing of how many items the cluster had no Image
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

    /** The form in which summaries have it. */
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
