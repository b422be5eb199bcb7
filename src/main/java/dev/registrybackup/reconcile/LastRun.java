package dev.registrybackup.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.ledger.RecordObjects;
import dev.registrybackup.ledger.RecordObjects.Stored;
import dev.registrybackup.ledger.RewrittenRecord;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * What the last reconciliation came to, under {@value #KEY}: its summary, and when the last one began and ended that left
 * nothing. Blocks.
 */
public final class LastRun {
    /** Where it lies. */
    public static final String KEY = RegistryLayout.BOOKKEEPING_PREFIX + "reconcile/last";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final RecordObjects records;

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
        this.records = new RecordObjects(backup);
    }

    /** What is on record; nothing if there is no record that can be read. */
    public Said read() {
        return stored().map(stored -> parse(stored.json())).orElse(Said.NOTHING);
    }

    private Optional<Stored> stored() {
        return records.read(KEY);
    }

    void write(ObjectNode summary, boolean isSuccess, Instant begun, Instant ended) {
        Optional<Stored> before = stored();
        Said said = before.map(stored -> parse(stored.json())).orElse(Said.NOTHING);
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.set("summary", summary);
        put(json, "successBegun", isSuccess ? Optional.of(begun) : said.successBegun());
        put(json, "successEnded", isSuccess ? Optional.of(ended) : said.successEnded());
        new RewrittenRecord(records, KEY, before.flatMap(Stored::version)).write(json.toString());
    }

    private static void put(ObjectNode json, String name, Optional<Instant> time) {
        time.ifPresent(value -> json.put(name, value.toString()));
    }

    private static Said parse(String text) {
        try {
            JsonNode json = JSON.readTree(text);
            return json.path("summary") instanceof ObjectNode summary
                    ? new Said(summary, time(json, "successBegun"), time(json, "successEnded"))
                    : Said.NOTHING;
        } catch (JsonProcessingException | DateTimeException e) {
            return Said.NOTHING;
        }
    }

    private static Optional<Instant> time(JsonNode json, String name) {
        return json.has(name) ? Optional.of(Instant.parse(json.path(name).asText())) : Optional.empty();
    }
}
