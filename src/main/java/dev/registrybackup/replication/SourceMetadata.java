package dev.registrybackup.replication;

import dev.registrybackup.objectstore.ObjectInfo;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;

/** What is kept with each copy, as user metadata: when the registry wrote the object, and its ETag there. */
public final class SourceMetadata {
    /** When the registry's object was written: an ISO 8601 instant, UTC. */
    public static final String LAST_MODIFIED = "registry-last-modified";

    /** The registry's object's ETag, without quotes. */
    public static final String ETAG = "registry-etag";

    private SourceMetadata() {}

    /** The metadata of a copy of that object. */
    public static Map<String, String> of(ObjectInfo source) {
        String lastModified = source.lastModified().toString();
        // A directory gives none, and a header without a value does not survive every store.
        return source.etag().isEmpty()
                ? Map.of(LAST_MODIFIED, lastModified)
                : Map.of(LAST_MODIFIED, lastModified, ETAG, source.etag());
    }

    /** When the registry wrote what this is the copy of, UTC; empty if the copy does not say. */
    public static Optional<Instant> lastModified(ObjectInfo copy) {
        try {
            return Optional.ofNullable(copy.metadata().get(LAST_MODIFIED)).map(Instant::parse);
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** Whether the object in the backup was written by us. */
    static boolean isReplicated(ObjectInfo copy) {
        return copy.metadata().containsKey(LAST_MODIFIED);
    }
}
