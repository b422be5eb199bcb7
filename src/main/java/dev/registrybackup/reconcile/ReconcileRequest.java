package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.RequestFields;
import java.util.Optional;
import java.util.Set;

/**
 * The parameters of a reconciliation.
 *
 * @param acknowledgedAlarm the alarm to acknowledge; empty for none
 */
public record ReconcileRequest(Optional<String> acknowledgedAlarm) {
    private static final String ACKNOWLEDGE = "acknowledge";

    /**
     * Parses a request: an object with {@code acknowledge}, or an empty one.
     *
     * @throws IllegalArgumentException if it is anything else; the message says what is wrong
     */
    public static ReconcileRequest parse(JsonNode json) {
        RequestFields.requireKnown(
                json,
                Set.of(ACKNOWLEDGE),
                "\"%s\" is not a field of a reconcile request: it may have \"acknowledge\", the id of an alarm");
        JsonNode acknowledged = json.path(ACKNOWLEDGE);
        boolean isNamed = acknowledged.isTextual() && !acknowledged.textValue().isBlank();
        if (!acknowledged.isMissingNode() && !isNamed) {
            throw new IllegalArgumentException("\"acknowledge\" must be the id of an alarm, a string");
        }
        return new ReconcileRequest(Optional.ofNullable(acknowledged.textValue()));
    }

    /** The JSON form in requests and records. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        acknowledgedAlarm.ifPresent(id -> json.put(ACKNOWLEDGE, id));
        return json;
    }
}
