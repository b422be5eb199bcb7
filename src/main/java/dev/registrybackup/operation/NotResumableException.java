package dev.registrybackup.operation;

/** The operation stands so that no new attempt at it makes sense; the message says how, and what to do instead. */
public final class NotResumableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotResumableException(OperationId id, OperationState state, String instead) {
        super("Operation %s is %s and cannot be resumed. %s".formatted(id, state.label(), instead));
    }
}
