package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ReportWriter;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.restore.Restore.RestoreResult;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What the indexes of a full restore tell each other: each restores the blobs of its share of the digests, waits for the
 * others' blobs, and writes the links of its share of the repositories. Whichever finds that all shares are done merges
 * their counts and findings, so the last one always does; merging twice gives the same.
 *
 * @param operation receives progress, and the merged findings if this index merges
 */
record IndexedRestore(OperationContext operation, IndexReports reports) {
    private static final String BLOBS = "blobs";
    private static final String SHARE = "share";

    private static final String FAILED_FIELD = "failed";
    private static final String COMPLETE_FIELD = "complete";
    private static final String COUNTS_FIELD = "counts";

    /**
     * Does this index's share, unless an earlier attempt did.
     *
     * @param work restores the share
     * @return the merged result, or empty if other indexes are not done
     */
    Optional<RestoreResult> run(Function<OperationContext, RestoreResult> work) {
        if (reports.ownSummary(SHARE).isEmpty()) {
            ReportWriter writer = reports.writer(SHARE);
            RestoreResult own = work.apply(operation.withFindingsTo(writer));
            ObjectNode summary = JsonNodeFactory.instance.objectNode().put(COMPLETE_FIELD, own.isComplete());
            summary.set(COUNTS_FIELD, own.summary());
            reports.finish(writer, summary);
        }
        return reports.summaries(SHARE).map(this::merge);
    }

    /**
     * Reports which of this index's blobs failed, and waits for the others'. Then the restorer knows which blobs the
     * target has, whatever the listings of other indexes had.
     */
    void exchangeBlobs(BlobRestorer blobs, RestoreContext context) {
        ReportWriter writer = reports.writer(BLOBS);
        blobs.failed()
                .forEach(digest ->
                        writer.add(JsonNodeFactory.instance.objectNode().put(FAILED_FIELD, digest.toString())));
        writer.finish(JsonNodeFactory.instance.objectNode());
        reports.await(BLOBS)
                .forEach(summary -> reports.forEachLine(
                        summary,
                        line -> blobs.addFailed(
                                Digest.parse(line.path(FAILED_FIELD).asText()))));
        try (Stream<ListedBlob> inTarget = ListedBlob.listCurrent(context.target())) {
            inTarget.forEach(blob -> blobs.addListed(blob.digest()));
        }
    }

    private RestoreResult merge(List<ObjectNode> shares) {
        reports.startMerging(shares);
        reports.forEachFinding(shares, operation::report, line -> {});
        ObjectNode counts = JsonNodeFactory.instance.objectNode();
        boolean isComplete = true;
        for (ObjectNode share : shares) {
            isComplete &= share.path(COMPLETE_FIELD).asBoolean();
            IndexReports.addUp(counts, share.path(COUNTS_FIELD));
        }
        return new RestoreResult(isComplete, counts);
    }
}
