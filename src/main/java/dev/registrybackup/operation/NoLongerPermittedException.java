package dev.registrybackup.operation;

/** The attempt has to stop: its operation was cancelled, or is carried on by a newer attempt. */
public final class NoLongerPermittedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public NoLongerPermittedException(String reason) {
        super(reason);
    }
}
