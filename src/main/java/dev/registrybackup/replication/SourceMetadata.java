package dev.registrybackup.replication;

import dev.registrybackup.objectstore.ObjectInfo;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;

/** The user metadata of each copy: when the registry wrote the object, and its ETag in the registry. */
public final class SourceMetadata {
    /** The key of the time when the registry wrote the object: an ISO 8601 instant, UTC. */
    public static final String LAST_MODIFIED = "registry-last-modified";

    /** The key of the ETag in the registry, without quotes. */
    public static final String ETAG = "registry-etag";

    private SourceMetadata() {}

    /** The metadata for a copy of this object. */
    public static Map<String, String> of(ObjectInfo source) {
        String lastModified = source.lastModified().toString();
        // A directory has no ETags, and some stores drop a header without a value.
        return source.etag().isEmpty()
                ? Map.of(LAST_MODIFIED, lastModified)
                : Map.of(LAST_MODIFIED, lastModified, ETAG, source.etag());
    }

    /** When the registry wrote the copied object, UTC; empty if the copy has no such metadata. */
    public static Optional<Instant> lastModified(ObjectInfo copy) {
        try {
            return Optional.ofNullable(copy.metadata().get(LAST_MODIFIED)).map(Instant::parse);
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** Whether this program wrote the object in the backup. */
    static boolean isReplicated(ObjectInfo copy) {
        return copy.metadata().containsKey(LAST_MODIFIED);
    }
}
