package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
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
    private static final String DONE_FIELD = "done";

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
            ProgressTracker.Progress progress = operation.progress().progress();
            summary.putObject(DONE_FIELD).put("objects", progress.objectsDone()).put("bytes", progress.bytesDone());
            writer.finish(summary);
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
        reports.await(BLOBS);
        reports.forEachLine(
                BLOBS,
                line -> blobs.addFailed(Digest.parse(line.path(FAILED_FIELD).asText())));
        try (Stream<ListedBlob> inTarget = ListedBlob.listCurrent(context.target())) {
            inTarget.forEach(blob -> blobs.addListed(blob.digest()));
        }
    }

    private RestoreResult merge(List<ObjectNode> shares) {
        operation.progress().restart();
        operation.phase("merging");
        reports.forEachFinding(SHARE, operation::report, line -> {});
        ObjectNode counts = JsonNodeFactory.instance.objectNode();
        boolean isComplete = true;
        for (ObjectNode share : shares) {
            isComplete &= share.path(COMPLETE_FIELD).asBoolean();
            add(counts, share.path(COUNTS_FIELD));
            JsonNode done = share.path(DONE_FIELD);
            operation
                    .progress()
                    .addExpected(
                            done.path("objects").asLong(), done.path("bytes").asLong());
            operation
                    .progress()
                    .addDone(done.path("objects").asLong(), done.path("bytes").asLong());
        }
        return new RestoreResult(isComplete, counts);
    }

    /** Adds up {@link RestoreCounts#json}, whatever its numbers are. */
    private static void add(ObjectNode sum, JsonNode counts) {
        counts.properties().forEach(field -> {
            String name = field.getKey();
            if (field.getValue().isObject()) {
                add(sum.withObject("/" + name), field.getValue());
            } else if (field.getValue() instanceof ArrayNode findings) {
                ArrayNode listed = sum.withArray("/" + name);
                findings.forEach(finding -> {
                    if (listed.size() < ProgressTracker.MAX_FINDINGS) {
                        listed.add(finding);
                    }
                });
            } else {
                sum.put(name, sum.path(name).asLong() + field.getValue().asLong());
            }
        });
    }
}
