package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;

/**
 * How an operation stands.
 *
 * @param request what was asked for
 * @param state how it stands
 * @param run what the process that runs it has recorded, if one has begun
 * @param reason why it stands so, for a human: of what failed, was cancelled or is lost
 */
public record OperationStatus(
        OperationRequest request, OperationState state, Optional<RunRecord> run, Optional<String> reason) {

    /** All of it, as it is answered. */
    public ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("id", request.id().value())
                .put("kind", request.kind().label())
                .put("state", state.label())
                .put("lock", request.slot());
        root.set("parameters", request.parameters());
        root.put("requestedBy", request.requestedBy())
                .put("requestedAt", request.requestedAt().toString());
        run.ifPresent(recorded -> recorded.putTimes(root.putObject("run").put("runner", recorded.runner())));
        run.ifPresentOrElse(
                recorded -> recorded.putProgress(root),
                () -> ProgressJson.put(root, new ProgressTracker().progress(), Duration.ZERO));
        reason.ifPresent(why -> root.put("reason", why));
        return root;
    }
}
