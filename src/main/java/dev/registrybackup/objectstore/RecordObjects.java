package dev.registrybackup.objectstore;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Small objects of our own in the backup bucket. They are removed by version, so that a versioned bucket does not fill
 * with their ghosts. Blocks; each method throws {@link ObjectStoreException} if the store did not do it.
 */
public final class RecordObjects {
    private static final int LARGEST_RECORD = 8 << 20;

    private final ObjectStore backup;

    /**
     * A record as it was read.
     *
     * @param json its content
     * @param version its version, where the bucket keeps versions
     */
    public record Stored(String json, Optional<String> version) {}

    /** The records of that bucket. */
    public RecordObjects(ObjectStore backup) {
        this.backup = backup;
    }

    /** Writes a record and tells its version. */
    public Optional<String> write(String key, String json) {
        return write(key, content(json));
    }

    /** As {@link #write(String, String)}, for a record that is too large to be held in memory. */
    Optional<String> write(String key, ContentSource content) {
        return backup.put(key, content, Map.of());
    }

    /**
     * Writes a record unless there is one of that key, and says whether it did. May say "no" of its own record, written by
     * a request whose answer was lost: whoever has to know reads what is there.
     */
    public boolean create(String key, String json) {
        return backup.putIfAbsent(key, content(json));
    }

    /** As {@link #create}, in a look and a write, for records of which it does not matter who wrote them. */
    public void writeOnce(String key, String json) {
        if (backup.findBeforeWrite(key).isEmpty()) {
            write(key, json);
        }
    }

    /** Reads a record; empty if there is none in a bucket that exists. */
    public Optional<Stored> read(String key) {
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            String json = new String(reading.readAll(LARGEST_RECORD), StandardCharsets.UTF_8);
            return Optional.of(new Stored(json, reading.info().versionId()));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Removes a record whose version is not known. */
    public void remove(String key) {
        backup.findBeforeWrite(key).map(ObjectInfo::versionId).ifPresent(version -> remove(key, version));
    }

    /** Removes one version of a record, or, given none in a bucket that keeps no versions, the record. */
    public void remove(String key, Optional<String> version) {
        backup.remove(key, version);
    }

    /** Removes these versions, as a listing named them, in their order. */
    public void remove(List<ObjectVersion> versions) {
        versions.forEach(version -> remove(version.key(), Optional.of(version.versionId())));
    }

    static ContentSource content(String json) {
        return ContentSource.of(json.getBytes(StandardCharsets.UTF_8));
    }
}
