package dev.registrybackup.objectstore;

import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * A record that its one writer writes again and again, each time in place of the one before, of which no version is left.
 * Safe for use by many threads; blocks.
 */
public final class SingleVersionRecord {
    private static final System.Logger LOGGER = System.getLogger(SingleVersionRecord.class.getName());

    private final MetadataStore metadataStore;
    private final String key;
    /** Guarded by this: the version that is there, as far as this writer knows. */
    private Optional<String> version;
    /** Guarded by this: a bucket that does not let versions go would have it said at each write. */
    private boolean hasWarned;

    /**
     * The record of that key.
     *
     * @param version the version that is there and is to go with the next write
     */
    public SingleVersionRecord(MetadataStore records, String key, Optional<String> version) {
        this.metadataStore = records;
        this.key = key;
        this.version = version;
    }

    /**
     * Writes it anew. A version before it that could not be removed is logged and is no failure.
     *
     * @throws ObjectStoreException if it could not be written
     */
    public void write(String json) {
        write(MetadataStore.toContent(json));
    }

    /** As {@link #write(String)}, for a record that is too large to be held in memory. */
    public synchronized void write(ContentSource content) {
        Optional<String> before = version;
        version = metadataStore.put(key, content);
        if (before.isPresent() && !before.equals(version)) {
            deletePrevious(before);
        }
    }

    private synchronized void deletePrevious(Optional<String> before) {
        try {
            metadataStore.delete(key, before);
        } catch (ObjectStoreException e) {
            if (!hasWarned) {
                hasWarned = true;
                LogEvent.of("record-version-not-deleted")
                        .with("record", key)
                        .with("reason", e.getMessage())
                        .with(
                                "remedy",
                                "if the bucket keeps objects from being removed, exempt registry-backup/ or let its versions expire")
                        .log(LOGGER, Level.WARNING);
            }
        }
    }
}
