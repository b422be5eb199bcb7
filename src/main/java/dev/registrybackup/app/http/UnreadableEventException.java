package dev.registrybackup.app.http;

/** A request is not a valid CloudEvent; sending it again cannot help. */
public final class UnreadableEventException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreadableEventException(String message) {
        super(message, null, false, false);
    }
}
