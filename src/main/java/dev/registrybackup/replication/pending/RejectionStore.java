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
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What will never succeed, kept for a human under {@code registry-backup/rejected/}: one record for each cause however
 * often it comes, at most {@value #MAX_REJECTIONS} of them, each of at most some {@value #MAX_PAYLOAD_BYTES} bytes of payload.
 * Blocks; safe for use by many threads.
 */
public final class RejectionStore {
    /** Where they lie. */
    public static final String PREFIX = RegistryLayout.METADATA_PREFIX + "rejected/";

    static final int MAX_REJECTIONS = 10_000;
    static final int MAX_PAYLOAD_BYTES = 16 << 10;

    private static final System.Logger LOGGER = System.getLogger(RejectionStore.class.getName());

    private final ObjectStore backup;
    private final MetadataStore metadataStore;
    private final Clock clock;
    private final Consumer<Rejection> onSaved;
    private final ExpiringKeySet knownKeys;
    /** Guarded by this: how many there are, once counted. */
    private @Nullable Integer count;

    /**
     * One thing that will never succeed.
     *
     * @param identity what makes it the same thing when it comes again
     * @param reason why it never will, for a human
     * @param key the registry key, if one is known
     * @param payload the beginning of the event, if it could not be understood
     */
    public record Rejection(String identity, String reason, Optional<String> key, String payload) {
        /** A key that can never be copied. */
        public static Rejection ofKey(String key, String reason) {
            return new Rejection("key " + key, reason, Optional.of(key), "");
        }

        /** An event that says nothing we can act on. */
        public static Rejection ofPayload(byte[] payload, String reason) {
            return new Rejection(
                    "payload " + Digest.of(DigestAlgorithm.SHA256, payload),
                    reason,
                    Optional.empty(),
                    new String(payload, 0, Math.min(payload.length, MAX_PAYLOAD_BYTES), StandardCharsets.UTF_8));
        }

        /** An event about a bucket that is not ours: one record for each such bucket. */
        public static Rejection ofBucket(String bucket, String reason) {
            return new Rejection("bucket " + bucket, reason, Optional.empty(), "");
        }
    }

    /** The rejections of that bucket; the consumer is told each that is new there. */
    public RejectionStore(ObjectStore backup, Clock clock, Consumer<Rejection> onKept) {
        this.backup = backup;
        this.metadataStore = new MetadataStore(backup);
        this.clock = clock;
        this.onSaved = onKept;
        this.knownKeys = new ExpiringKeySet(clock, Duration.ofHours(1), MAX_REJECTIONS);
    }

    /**
     * Keeps the rejection, unless it is kept already. Beyond the bound it is only logged: it is no work that anybody owes.
     *
     * @throws ObjectStoreException if it could not be written
     */
    public void save(Rejection rejection) {
        byte[] identity = rejection.identity().getBytes(StandardCharsets.UTF_8);
        String key = PREFIX + Digest.of(DigestAlgorithm.SHA256, identity).hex();
        if (knownKeys.contains(key)) {
            return;
        }
        if (backup.headBeforeWrite(key).isEmpty()) {
            if (!reserveSlot()) {
                LogEvent.of("rejection-not-saved")
                        .with("reason", rejection.reason())
                        .with("cause", "there are %s records under %s already".formatted(MAX_REJECTIONS, PREFIX))
                        .with("remedy", "look at them, mend their cause, remove them")
                        .log(LOGGER, Level.WARNING);
                return;
            }
            write(key, rejection);
        }
        knownKeys.add(key);
    }

    private void write(String key, Rejection rejection) {
        try {
            metadataStore.put(key, toJson(rejection));
        } catch (ObjectStoreException e) {
            releaseSlot();
            throw e;
        }
        onSaved.accept(rejection);
    }

    /** Counts what is there: the bound holds over all instances within an hour, and within one at once. */
    private synchronized boolean reserveSlot() {
        Integer counted = count;
        if (counted == null) {
            try (Stream<ObjectInfo> all = backup.list(PREFIX)) {
                counted = (int) all.limit(MAX_REJECTIONS).count();
            }
        }
        boolean free = counted < MAX_REJECTIONS;
        count = free ? counted + 1 : counted;
        return free;
    }

    private synchronized void releaseSlot() {
        Integer counted = count;
        count = counted == null ? null : Integer.valueOf(counted - 1);
    }

    /** Counts again what is there, since a human may have removed some. */
    public synchronized void resetCount() {
        count = null;
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
