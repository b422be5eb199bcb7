package dev.registrybackup.objectstore;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Small objects of our own in the backup bucket. They are removed by version, so that a versioned bucket does not fill
 * with their ghosts. Blocks; each method throws {@link ObjectStoreException} if the store did not do it.
 */
public final class MetadataStore {
    private static final int MAX_BYTES = 8 << 20;

    private final ObjectStore backup;

    /**
     * A record as it was read.
     *
     * @param json its content
     * @param version its version, where the bucket keeps versions
     */
    public record StoredRecord(String json, Optional<String> version) {}

    /** The records of that bucket. */
    public MetadataStore(ObjectStore backup) {
        this.backup = backup;
    }

    /** Writes a record and tells its version. */
    public Optional<String> put(String key, String json) {
        return put(key, toContent(json));
    }

    /** As {@link #put(String, String)}, for a record that is too large to be held in memory. */
    Optional<String> put(String key, ContentSource content) {
        return backup.put(key, content, Map.of());
    }

    /**
     * Writes a record unless there is one of that key, and says whether it did. May say "no" of its own record, written by
     * a request whose answer was lost: whoever has to know reads what is there.
     */
    public boolean putIfAbsent(String key, String json) {
        return backup.putIfAbsent(key, toContent(json));
    }

    /** As {@link #putIfAbsent}, in a look and a write, for records of which it does not matter who wrote them. */
    public void putIfMissing(String key, String json) {
        if (backup.headBeforeWrite(key).isEmpty()) {
            put(key, json);
        }
    }

    /** Reads a record; empty if there is none in a bucket that exists. */
    public Optional<StoredRecord> get(String key) {
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            String json = new String(reading.readAll(MAX_BYTES), StandardCharsets.UTF_8);
            return Optional.of(new StoredRecord(json, reading.info().versionId()));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Removes a record whose version is not known. */
    public void delete(String key) {
        backup.headBeforeWrite(key).map(ObjectInfo::versionId).ifPresent(version -> delete(key, version));
    }

    /** Removes one version of a record, or, given none in a bucket that keeps no versions, the record. */
    public void delete(String key, Optional<String> version) {
        backup.delete(key, version);
    }

    /** Removes these versions, as a listing named them, in their order. */
    public void delete(List<ObjectVersion> versions) {
        versions.forEach(version -> delete(version.key(), Optional.of(version.versionId())));
    }

    static ContentSource toContent(String json) {
        return ContentSource.of(json.getBytes(StandardCharsets.UTF_8));
    }
}
