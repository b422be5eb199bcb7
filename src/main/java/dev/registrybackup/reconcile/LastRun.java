package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.util.Optional;

/**
 * The record of the last reconciliation, under {@value #KEY}: its summary, when the last successful run began and ended, and
 * when the last complete one began. A run is successful if it compared every key; it is complete if nothing remains, such
 * as a blob that is corrupt in the registry. Blocks.
 */
public final class LastRun {
    /** The key of the record. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "reconcile/last";

    private final MetadataStore records;

    /**
     * The content of the record.
     *
     * @param summary the last run's summary
     * @param lastSuccessStartedAt when the last successful run began, UTC; empty if there was none
     * @param lastSuccessFinishedAt when it ended, UTC
     * @param lastCompleteStartedAt when the last complete run began, UTC; empty if there was none
     */
    public record LastRunRecord(
            ObjectNode summary,
            Optional<Instant> lastSuccessStartedAt,
            Optional<Instant> lastSuccessFinishedAt,
            Optional<Instant> lastCompleteStartedAt) {
        private static final LastRunRecord NONE = new LastRunRecord(
                JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty(), Optional.empty());

        /** Keeps its own copy of the summary. */
        public LastRunRecord {
            summary = summary.deepCopy();
        }
    }

    /** Uses the record in this backup. */
    public LastRun(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /** The record; an empty one if there is none, or it cannot be read. */
    public LastRunRecord read() {
        return parse(records.read(KEY));
    }

    void write(ObjectNode summary, boolean isSuccess, boolean isComplete, Instant begun, Instant ended) {
        records.update(KEY, before -> {
            LastRunRecord lastRunRecord = parse(before);
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.set("summary", summary);
            MetadataStore.putTime(
                    json,
                    "lastSuccessStartedAt",
                    isSuccess ? Optional.of(begun) : lastRunRecord.lastSuccessStartedAt());
            MetadataStore.putTime(
                    json,
                    "lastSuccessFinishedAt",
                    isSuccess ? Optional.of(ended) : lastRunRecord.lastSuccessFinishedAt());
            MetadataStore.putTime(
                    json,
                    "lastCompleteStartedAt",
                    isComplete ? Optional.of(begun) : lastRunRecord.lastCompleteStartedAt());
            return json;
        });
    }

    private static LastRunRecord parse(ObjectNode json) {
        return json.path("summary") instanceof ObjectNode summary
                ? new LastRunRecord(
                        summary,
                        MetadataStore.parseTime(json, "lastSuccessStartedAt"),
                        MetadataStore.parseTime(json, "lastSuccessFinishedAt"),
                        MetadataStore.parseTime(json, "lastCompleteStartedAt"))
                : LastRunRecord.NONE;
    }
}
