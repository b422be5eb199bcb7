package dev.registrybackup.notification;

/** A payload is not JSON. Sending it again does not help. */
public final class NotJsonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotJsonException(String message) {
        super(message);
    }

    NotJsonException(String message, Throwable cause) {
        super(message, cause);
    }
}
