package dev.registrybackup.notification;

/** One record is unreadable. Never leaves this package: it becomes a problem of its notification. */
final class UnreadableRecordException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreadableRecordException(String message) {
        super(message);
    }
}
