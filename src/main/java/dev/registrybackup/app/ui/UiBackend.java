package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.restore.UnknownScopeException;
import java.util.Optional;

/**
 * Reads operations and the catalog for the pages, in the JSON form of the HTTP API. Blocks; throws
 * {@link IllegalArgumentException} for an invalid name, and {@link dev.registrybackup.objectstore.ObjectStoreException}
 * if the backup bucket cannot be read.
 */
public interface UiBackend {
    /** The newest operations, at most this many. */
    ObjectNode operations(int limit);

    /** One operation. Throws {@link NoSuchOperationException} if there is none. */
    ObjectNode operation(String id);

    /** A page of the catalog. */
    ObjectNode repositories(Optional<String> after, int limit);

    /** One repository in its current state. Throws {@link UnknownScopeException} if the backup has none with this name. */
    ObjectNode repository(String name);
}
