package dev.registrybackup.objectstore;

/**
 * A store failed. Any of these may succeed later: only an object's bytes decide whether it can never be copied, not its
 * store.
 */
public final class ObjectStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final StoreError error;

    /** Carries the reason, and a message that names the action, the object and the cause. */
    public ObjectStoreException(StoreError error, String message, Throwable cause) {
        super(message, cause);
        this.error = error;
    }

    /** The same without a cause. */
    public ObjectStoreException(StoreError error, String message) {
        super(message);
        this.error = error;
    }

    /** The reason. */
    public StoreError error() {
        return error;
    }
}
