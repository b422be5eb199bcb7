package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Whether every blob in the backup bucket was proved. A bucket that held no registry object when we first saw it is marked
 * so at once, since only we write there; one that something else filled, an rclone CronJob say, is not, until each of its
 * blobs has been read and proved. Safe for use by many threads.
 */
public final class VerifiedMarker {
    /** The mark's key in the backup bucket. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "verified";

    private static final Duration CHECK_INTERVAL = Duration.ofMinutes(1);

    private final ObjectStore backup;
    private final String registryPrefix;
    private final Clock clock;
    /** Guarded by this. Once set, the mark stays. */
    private boolean set;
    /** Guarded by this. */
    private Instant nextCheck = Instant.MIN;

    /** The mark of that bucket. */
    public VerifiedMarker(ObjectStore backup, RegistryLayout layout, Clock clock) {
        this.backup = backup;
        this.registryPrefix = layout.prefix();
        this.clock = clock;
    }

    /**
     * Whether it is set; asks the store until it is, at most once a minute.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if that could not be told
     */
    public synchronized boolean isSet() {
        if (!set && clock.instant().isAfter(nextCheck)) {
            set = backup.head(KEY).isPresent() || setIfEmpty();
            nextCheck = clock.instant().plus(CHECK_INTERVAL);
        }
        return set;
    }

    /**
     * Sets it: from now on the size of a blob in the backup is enough to take it for good.
     *
     * @param reason how it is known that every blob there is what its digest says, for a human
     * @throws dev.registrybackup.objectstore.ObjectStoreException if it could not be written; it is not set then
     */
    public synchronized void set(String reason) {
        write(reason);
        set = true;
    }

    private boolean setIfEmpty() {
        try (Stream<ObjectInfo> objects = backup.list(registryPrefix)) {
            if (objects.findAny().isPresent()) {
                return false;
            }
        }
        write("the bucket held no registry object");
        return true;
    }

    private void write(String reason) {
        String json = JsonNodeFactory.instance
                .objectNode()
                .put("verifiedAt", clock.instant().toString())
                .put("reason", reason)
                .toString();
        backup.put(KEY, ContentSource.of(json.getBytes(StandardCharsets.UTF_8)), Map.of());
    }
}
