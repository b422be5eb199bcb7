package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ImageCompletenessChecker;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The items of a stream that can be pulled once they are back. A tag whose newest image cannot be is left out whole: else it
 * would go back to an older one without anybody noticing.
 */
final class RestorableItems {
    private final ImageCompletenessChecker target;
    private final RestoreStrategy restoreStrategy;
    private final ClusterRestoreReport report;

    /**
     * Judges by what the target has.
     *
     * @param restoreStrategy how they are to be brought back
     */
    RestorableItems(
            ImageCompletenessChecker target,
            RestoreStrategy restoreStrategy,
            ClusterRestoreReport report) {
        this.target = target;
        this.restoreStrategy = restoreStrategy;
        this.report = report;
    }

    /** As much of the stream as can be restored. */
    DesiredStream of(DesiredStream stream) {
        Set<Digest> managed = stream.managed();
        ImageCompleteness imageCompleteness = target.read(managed).completeness(stream::isPushed);
        Map<String, String> lacking = new HashMap<>();
        for (Digest digest : stream.images()) {
            if (managed.contains(digest) && !imageCompleteness.of(digest).isComplete()) {
                lacking.put(
                        digest.toString(),
                        "the target lacks " + imageCompleteness.of(digest).missing());
            } else if (!restoreStrategy.canBringBack(stream, digest)) {
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

    private void tell(DesiredStream stream, JsonNode tag, Map<String, String> lacking, Set<String> leftOut) {
        String name = tag.path("tag").asText();
        boolean isLost = lacking.containsKey(image(tag.path("items").path(0)));
        if (isLost) {
            leftOut.add(name);
            report.toldOf(stream.repository(), name);
        }
        for (JsonNode item : tag.path("items")) {
            String reason = lacking.get(image(item));
            if (reason != null) {
                report.count(Count.ITEMS_SKIPPED, 1);
                report.reportIncomplete(
                        FindingCode.IS_ITEM_UNRESTORABLE,
                        "%s:%s@%s".formatted(stream.repository(), name, image(item)),
                        (isLost ? "left out with its tag: " : "left out: ") + reason);
            }
        }
    }
}
