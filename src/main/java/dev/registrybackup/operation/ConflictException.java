package dev.registrybackup.operation;

/** Another operation has for itself what this one needs for itself. */
public final class ConflictException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final OperationId running;

    /** Says which one has it. */
    public ConflictException(OperationId running, OperationRequest asked) {
        super("Failed to start to %s %s: operation %s does so already. Wait for its end, or cancel it"
                .formatted(asked.kind().label(), asked.slot(), running));
        this.running = running;
    }

    /** The operation that has it. */
    public OperationId running() {
        return running;
    }
}
