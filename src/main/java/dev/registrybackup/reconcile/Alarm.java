package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that a human has to look at before anything is removed.
 *
 * @param id its name
 * @param cause what kind of alarm it is, in a word
 * @param problem what was seen
 * @param raisedAt when, UTC
 * @param acknowledgement by whom and when it was acknowledged; empty if nobody has
 */
public record Alarm(String id, String cause, String problem, Instant raisedAt, Optional<String> acknowledgement) {
    /** Whether nobody has acknowledged it. */
    public boolean isOpen() {
        return acknowledgement.isEmpty();
    }

    Alarm acknowledged(Instant when, String by) {
        return new Alarm(id, cause, problem, raisedAt, Optional.of(when + " by " + by));
    }

    /** The form in which records and reports have it. */
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

    /** A record that cannot be understood is an alarm too: nobody has said that all is well. */
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
                        id, "unreadable", "The record of the alarm is none", Instant.EPOCH, Optional.empty()));
    }
}
