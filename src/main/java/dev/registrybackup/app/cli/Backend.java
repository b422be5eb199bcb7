package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.ProgressTracker;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Does the work of the commands. Each method blocks, returns the JSON of the route with the same name, and throws
 * {@link IllegalArgumentException} for an invalid request.
 */
public interface Backend {
    /** Plans a restore and writes nothing. */
    ObjectNode plan(ObjectNode request);

    /** Checks the prerequisites of the given restore, or without one those of the backup. */
    ObjectNode preflight(ObjectNode request);

    /** Sends a canary and waits for its event. Returns the checks, as {@link #preflight} does. */
    ObjectNode canary();

    /** Records an operation and runs it in this process. Returns its final status; reports progress meanwhile. */
    ObjectNode run(OperationKind kind, ObjectNode request, Consumer<ProgressTracker.Progress> progress);

    /** Runs a recorded operation in this process and returns its final status. */
    ObjectNode runOperation(String id, Consumer<ProgressTracker.Progress> progress);

    /** Shows an operation. */
    ObjectNode operation(String id);

    /** Lists the newest operations. */
    ObjectNode operations();

    /** Cancels an operation. */
    ObjectNode cancel(String id);

    /** Acknowledges a finding until then, of that code and subject. Returns all that are acknowledged. */
    ObjectNode acknowledge(FindingCode code, String subject, Instant until);

    /** Lists the findings that are acknowledged now. */
    ObjectNode acknowledged();

    /** One repository in its current state, or a page of all as of their last verification. */
    ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit);
}
