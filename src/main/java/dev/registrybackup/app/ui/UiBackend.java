package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * What the page asks of the on-demand functions, in the form in which they answer over HTTP. Blocks; throws {@link
 * IllegalArgumentException} for what is no name, and {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup
 * did not do its part.
 */
public interface UiBackend {
    /** The newest operations, so many at the most. */
    ObjectNode operations(int most);

    /** One operation; empty if there is none. */
    Optional<ObjectNode> operation(String id);

    /** A page of the catalog. */
    ObjectNode repositories(Optional<String> after, int most);

    /** One repository as it is now; empty if the backup has none of that name. */
    Optional<ObjectNode> repository(String name);
}
