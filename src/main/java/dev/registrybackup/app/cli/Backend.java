package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.ProgressTracker;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Does the work of the commands. Each method blocks, returns the JSON of the route with the same name, and throws
 * {@link IllegalArgumentException} for an invalid request. What it records, it records as requested {@code by} this user.
 */
public interface Backend {
    /** Plans a restore and writes nothing. */
    ObjectNode plan(JsonNode request);

    /** Checks the prerequisites of the given restore, or without one those of the backup. */
    ObjectNode preflight(JsonNode request);

    /**
     * Sends a canary and waits for its event, at most a minute. Returns the report of the checks, and under {@code lost} how
     * many canaries in a row have been lost.
     */
    ObjectNode canary();

    /** Records an operation and runs it in this process. Returns its final status; reports progress meanwhile. */
    ObjectNode run(OperationKind kind, JsonNode request, String by, Consumer<ProgressTracker.Progress> progress);

    /** Runs a recorded operation in this process and returns its final status. */
    ObjectNode runOperation(String id, Consumer<ProgressTracker.Progress> progress);

    /** Shows an operation. Throws {@link dev.registrybackup.operation.NoSuchOperationException} if there is none. */
    ObjectNode operation(String id);

    /** Lists the newest operations. */
    ObjectNode operations();

    /** Cancels an operation. Throws {@link dev.registrybackup.operation.NoSuchOperationException} if there is none. */
    ObjectNode cancel(String id, String by);

    /** Acknowledges a finding until then, of that code and subject. Returns all that are acknowledged. */
    ObjectNode acknowledge(FindingCode code, String subject, Instant until, String by);

    /** Lists the findings that are acknowledged now. */
    ObjectNode acknowledged();

    /** One repository in its current state, or a page of all as of their last verification. */
    ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit);
}
