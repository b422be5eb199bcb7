package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/** Where operations are asked for, watched, cancelled and resumed. Safe for use by many threads; blocks. */
public final class OperationService {
    private static final System.Logger LOGGER = System.getLogger(OperationService.class.getName());

    private final Operations operations;
    private final OperationRunner operationRunner;

    /** Records operations there, and has them run by that runner. */
    public OperationService(Operations operations, OperationRunner operationRunner) {
        this.operations = operations;
        this.operationRunner = operationRunner;
    }

    /**
     * Puts the operation on record and has it started. If it cannot be started it is forgotten.
     *
     * @throws ConflictException if another operation has the slot
     * @throws OperationNotStartedException if it could not be started
     */
    public OperationStatus submit(OperationKind kind, String slot, ObjectNode parameters, String askedBy) {
        OperationRequest request = operations.create(kind, slot, parameters, askedBy);
        try {
            operationRunner.start(request);
        } catch (RuntimeException e) {
            discard(request, e);
            throw e;
        }
        LogEvent.of("operation-submitted")
                .with("id", request.id())
                .with("kind", kind.label())
                .with("lock", slot)
                .with("by", askedBy)
                .log(LOGGER, Level.INFO);
        return pending(request);
    }

    private void discard(OperationRequest request, RuntimeException failure) {
        try {
            operations.discard(request);
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Has a new attempt made at an operation that nobody works on and that is not done.
     *
     * @param by who wants it, for a human
     * @throws NoSuchOperationException if there is no such operation
     * @throws NotResumableException if it is at work, done for good or cancelled
     * @throws ConflictException if another operation has its slot
     * @throws OperationNotStartedException if it could not be started
     */
    public OperationStatus resume(OperationId id, String by) {
        OperationRequest request = operations.requireResumable(id, operationRunner);
        operationRunner.start(request);
        LogEvent.of("operation-resumed")
                .with("id", id)
                .with("kind", request.kind().label())
                .with("by", by)
                .log(LOGGER, Level.INFO);
        return pending(request);
    }

    private static OperationStatus pending(OperationRequest request) {
        return new OperationStatus(request, OperationState.PENDING, Optional.empty(), Optional.empty());
    }

    /** How that operation stands; empty if there is none. */
    public Optional<OperationStatus> status(OperationId id) {
        return operations.status(id, operationRunner);
    }

    /** How the newest operations stand, so many at the most, the newest first. */
    public List<OperationStatus> listNewest(int most) {
        return operations.listNewest(most, operationRunner);
    }

    /** Asks the operation to end, and tells how it stands then, which may still be running; empty if there is none. */
    public Optional<OperationStatus> cancel(OperationId id, String by) {
        operations.cancel(id, by);
        Optional<OperationStatus> status = status(id);
        status.filter(now -> now.state() == OperationState.CANCELLED)
                .filter(now -> now.attempt().isEmpty())
                .ifPresent(now -> operationRunner.abandon(now.request()));
        return status;
    }
}
