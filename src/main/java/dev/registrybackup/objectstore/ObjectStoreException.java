package dev.registrybackup.objectstore;

/**
 * A store did not do what it was asked. All of these may pass when tried again later: whether an object can never be
 * copied is told by its bytes, not by its store.
 */
public final class ObjectStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final StoreError error;

    /** Carries the reason, and a message that names the action, the object and the cause. */
    public ObjectStoreException(StoreError error, String message, Throwable cause) {
        super(message, cause);
        this.error = error;
    }

    /** As the other, where nothing was thrown below. */
    public ObjectStoreException(StoreError error, String message) {
        super(message);
        this.error = error;
    }

    /** The reason. */
    public StoreError error() {
        return error;
    }
}
