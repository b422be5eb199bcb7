package dev.registrybackup.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.reconcile.AdoptionResult.Outcome;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * How far an adoption is: every blob up to a key is settled.
 *
 * @param after the key, in key order; empty before the first
 * @param proved how many blobs up to there are good
 * @param bytes how many bytes those have
 * @param since when the adoption began, UTC
 */
record AdoptionCheckpoint(String after, long proved, long bytes, Instant since) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static AdoptionCheckpoint start(Instant since) {
        return new AdoptionCheckpoint("", 0, 0, since);
    }

    boolean covers(String key) {
        return key.compareTo(after) <= 0;
    }

    /** The next blob in key order is settled too. */
    AdoptionCheckpoint past(String key, AdoptionResult adoptionResult) {
        boolean isGood = adoptionResult.outcome() == Outcome.PROVED || adoptionResult.outcome() == Outcome.REPLACED;
        return new AdoptionCheckpoint(key, proved + (isGood ? 1 : 0), bytes + adoptionResult.bytes(), since);
    }

    String json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("after", after)
                .put("proved", proved)
                .put("bytes", bytes)
                .put("since", since.toString())
                .toString();
    }

    /** What {@link #json} made; empty if it is anything else. */
    static Optional<AdoptionCheckpoint> of(String json) {
        try {
            JsonNode root = JSON.readTree(json);
            boolean isWhole = root.path("after").isTextual()
                    && root.path("proved").canConvertToLong()
                    && root.path("bytes").canConvertToLong();
            return isWhole
                    ? Optional.of(new AdoptionCheckpoint(
                            root.path("after").asText(),
                            root.path("proved").asLong(),
                            root.path("bytes").asLong(),
                            Instant.parse(root.path("since").asText())))
                    : Optional.empty();
        } catch (JsonProcessingException | DateTimeException e) {
            return Optional.empty();
        }
    }
}
