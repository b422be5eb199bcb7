package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RepositoryName;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What was done in the cluster and what could not be. For one thread. */
final class ClusterRestoreReport {
    private final ProgressTracker progressTracker;
    private final Map<Count, Long> counts = new EnumMap<>(Count.class);
    /** Tags of which it was told why they are not as they were, as {@code ns/app:tag}. */
    private final Set<String> told = new HashSet<>();

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

    ClusterRestoreReport(ProgressTracker progressTracker) {
        this.progressTracker = progressTracker;
    }

    void count(Count what, long more) {
        counts.merge(what, more, Long::sum);
    }

    /** Something is not there as it was captured. */
    void reportIncomplete(FindingCode code, String subject, String problem) {
        isComplete = false;
        progressTracker.addFinding(new Finding(code, subject, problem));
    }

    /** Something differs that is to be left so. */
    void reportNote(FindingCode code, String subject, String problem) {
        progressTracker.addFinding(new Finding(code, subject, problem));
    }

    /** Of that tag it is told why it is not as it was. */
    void toldOf(RepositoryName stream, String tag) {
        told.add(stream + ":" + tag);
    }

    boolean isTold(RepositoryName stream, String tag) {
        return told.contains(stream + ":" + tag);
    }

    boolean isComplete() {
        return isComplete;
    }

    /** Adds the counts to a line of the log: {@code image-streams=2 streams-created=1}. */
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
