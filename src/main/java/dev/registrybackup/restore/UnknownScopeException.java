package dev.registrybackup.restore;

/** The backup has nothing of what is asked for. */
public final class UnknownScopeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownScopeException(String message) {
        super(message);
    }
}
