package dev.registrybackup.replication.pending;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryLayout;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The records of what can never succeed, for a human, under {@code registry-backup/rejected/}. A cause that occurs
 * again has only one record. There are at most {@value #MAX_REJECTIONS} records, each with about {@value
 * #MAX_PAYLOAD_BYTES} bytes of payload at most. Blocks; safe for use by many threads.
 */
public final class RejectionStore {
    /** The prefix of these records in the backup bucket. */
    public static final String PREFIX = RegistryLayout.METADATA_PREFIX + "rejected/";

    static final int MAX_REJECTIONS = 10_000;
    static final int MAX_PAYLOAD_BYTES = 16 << 10;
    static final Duration COUNT_INTERVAL = Duration.ofMinutes(10);

    private static final System.Logger LOGGER = System.getLogger(RejectionStore.class.getName());

    private final ObjectStore backup;
    private final MetadataStore metadataStore;
    private final Clock clock;
    private final Consumer<Rejection> onSaved;
    private final ExpiringKeySet knownKeys;
    /** Guarded by this: how many more records may be written until they are counted again. */
    private int room;
    /** Guarded by this. */
    private Instant nextCountAt = Instant.MIN;

    /**
     * A key or event that can never succeed.
     *
     * @param identity identifies the cause; rejections with equal identities share one record
     * @param reason why it can never succeed, for a human
     * @param key the registry key, if it is known
     * @param payload the beginning of the event, if it could not be decoded; otherwise empty
     */
    public record Rejection(String identity, String reason, Optional<String> key, String payload) {
        /** The rejection of a key that can never be copied. */
        public static Rejection ofKey(String key, String reason) {
            return new Rejection("key " + key, reason, Optional.of(key), "");
        }

        /** The rejection of an event that cannot be decoded. */
        public static Rejection ofPayload(byte[] payload, String reason) {
            return new Rejection(
                    "payload " + Digest.of(DigestAlgorithm.SHA256, payload),
                    reason,
                    Optional.empty(),
                    new String(payload, 0, Math.min(payload.length, MAX_PAYLOAD_BYTES), StandardCharsets.UTF_8));
        }

        /** The rejection of all events about a bucket other than the registry bucket: one record for each bucket. */
        public static Rejection ofBucket(String bucket, String reason) {
            return new Rejection("bucket " + bucket, reason, Optional.empty(), "");
        }
    }

    /**
     * Uses the records in this bucket.
     *
     * @param onSaved called with each rejection that had no record yet
     */
    public RejectionStore(ObjectStore backup, Clock clock, Consumer<Rejection> onSaved) {
        this.backup = backup;
        this.metadataStore = new MetadataStore(backup);
        this.clock = clock;
        this.onSaved = onSaved;
        this.knownKeys = new ExpiringKeySet(clock, Duration.ofHours(1), MAX_REJECTIONS);
    }

    /**
     * Records the rejection, unless it is on record. Beyond the limit it is only logged: no retry depends on the
     * record.
     *
     * @throws ObjectStoreException if the record could not be read or written
     */
    public void save(Rejection rejection) {
        byte[] identity = rejection.identity().getBytes(StandardCharsets.UTF_8);
        String key = PREFIX + Digest.of(DigestAlgorithm.SHA256, identity).hex();
        if (knownKeys.contains(key)) {
            return;
        }
        if (backup.headBeforeWrite(key).isEmpty()) {
            if (!hasRoom()) {
                LogEvent.of("rejection-not-saved")
                        .with("rejection", rejection.reason())
                        .with("reason", "there are already %s records under %s".formatted(MAX_REJECTIONS, PREFIX))
                        .with("remedy", "inspect the records, fix their causes and delete them")
                        .log(LOGGER, Level.WARNING);
                return;
            }
            metadataStore.put(key, toJson(rejection));
            onSaved.accept(rejection);
        }
        knownKeys.add(key);
    }

    /** Takes a place below the limit. Counts the records now and then, since others write them and a human deletes some. */
    private synchronized boolean hasRoom() {
        if (!clock.instant().isBefore(nextCountAt)) {
            try (Stream<ObjectInfo> all = backup.list(PREFIX)) {
                room = MAX_REJECTIONS - (int) all.limit(MAX_REJECTIONS).count();
            }
            nextCountAt = clock.instant().plus(COUNT_INTERVAL);
        }
        return room-- > 0;
    }

    private String toJson(Rejection rejection) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("rejectedAt", clock.instant().toString()).put("reason", rejection.reason());
        rejection.key().ifPresent(key -> root.put("key", key));
        if (!rejection.payload().isEmpty()) {
            root.put("payload", rejection.payload());
        }
        return root.toString();
    }
}
