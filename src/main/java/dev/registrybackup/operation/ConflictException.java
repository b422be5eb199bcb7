package dev.registrybackup.operation;

/** Another operation has the lock that this one needs. */
public final class ConflictException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final OperationId running;

    /** The message names the other operation and what to do. */
    public ConflictException(OperationId running, OperationRequest requested) {
        super("Failed to %s %s: operation %s already does so. Wait for it to finish, or cancel it"
                .formatted(requested.kind().label(), requested.slot(), running));
        this.running = running;
    }

    /** The operation that has the lock. */
    public OperationId running() {
        return running;
    }
}
