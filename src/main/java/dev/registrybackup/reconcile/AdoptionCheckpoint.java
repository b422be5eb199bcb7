package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.reconcile.AdoptionResult.Outcome;
import java.time.Instant;
import java.util.Optional;

/**
 * How far an adoption is: every blob up to a key is settled.
 *
 * @param lastKey the key, in key order; empty before the first
 * @param verified how many blobs up to there are good
 * @param bytes how many bytes those have
 * @param startedAt when the adoption began, UTC
 */
record AdoptionCheckpoint(String lastKey, long verified, long bytes, Instant startedAt) {
    static AdoptionCheckpoint initial(Instant since) {
        return new AdoptionCheckpoint("", 0, 0, since);
    }

    boolean covers(String key) {
        return key.compareTo(lastKey) <= 0;
    }

    /** The next blob in key order is settled too. */
    AdoptionCheckpoint advance(String key, AdoptionResult adoptionResult) {
        boolean isGood = adoptionResult.outcome() == Outcome.VERIFIED || adoptionResult.outcome() == Outcome.REPLACED;
        return new AdoptionCheckpoint(key, verified + (isGood ? 1 : 0), bytes + adoptionResult.bytes(), startedAt);
    }

    String json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("lastKey", lastKey)
                .put("verified", verified)
                .put("bytes", bytes)
                .put("startedAt", startedAt.toString())
                .toString();
    }

    /** What {@link #json} made; empty if it is anything else. */
    static Optional<AdoptionCheckpoint> parse(String json) {
        return MetadataStore.parse(json)
                .filter(root -> root.path("lastKey").isTextual()
                        && root.path("verified").canConvertToLong()
                        && root.path("bytes").canConvertToLong())
                .flatMap(root -> MetadataStore.parseTime(root, "startedAt")
                        .map(since -> new AdoptionCheckpoint(
                                root.path("lastKey").asText(),
                                root.path("verified").asLong(),
                                root.path("bytes").asLong(),
                                since)));
    }
}
