package dev.registrybackup.app.http;

import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.ConflictException;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.OperationNotStartedException;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.UnknownScopeException;
import dev.registrybackup.restore.VersioningDisabledException;

/** Maps failures of API calls and scheduled operations to an HTTP status. */
public final class ExceptionMapper {
    private ExceptionMapper() {}

    /** The failure with its status; an unexpected one unchanged, which becomes 500. */
    public static Throwable map(Throwable failure) {
        int status = status(failure);
        return status == 0 ? failure : new HttpStatusException(status, String.valueOf(failure.getMessage()));
    }

    private static int status(Throwable failure) {
        if (failure instanceof IllegalArgumentException) {
            return 400;
        } else if (failure instanceof UnknownScopeException || failure instanceof NoSuchOperationException) {
            return 404;
        } else if (failure instanceof ConflictException) {
            return 409;
        } else if (failure instanceof PreflightException) {
            return 412;
        } else if (failure instanceof VersioningDisabledException) {
            return 422;
        } else if (failure instanceof ObjectStoreException
                || failure instanceof ClusterException
                || failure instanceof OperationNotStartedException) {
            return 503;
        }
        return 0;
    }
}
