package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.replication.pending.PendingKey;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Objects that a preflight writes into the registry bucket to see whether their events arrive, and the records of those
 * that did. Safe for use by many threads; blocks.
 */
public final class CanaryProbe {
    /** Where they are in the registry bucket, whatever the registry's root directory is. */
    public static final String REGISTRY_PREFIX = "registry-backup-canary/";

    /** Where it is on record in the backup bucket that one came. */
    public static final String BACKUP_PREFIX = "registry-backup/canary/";

    private static final System.Logger LOGGER = System.getLogger(CanaryProbe.class.getName());
    private static final Pattern KEY_PATTERN = Pattern.compile(Pattern.quote(REGISTRY_PREFIX) + "[0-9a-f]{8,64}");

    private final ObjectStore registry;
    private final ObjectStore backup;
    private final Clock clock;

    /** Those of these two buckets. */
    public CanaryProbe(ObjectStore registry, ObjectStore backup, Clock clock) {
        this.registry = registry;
        this.backup = backup;
        this.clock = clock;
    }

    /** Whether that key in the registry bucket is a canary's. */
    public static boolean isCanary(String key) {
        return KEY_PATTERN.matcher(key).matches();
    }

    /**
     * Puts on record that its event came, if there is such a canary, and says whether it did. What a store refuses is logged
     * and no failure: a canary is never owed.
     */
    public boolean recordArrival(PendingKey canary) {
        try {
            return mayExist(canary.key()) && writeRecord(canary);
        } catch (ObjectStoreException e) {
            LogEvent.of("canary-not-recorded")
                    .with("key", canary.key())
                    .with("reason", e.getMessage())
                    .with("remedy", "let replicate write %s".formatted(BACKUP_PREFIX))
                    .log(LOGGER, Level.WARNING);
            return false;
        }
    }

    /** A key of replicate's need not read more than the registry's tree; then the event has to be believed. */
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
     * Writes one.
     *
     * @param name of lower-case hexadecimal digits, 8 to 64
     * @return its version, where the bucket keeps versions
     */
    public Optional<String> put(String name) {
        return registry.put(
                REGISTRY_PREFIX + name, content("{\"canary\":\"of registry-backup; may be removed\"}"), Map.of());
    }

    /** Whether it is on record that it came. */
    public boolean hasArrived(String name) {
        return backup.headBeforeWrite(BACKUP_PREFIX + name).isPresent();
    }

    /** Removes one from the registry bucket, that version of it. */
    public void delete(String name, Optional<String> version) {
        registry.delete(REGISTRY_PREFIX + name, version);
    }

    /** Removes its record, and those of canaries that came before that time. */
    public void deleteRecords(String name, Instant before) {
        deleteVersions(backup, BACKUP_PREFIX + name, Instant.MAX);
        deleteVersions(backup, BACKUP_PREFIX, before);
    }

    /** Removes canaries that were written before that time and that nobody removed. */
    public void deleteOlderThan(Instant before) {
        deleteVersions(registry, REGISTRY_PREFIX, before);
    }

    private static void deleteVersions(ObjectStore store, String prefix, Instant before) {
        List<ObjectVersion> old;
        try (Stream<ObjectVersion> versions = store.listVersions(prefix)) {
            old = versions.filter(version -> version.lastModified().isBefore(before))
                    .toList();
        }
        old.forEach(version -> store.delete(version.key(), Optional.of(version.versionId())));
    }

    private static String recordKey(String key) {
        return BACKUP_PREFIX + key.substring(REGISTRY_PREFIX.length());
    }

    private static ContentSource content(String text) {
        return ContentSource.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
