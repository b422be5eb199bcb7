package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;

/**
 * What was asked for.
 *
 * @param id its name
 * @param kind what is to be done
 * @param slot what it needs for itself alone, such as the store it writes to
 * @param parameters how it is to be done, as its {@link OperationHandler} understands them; no secrets, since it goes on record
 * @param requestedBy who asked, for a human
 * @param requestedAt when, UTC
 */
public record OperationRequest(
        OperationId id,
        OperationKind kind,
        String slot,
        ObjectNode parameters,
        String requestedBy,
        Instant requestedAt) {
    /** Keeps its own copy of the parameters. */
    public OperationRequest {
        parameters = parameters.deepCopy();
    }

    /** How it is to be done; a copy. */
    @Override
    public ObjectNode parameters() {
        return parameters.deepCopy();
    }

    ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("id", id.value()).put("kind", kind.label()).put("lock", slot);
        root.set("parameters", parameters());
        return root.put("requestedBy", requestedBy).put("requestedAt", requestedAt.toString());
    }

    static OperationRequest parse(OperationId id, String json) throws IOException {
        JsonReader fields = JsonReader.parse(json);
        String kind = fields.text("kind");
        return new OperationRequest(
                id,
                OperationKind.fromLabel(kind).orElseThrow(() -> new IOException("an unknown kind in it: " + kind)),
                fields.text("lock"),
                fields.object("parameters").orElseThrow(() -> new IOException("no parameters in it")),
                fields.text("requestedBy"),
                fields.time("requestedAt"));
    }
}
