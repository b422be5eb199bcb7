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
 * Marks a backup bucket in which every blob was verified. A bucket without registry objects is marked at once, because
 * every blob is verified before it is written. A bucket that another program filled, for example an rclone CronJob, is
 * marked only after each of its blobs was read and verified. Blocks; safe for use by many threads.
 */
public final class VerifiedMarker {
    /** The marker's key in the backup bucket. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "verified";

    private static final Duration CHECK_INTERVAL = Duration.ofMinutes(1);

    private final ObjectStore backup;
    private final String registryPrefix;
    private final Clock clock;
    /** Guarded by this. Once set, the marker stays. */
    private boolean set;
    /** Guarded by this. */
    private Instant nextCheck = Instant.MIN;

    /** The marker of this bucket. */
    public VerifiedMarker(ObjectStore backup, RegistryLayout layout, Clock clock) {
        this.backup = backup;
        this.registryPrefix = layout.prefix();
        this.clock = clock;
    }

    /**
     * Whether the marker is set. Until it is, asks the store at most once a minute, and sets the marker if the bucket
     * has no registry objects.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a request to the store failed
     */
    public synchronized boolean isSet() {
        if (!set && clock.instant().isAfter(nextCheck)) {
            set = backup.head(KEY).isPresent() || setIfEmpty();
            nextCheck = clock.instant().plus(CHECK_INTERVAL);
        }
        return set;
    }

    /**
     * Sets the marker: from now on, a blob in the backup counts as valid if its size is right.
     *
     * @param reason why every blob is known to match its digest, for a human
     * @throws dev.registrybackup.objectstore.ObjectStoreException if the marker could not be written; it is not set
     *     then
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
        write("the bucket had no registry objects");
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
