package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;

/**
 * The status of an operation.
 *
 * @param request the recorded request
 * @param state its state
 * @param run the record of the process that runs it, if one has started
 * @param reason why it failed, was cancelled or is lost, for people
 */
public record OperationStatus(
        OperationRequest request, OperationState state, Optional<RunRecord> run, Optional<String> reason) {

    /** The JSON form in responses. */
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
