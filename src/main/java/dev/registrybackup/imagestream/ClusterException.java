package dev.registrybackup.imagestream;

/** The cluster's API did not do something. The message says what was asked of it, on what, what it said and what helps. */
public final class ClusterException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ClusterError error;

    /** It failed for that reason. */
    public ClusterException(ClusterError error, String message) {
        super(message);
        this.error = error;
    }

    /** It failed for that reason, with what the client said. */
    public ClusterException(ClusterError error, String message, Throwable cause) {
        super(message, cause);
        this.error = error;
    }

    /** Why. */
    public ClusterError error() {
        return error;
    }
}
