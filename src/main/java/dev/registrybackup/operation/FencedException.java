package dev.registrybackup.operation;

/** The work of an operation has to stop: the operation was cancelled, or another process runs it now. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public FencedException(String reason) {
        super(reason);
    }
}
