package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The counts and findings of what a restore does in the cluster. For one thread. */
final class ClusterRestoreReport {
    private final OperationContext operation;
    private final Map<Count, Long> counts = new EnumMap<>(Count.class);

    private boolean isComplete = true;

    /** What is counted. */
    enum Count {
        IMAGE_STREAMS("imageStreams"),
        STREAMS_CREATED("streamsCreated"),
        IMAGES_CREATED("imagesCreated"),
        IMAGES_PRESENT("imagesPresent"),
        TAGS_CHANGED("tagsChanged"),
        ITEMS_SKIPPED("itemsSkipped"),
        CONFLICTS("conflicts"),
        TAGS_VERIFIED("tagsVerified");

        private final String label;

        Count(String label) {
            this.label = label;
        }
    }

    /** An empty report that passes its findings to this operation. */
    ClusterRestoreReport(OperationContext operation) {
        this.operation = operation;
    }

    /** The operation, whose fence is checked before each write. */
    OperationContext operation() {
        return operation;
    }

    void count(Count what, long more) {
        counts.merge(what, more, Long::sum);
    }

    /** Reports something that was not restored as it was captured; the restore is then incomplete. */
    void addIncomplete(FindingCode code, String subject, String problem) {
        isComplete = false;
        addNote(code, subject, problem);
    }

    /** Reports a difference that is intended. */
    void addNote(FindingCode code, String subject, String problem) {
        operation.report(new Finding(code, subject, problem));
    }

    boolean isComplete() {
        return isComplete;
    }

    /** Adds the counts to a log line: {@code image-streams=2 streams-created=1}. */
    void addTo(LogEvent line) {
        for (Count count : Count.values()) {
            line.with(count.name().toLowerCase(Locale.ROOT).replace('_', '-'), counts.getOrDefault(count, 0L));
        }
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        for (Count count : Count.values()) {
            json.put(count.label, counts.getOrDefault(count, 0L));
        }
        return json;
    }
}
