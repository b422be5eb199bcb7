package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
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
import java.util.stream.IntStream;

/**
 * The reports that the indexes of a divided operation write for each other, one for each stage of the work, beside the
 * operation's own report. A stage's report counts once its summary is there, which is written last: nothing follows
 * from the files of an index that died. Blocks; each method throws {@link ObjectStoreException} if the bucket did not
 * answer. For one thread.
 */
public final class IndexReports {
    private static final String DONE_FIELD = "done";
    private static final String OBJECTS_FIELD = "objects";
    private static final String BYTES_FIELD = "bytes";

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
        return writer(stage, operation.index().number());
    }

    /** As {@link #writer(String)}, of a stage whose reports are numbered otherwise than by index. */
    public ReportWriter writer(String stage, int number) {
        return new ReportWriter(backup, isOpenShift, operation.fence(), keyPrefix(stage, number));
    }

    /** The summary of this index, perhaps of an earlier attempt; empty unless it has finished the stage. */
    public Optional<ObjectNode> ownSummary(String stage) {
        return summary(stage, operation.index().number());
    }

    /** The summary of the report of a stage with this number; empty unless it is finished. */
    public Optional<ObjectNode> summary(String stage, int number) {
        return reader.readSummaryOf(keyPrefix(stage, number));
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
     * Waits until all indexes have finished the stage, and returns their summaries by index.
     *
     * @throws FencedException if the operation was cancelled or replaced
     */
    public List<ObjectNode> await(String stage) {
        return IntStream.range(0, operation.index().completions())
                .mapToObj(index -> await(stage, index))
                .toList();
    }

    /**
     * Waits until this index has finished the stage, and returns its summary. Kubernetes repeats an index that died;
     * meanwhile the phase shows which one is awaited.
     *
     * @throws FencedException if the operation was cancelled or replaced
     */
    public ObjectNode await(String stage, int index) {
        for (Duration interval = FIRST_POLL_INTERVAL; ; interval = longer(interval)) {
            operation.checkFence();
            Optional<ObjectNode> summary = summary(stage, index);
            if (summary.isPresent()) {
                return summary.get();
            }
            operation.phase("waiting for index " + index);
            workerPools.sleep(interval);
        }
    }

    private static Duration longer(Duration interval) {
        Duration twice = interval.multipliedBy(2);
        return twice.compareTo(MAX_POLL_INTERVAL) < 0 ? twice : MAX_POLL_INTERVAL;
    }

    /** Visits the lines of the report with this summary, which names its files: others may be of an attempt that died. */
    public void forEachLine(ObjectNode summary, Consumer<ObjectNode> each) {
        summary.path("reports").forEach(key -> reader.forEachLine(key.asText(), each));
    }

    /**
     * Visits the findings of the reports with these summaries, and of a blob each only once, because several indexes
     * may find it.
     *
     * @param other receives the lines that are not findings
     */
    public void forEachFinding(List<ObjectNode> summaries, Consumer<Finding> each, Consumer<ObjectNode> other) {
        Set<String> blobs = new HashSet<>();
        Consumer<ObjectNode> eachLine = line -> Finding.parse(line)
                .ifPresentOrElse(
                        found -> {
                            boolean isBlob = found.blob().isPresent();
                            if (!isBlob || blobs.add(found.code() + found.subject())) {
                                each.accept(found);
                            }
                        },
                        () -> other.accept(line));
        summaries.forEach(summary -> forEachLine(summary, eachLine));
    }

    /** Finishes a report with this summary, to which it adds how much this process has done. */
    public void finish(ReportWriter writer, ObjectNode summary) {
        ProgressTracker.Progress progress = operation.progress().progress();
        summary.putObject(DONE_FIELD).put(OBJECTS_FIELD, progress.objectsDone()).put(BYTES_FIELD, progress.bytesDone());
        writer.finish(summary);
    }

    /** Starts to merge the reports with these summaries: the progress starts again, with what all indexes have done. */
    public void startMerging(List<ObjectNode> summaries) {
        operation.progress().restart();
        operation.phase("merging");
        for (ObjectNode summary : summaries) {
            long objects = summary.path(DONE_FIELD).path(OBJECTS_FIELD).asLong();
            long bytes = summary.path(DONE_FIELD).path(BYTES_FIELD).asLong();
            operation.progress().addExpected(objects, bytes);
            operation.progress().addDone(objects, bytes);
        }
    }

    private String keyPrefix(String stage, int number) {
        return ReportWriter.PREFIX + id + "/" + stage + "-" + number + "-";
    }

    /** Adds up the numbers of both, by name, and keeps the first elements of their lists. */
    public static void addUp(ObjectNode sum, JsonNode counts) {
        counts.properties().forEach(field -> {
            String name = field.getKey();
            if (field.getValue().isObject()) {
                addUp(sum.withObject("/" + name), field.getValue());
            } else if (field.getValue() instanceof ArrayNode elements) {
                ArrayNode listed = sum.withArray("/" + name);
                elements.forEach(element -> {
                    if (listed.size() < ProgressTracker.MAX_FINDINGS) {
                        listed.add(element);
                    }
                });
            } else {
                sum.put(name, sum.path(name).asLong() + field.getValue().asLong());
            }
        });
    }
}
