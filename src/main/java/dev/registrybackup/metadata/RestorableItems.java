package dev.registrybackup.metadata;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.WholeImages;
import dev.registrybackup.inventory.Wholeness;
import dev.registrybackup.metadata.Progress.Count;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The items of a stream that can be pulled once they are back. A tag whose newest image cannot be is left out whole: else it
 * would go back to an older one without anybody noticing.
 */
final class RestorableItems {
    private final WholeImages target;
    private final Route route;
    private final Progress progress;

    /**
     * Judges by what the target has.
     *
     * @param route how they are to be brought back
     */
    RestorableItems(WholeImages target, Route route, Progress progress) {
        this.target = target;
        this.route = route;
        this.progress = progress;
    }

    /** As much of the stream as can be restored. */
    WantedStream of(WantedStream stream) {
        Set<Digest> managed = stream.managed();
        Wholeness wholeness = target.read(managed).lacks(stream::isPushed);
        Map<String, String> lacking = new HashMap<>();
        for (Digest digest : stream.images()) {
            if (managed.contains(digest) && !wholeness.of(digest).isWhole()) {
                lacking.put(
                        digest.toString(),
                        "the target lacks " + wholeness.of(digest).missing());
            } else if (!route.canBringBack(stream, digest)) {
                lacking.put(
                        digest.toString(), "this route brings back no index, for want of the right to create Images");
            }
        }
        if (lacking.isEmpty()) {
            return stream;
        }
        Set<String> leftOut = new HashSet<>();
        stream.stream().json().path("status").path("tags").forEach(tag -> tell(stream, tag, lacking, leftOut));
        return stream.only((tag, item) -> !leftOut.contains(tag) && !lacking.containsKey(image(item)));
    }

    /** The digest of its image; empty of what the cluster keeps as a mere reference. */
    private static String image(JsonNode item) {
        return item.path("image").asText();
    }

    private void tell(WantedStream stream, JsonNode tag, Map<String, String> lacking, Set<String> leftOut) {
        String name = tag.path("tag").asText();
        boolean isLost = lacking.containsKey(image(tag.path("items").path(0)));
        if (isLost) {
            leftOut.add(name);
            progress.toldOf(stream.repository(), name);
        }
        for (JsonNode item : tag.path("items")) {
            String reason = lacking.get(image(item));
            if (reason != null) {
                progress.count(Count.ITEMS_LEFT_OUT, 1);
                progress.incomplete(
                        FindingCode.IS_ITEM_UNRESTORABLE,
                        "%s:%s@%s".formatted(stream.repository(), name, image(item)),
                        (isLost ? "left out with its tag: " : "left out: ") + reason);
            }
        }
    }
}
