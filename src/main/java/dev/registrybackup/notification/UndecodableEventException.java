package dev.registrybackup.notification;

/** A payload is JSON but no known notification. Sending it again does not help. */
public final class UndecodableEventException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UndecodableEventException(String message) {
        super(message);
    }

    UndecodableEventException(String message, Throwable cause) {
        super(message, cause);
    }
}
