package dev.registrybackup.objectstore;

import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * A record with one writer, which replaces it with each write and deletes the previous version. Safe for use by many
 * threads; blocks.
 */
public final class SingleVersionRecord {
    private static final System.Logger LOGGER = System.getLogger(SingleVersionRecord.class.getName());

    private final MetadataStore metadataStore;
    private final String key;
    /** Guarded by this: the current version, as far as this writer knows. */
    private Optional<String> version;
    /** Guarded by this: logs only once that the bucket does not delete versions. */
    private boolean hasWarned;

    /**
     * A record under this key.
     *
     * @param version the current version, which the next write deletes
     */
    public SingleVersionRecord(MetadataStore records, String key, Optional<String> version) {
        this.metadataStore = records;
        this.key = key;
        this.version = version;
    }

    /**
     * Replaces the record. A previous version that cannot be deleted is logged and does not fail the write.
     *
     * @throws ObjectStoreException if the record cannot be written
     */
    public void write(String json) {
        write(MetadataStore.toContent(json));
    }

    /** As {@link #write(String)}, for a record too large for memory. */
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
                        .with("remedy", "if Object Lock forbids it, exempt registry-backup/ or let its versions expire")
                        .log(LOGGER, Level.WARNING);
            }
        }
    }
}
