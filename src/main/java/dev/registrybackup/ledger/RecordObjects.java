package dev.registrybackup.ledger;

import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ReplayableContent;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * Small objects of our own in the backup bucket. They are removed by version, so that a versioned bucket does not fill
 * with their ghosts.
 */
final class RecordObjects {
    private final ObjectStore backup;

    RecordObjects(ObjectStore backup) {
        this.backup = backup;
    }

    /** Writes a record and tells its version. */
    Optional<String> write(String key, String json) {
        return backup.put(key, ReplayableContent.of(json.getBytes(StandardCharsets.UTF_8)), Map.of());
    }

    /** Writes a record unless there is one of that key. */
    void writeOnce(String key, String json) {
        if (backup.findBeforeWrite(key).isEmpty()) {
            write(key, json);
        }
    }

    /** Removes a record whose version is not known. */
    void remove(String key) {
        backup.findBeforeWrite(key).map(ObjectInfo::versionId).ifPresent(version -> backup.remove(key, version));
    }
}
