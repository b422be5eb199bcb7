package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.ProgressTracker;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What the commands do. Each blocks, answers in JSON as the route of the same name does, and throws {@link
 * IllegalArgumentException} for an invalid request.
 */
public interface Backend {
    /** What a restore would come to. */
    ObjectNode plan(ObjectNode request);

    /** What would hinder a restore into a cluster; if none is named, whether all is there that the backup needs. */
    ObjectNode preflight(ObjectNode request);

    /** Records an operation and runs it in this process. Returns it as it is at its end; reports progress now and then. */
    ObjectNode run(OperationKind kind, ObjectNode request, Consumer<ProgressTracker.Progress> progress);

    /** Runs an operation on record in this process, and returns it as it is at its end. */
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

    /** One repository as it is now, or a page of all as they were last verified. */
    ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit);
}
