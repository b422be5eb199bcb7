package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The reports that the indexes of a divided operation write for each other, one for each stage of the work, beside the
 * operation's own report. A stage's report counts once its summary is there, which is written last: nothing follows
 * from the files of an index that died. Blocks; each method throws {@link ObjectStoreException} if the bucket did not
 * answer. For one thread.
 */
public final class IndexReports {
    private static final Duration FIRST_POLL_INTERVAL = Duration.ofMillis(100);
    private static final Duration MAX_POLL_INTERVAL = Duration.ofSeconds(10);

    private final ObjectStore backup;
    private final String id;
    private final boolean isOpenShift;
    private final OperationContext operation;
    private final WorkerPools workerPools;
    private final ReportReader reader;

    /**
     * The reports of this operation's indexes.
     *
     * @param id the operation's id
     * @param isOpenShift as for {@link ReportWriter}
     */
    public IndexReports(
            ObjectStore backup, String id, boolean isOpenShift, OperationContext operation, WorkerPools workerPools) {
        this.backup = backup;
        this.id = id;
        this.isOpenShift = isOpenShift;
        this.operation = operation;
        this.workerPools = workerPools;
        this.reader = new ReportReader(backup);
    }

    /** When the operation was requested, UTC: before any index started. */
    public Instant requestedAt() {
        return new OperationId(id).requestedAt();
    }

    /** Writes this index's report of a stage, in place of that of an attempt that died. */
    public ReportWriter writer(String stage) {
        return new ReportWriter(
                backup,
                isOpenShift,
                operation.fence(),
                keyPrefix(stage, operation.index().number()));
    }

    /** The summary of this index, perhaps of an earlier attempt; empty unless it has finished the stage. */
    public Optional<ObjectNode> ownSummary(String stage) {
        return summary(stage, operation.index().number());
    }

    /** The summaries of a stage by index; empty unless all indexes have finished it. */
    public Optional<List<ObjectNode>> summaries(String stage) {
        List<ObjectNode> summaries = new ArrayList<>();
        for (int index = 0; index < operation.index().completions(); index++) {
            Optional<ObjectNode> summary = summary(stage, index);
            if (summary.isEmpty()) {
                return Optional.empty();
            }
            summaries.add(summary.get());
        }
        return Optional.of(summaries);
    }

    /**
     * Waits until all indexes have finished the stage. Kubernetes repeats an index that died; meanwhile the phase shows
     * which one is awaited.
     *
     * @throws FencedException if the operation was cancelled or replaced
     */
    public void await(String stage) {
        Duration interval = FIRST_POLL_INTERVAL;
        for (int index = 0; index < operation.index().completions(); ) {
            operation.checkFence();
            if (summary(stage, index).isPresent()) {
                index++;
            } else {
                operation.phase("waiting for index " + index);
                workerPools.sleep(interval);
                Duration longer = interval.multipliedBy(2);
                interval = longer.compareTo(MAX_POLL_INTERVAL) < 0 ? longer : MAX_POLL_INTERVAL;
            }
        }
    }

    /** Visits the lines of a stage's reports, index by index. All must have finished it. */
    public void forEachLine(String stage, Consumer<ObjectNode> each) {
        for (int index = 0; index < operation.index().completions(); index++) {
            forEachLine(stage, index, each);
        }
    }

    /**
     * Visits the findings of a stage's reports, and of a blob each only once, because several indexes may find it.
     *
     * @param other receives the lines that are not findings
     */
    public void forEachFinding(String stage, Consumer<Finding> each, Consumer<ObjectNode> other) {
        Set<String> blobs = new HashSet<>();
        forEachLine(
                stage,
                line -> Finding.parse(line)
                        .ifPresentOrElse(
                                found -> {
                                    boolean isBlob = found.blob().isPresent();
                                    if (!isBlob || blobs.add(found.code() + found.subject())) {
                                        each.accept(found);
                                    }
                                },
                                () -> other.accept(line)));
    }

    /** Visits the lines of this index's report of a stage that it has finished. */
    public void forEachOwnLine(String stage, Consumer<ObjectNode> each) {
        forEachLine(stage, operation.index().number(), each);
    }

    private void forEachLine(String stage, int index, Consumer<ObjectNode> each) {
        // The files that the summary names: others may be of an attempt that died.
        summary(stage, index)
                .ifPresent(summary -> summary.path("reports").forEach(key -> reader.forEachLine(key.asText(), each)));
    }

    private Optional<ObjectNode> summary(String stage, int index) {
        return reader.readSummaryOf(keyPrefix(stage, index));
    }

    private String keyPrefix(String stage, int index) {
        return ReportWriter.PREFIX + id + "/" + stage + "-" + index + "-";
    }
}
