package dev.registrybackup.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.ledger.RecordObjects;
import dev.registrybackup.ledger.RecordObjects.Stored;
import dev.registrybackup.ledger.RewrittenRecord;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * How many of the items of all ImageStreams could be restored when everything was last verified, under {@value #KEY}.
 * Blocks; throws {@link dev.registrybackup.store.ObjectStoreException} if the backup did not do its part.
 */
public final class RestorableShare {
    /** Where it lies. */
    public static final String KEY = RegistryLayout.BOOKKEEPING_PREFIX + "openshift/restorable";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final RecordObjects records;

    /**
     * What is on record.
     *
     * @param at when it was true, UTC
     * @param items how many items of ImageStreams have to be restorable
     * @param restorable how many are
     */
    public record Said(Instant at, long items, long restorable) {
        /** The share that is restorable, from 0 to 1; 1 if there are no items. */
        public double share() {
            return items == 0 ? 1 : (double) restorable / items;
        }
    }

    /** That of this backup. */
    public RestorableShare(ObjectStore backup) {
        this.records = new RecordObjects(backup);
    }

    /** What is on record; empty if there is no record that can be understood. */
    public Optional<Said> read() {
        return records.read(KEY).flatMap(stored -> parse(stored.json()));
    }

    void write(StreamItems items, Instant at) {
        String json = JsonNodeFactory.instance
                .objectNode()
                .put("at", at.toString())
                .put("snapshot", items.snapshot().toString())
                .put("items", items.managed())
                .put("restorable", items.restorable())
                .toString();
        new RewrittenRecord(records, KEY, records.read(KEY).flatMap(Stored::version)).write(json);
    }

    private static Optional<Said> parse(String text) {
        try {
            JsonNode json = JSON.readTree(text);
            return Optional.of(new Said(
                    Instant.parse(json.path("at").asText()),
                    json.path("items").asLong(),
                    json.path("restorable").asLong()));
        } catch (JsonProcessingException | DateTimeException e) {
            return Optional.empty();
        }
    }
}
