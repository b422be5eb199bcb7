package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;

/**
 * The recorded request for an operation.
 *
 * @param id its id
 * @param kind its kind
 * @param slot what it locks, such as the store that it writes to
 * @param parameters its parameters, as its {@link OperationHandler} reads them; no secrets, because they are recorded
 * @param requestedBy who requested it, for people
 * @param requestedAt when it was requested, UTC
 */
public record OperationRequest(
        OperationId id,
        OperationKind kind,
        String slot,
        ObjectNode parameters,
        String requestedBy,
        Instant requestedAt) {
    /** Copies the parameters. */
    public OperationRequest {
        parameters = parameters.deepCopy();
    }

    /** A copy of its parameters. */
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
                OperationKind.fromLabel(kind).orElseThrow(() -> new IOException("unknown kind: " + kind)),
                fields.text("lock"),
                fields.object("parameters").orElseThrow(() -> new IOException("field \"parameters\" is missing")),
                fields.text("requestedBy"),
                fields.time("requestedAt"));
    }
}
