package dev.registrybackup.operation;

/** An operation's work must stop: the operation was cancelled, or another process runs it now. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The message says why it must stop. */
    public FencedException(String reason) {
        super(reason);
    }
}
