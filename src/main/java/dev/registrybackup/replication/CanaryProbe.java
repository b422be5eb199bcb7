package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.replication.pending.PendingKey;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Canaries: objects written into the registry bucket to check that their events arrive, and the records of those that
 * arrived. Blocks; safe for use by many threads. Unless noted otherwise, throws {@link ObjectStoreException} if a store
 * failed.
 */
public final class CanaryProbe {
    /** The prefix of canaries in the registry bucket, independent of the registry's root directory. */
    public static final String REGISTRY_PREFIX = "registry-backup-canary/";

    /** The prefix of the records of arrived canaries in the backup bucket. */
    public static final String BACKUP_PREFIX = "registry-backup/canary/";

    private static final System.Logger LOGGER = System.getLogger(CanaryProbe.class.getName());
    private static final Pattern KEY_PATTERN = Pattern.compile(Pattern.quote(REGISTRY_PREFIX) + "[0-9a-f]{8,64}");

    private final ObjectStore registry;
    private final ObjectStore backup;
    private final Clock clock;

    /** Writes canaries to the registry bucket and their records to the backup bucket. */
    public CanaryProbe(ObjectStore registry, ObjectStore backup, Clock clock) {
        this.registry = registry;
        this.backup = backup;
        this.clock = clock;
    }

    /** Whether this key in the registry bucket is that of a canary. */
    public static boolean isCanary(String key) {
        return KEY_PATTERN.matcher(key).matches();
    }

    /**
     * Records that a canary's event arrived, if the canary exists.
     *
     * @return whether it was recorded. If a store failed, that is logged and false is returned, since a canary is never
     *     pending
     */
    public boolean recordArrival(PendingKey canary) {
        try {
            return mayExist(canary.key()) && writeRecord(canary);
        } catch (ObjectStoreException e) {
            LogEvent.of("canary-not-recorded")
                    .with("key", canary.key())
                    .with("reason", e.getMessage())
                    .with("remedy", "allow the role replicate to write %s".formatted(BACKUP_PREFIX))
                    .log(LOGGER, Level.WARNING);
            return false;
        }
    }

    /** The credentials of the role replicate may be limited to the registry's root directory: then trust the event. */
    private boolean mayExist(String key) {
        try {
            return registry.headBeforeWrite(key).isPresent();
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.FORBIDDEN) {
                return true;
            }
            throw e;
        }
    }

    private boolean writeRecord(PendingKey canary) {
        ObjectNode record = JsonNodeFactory.instance.objectNode();
        record.put("handledAt", clock.instant().toString());
        canary.eventTime().ifPresent(time -> record.put("event", time.toString()));
        boolean first = backup.putIfAbsent(recordKey(canary.key()), content(record.toString()), Map.of());
        LogEvent.of("canary-received")
                .with("key", canary.key())
                .with("first", first)
                .log(LOGGER, Level.INFO);
        return true;
    }

    /**
     * Writes a canary.
     *
     * @param name 8 to 64 lower-case hexadecimal digits
     * @return its version ID, if the bucket is versioned
     */
    public Optional<String> put(String name) {
        return registry.put(
                REGISTRY_PREFIX + name,
                content("{\"canary\":\"written by registry-backup; safe to delete\"}"),
                Map.of());
    }

    /** Whether the arrival of this canary's event is on record. */
    public boolean hasArrived(String name) {
        return backup.headBeforeWrite(BACKUP_PREFIX + name).isPresent();
    }

    /** Deletes this version of a canary from the registry bucket. */
    public void delete(String name, Optional<String> version) {
        registry.delete(REGISTRY_PREFIX + name, version);
    }

    /** Deletes the record of this canary, and all records written before the given time, UTC. */
    public void deleteRecords(String name, Instant before) {
        backup.deleteVersions(BACKUP_PREFIX + name, Instant.MAX);
        backup.deleteVersions(BACKUP_PREFIX, before);
    }

    /** Deletes leftover canaries written before the given time, UTC, from the registry bucket. */
    public void deleteOlderThan(Instant before) {
        registry.deleteVersions(REGISTRY_PREFIX, before);
    }

    private static String recordKey(String key) {
        return BACKUP_PREFIX + key.substring(REGISTRY_PREFIX.length());
    }

    private static ContentSource content(String text) {
        return ContentSource.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
