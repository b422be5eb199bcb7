package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
import java.time.Instant;
import java.util.Optional;

/**
 * Blocks pruning until an operator acknowledges it.
 *
 * @param id its id
 * @param cause the kind of alarm, in a word
 * @param problem the problem, for people
 * @param raisedAt when it was raised, UTC
 * @param acknowledgement who acknowledged it and when; empty if it is open
 */
public record Alarm(String id, String cause, String problem, Instant raisedAt, Optional<String> acknowledgement) {
    /** Whether it is not acknowledged. */
    public boolean isOpen() {
        return acknowledgement.isEmpty();
    }

    Alarm acknowledged(Instant when, String by) {
        return new Alarm(id, cause, problem, raisedAt, Optional.of(when + " by " + by));
    }

    /** The JSON form in records and reports. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("id", id)
                .put("cause", cause)
                .put("problem", problem)
                .put("raisedAt", raisedAt.toString());
        acknowledgement.ifPresent(how -> json.put("acknowledged", how));
        return json;
    }

    /** An unreadable record counts as an open alarm, because nothing shows that it was acknowledged. */
    static Alarm parse(String id, String text) {
        return MetadataStore.parse(text)
                .flatMap(json -> MetadataStore.parseTime(json, "raisedAt")
                        .map(raised -> new Alarm(
                                id,
                                json.path("cause").asText(),
                                json.path("problem").asText(),
                                raised,
                                Optional.ofNullable(json.get("acknowledged")).map(JsonNode::asText))))
                .orElseGet(() -> new Alarm(
                        id, "unreadable", "The alarm's record cannot be read", Instant.EPOCH, Optional.empty()));
    }
}
