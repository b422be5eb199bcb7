package dev.registrybackup.imagestream;

/** A request to the cluster's API failed. The message has the request, the object, the API's answer and the remedy. */
public final class ClusterException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ClusterError error;

    /** A failure without a cause. */
    public ClusterException(ClusterError error, String message) {
        super(message);
        this.error = error;
    }

    /** A failure with the client's exception. */
    public ClusterException(ClusterError error, String message, Throwable cause) {
        super(message, cause);
        this.error = error;
    }

    /** Why the request failed. */
    public ClusterError error() {
        return error;
    }
}
