package dev.registrybackup.operation;

/** A runner could not start an operation; the message says why and what to do about it. */
public final class OperationNotStartedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The message says why and what to do. */
    public OperationNotStartedException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The same without a cause. */
    public OperationNotStartedException(String message) {
        super(message);
    }
}
