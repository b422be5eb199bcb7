package dev.registrybackup.reconcile.rclone;

/** The rclone program is missing, too old, or cannot be run; the message says what to install or to set. */
public final class RcloneUnusableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The message names the package to install or the property to set. */
    public RcloneUnusableException(String message) {
        super(message);
    }

    RcloneUnusableException(String message, Throwable cause) {
        super(message, cause);
    }
}
