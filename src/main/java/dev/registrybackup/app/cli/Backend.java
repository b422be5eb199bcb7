package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.ProgressTracker;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What the commands do. Each blocks, answers in JSON as the function of the same name does, and throws {@link
 * IllegalArgumentException} for what is no request.
 */
public interface Backend {
    /** What a restore would come to. */
    ObjectNode plan(ObjectNode request);

    /** What would hinder a restore into a cluster; if none is named, whether all is there that the backup needs. */
    ObjectNode preflight(ObjectNode request);

    /** Does it in this process, and tells how it stands at its end; now and then how far it is. */
    ObjectNode run(OperationKind kind, ObjectNode request, Consumer<ProgressTracker.Progress> progress);

    /** Makes an attempt at an operation on record in this process, and tells how it stands at its end. */
    ObjectNode runOperation(String id, Consumer<ProgressTracker.Progress> progress);

    /** Brings into the backup what the registry has and the backup lacks, and counts what became of it. */
    ObjectNode firstFill(Consumer<ProgressTracker.Progress> progress);

    /** How one operation stands. */
    ObjectNode operation(String id);

    /** How the newest operations stand. */
    ObjectNode operations();

    /** Ends an operation. */
    ObjectNode cancel(String id);

    /** One repository as it is now, or a page of all as they were last verified. */
    ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit);
}
