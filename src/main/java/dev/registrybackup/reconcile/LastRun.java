package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.LastRecord;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.util.Optional;

/**
 * What the last reconciliation came to, under {@value #KEY}: its summary, and when the last one began and ended that left
 * nothing. Blocks.
 */
public final class LastRun {
    /** Where it lies. */
    public static final String KEY = RegistryLayout.BOOKKEEPING_PREFIX + "reconcile/last";

    private final LastRecord record;

    /**
     * What was recorded.
     *
     * @param summary the last run's summary
     * @param successBegun when the last run began that left nothing, UTC; empty if there was none
     * @param successEnded when it ended, UTC
     */
    public record Said(ObjectNode summary, Optional<Instant> successBegun, Optional<Instant> successEnded) {
        private static final Said NOTHING =
                new Said(JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty());

        /** Keeps its own copy of the summary. */
        public Said {
            summary = summary.deepCopy();
        }
    }

    /** The last run of that backup. */
    public LastRun(ObjectStore backup) {
        this.record = new LastRecord(backup, KEY);
    }

    /** What is on record; nothing if there is no record that can be read. */
    public Said read() {
        return said(record.read());
    }

    void write(ObjectNode summary, boolean isSuccess, Instant begun, Instant ended) {
        record.rewrite(before -> {
            Said said = said(before);
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.set("summary", summary);
            LastRecord.put(json, "successBegun", isSuccess ? Optional.of(begun) : said.successBegun());
            LastRecord.put(json, "successEnded", isSuccess ? Optional.of(ended) : said.successEnded());
            return json;
        });
    }

    private static Said said(ObjectNode json) {
        return json.path("summary") instanceof ObjectNode summary
                ? new Said(summary, LastRecord.time(json, "successBegun"), LastRecord.time(json, "successEnded"))
                : Said.NOTHING;
    }
}
