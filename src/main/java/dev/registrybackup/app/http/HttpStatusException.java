package dev.registrybackup.app.http;

import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.ConflictException;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.OperationNotStartedException;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.UnknownScopeException;
import dev.registrybackup.restore.VersioningDisabledException;

/** A response other than 204, with its status and the reason for its body. */
public final class HttpStatusException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    public HttpStatusException(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    /** The failure of an API call or a scheduled operation with its status; an unexpected one unchanged: 500. */
    public static Throwable of(Throwable failure) {
        int status;
        if (failure instanceof IllegalArgumentException) {
            status = 400;
        } else if (failure instanceof UnknownScopeException || failure instanceof NoSuchOperationException) {
            status = 404;
        } else if (failure instanceof ConflictException) {
            status = 409;
        } else if (failure instanceof PreflightException) {
            status = 412;
        } else if (failure instanceof VersioningDisabledException) {
            status = 422;
        } else if (failure instanceof ObjectStoreException
                || failure instanceof ClusterException
                || failure instanceof OperationNotStartedException) {
            status = 503;
        } else {
            return failure;
        }
        return new HttpStatusException(status, String.valueOf(failure.getMessage()));
    }

    public int status() {
        return status;
    }
}
