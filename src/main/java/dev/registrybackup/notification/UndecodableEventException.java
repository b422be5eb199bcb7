package dev.registrybackup.notification;

/** A payload is JSON but nothing a store is known to send, so that sending it again cannot help. */
public final class UndecodableEventException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UndecodableEventException(String message) {
        super(message);
    }

    UndecodableEventException(String message, Throwable cause) {
        super(message, cause);
    }
}
