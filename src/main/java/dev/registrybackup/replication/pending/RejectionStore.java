package dev.registrybackup.replication.pending;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordObjects;
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
 * often it comes, at most {@value #MOST_RECORDS} of them, each of at most some {@value #LARGEST_PAYLOAD} bytes of payload.
 * Blocks; safe for use by many threads.
 */
public final class RejectionStore {
    /** Where they lie. */
    public static final String PREFIX = RegistryLayout.BOOKKEEPING_PREFIX + "rejected/";

    static final int MOST_RECORDS = 10_000;
    static final int LARGEST_PAYLOAD = 16 << 10;

    private static final System.Logger LOGGER = System.getLogger(RejectionStore.class.getName());

    private final ObjectStore backup;
    private final RecordObjects records;
    private final Clock clock;
    private final Consumer<Rejection> onKept;
    private final ExpiringKeySet known;
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
                    new String(payload, 0, Math.min(payload.length, LARGEST_PAYLOAD), StandardCharsets.UTF_8));
        }

        /** An event about a bucket that is not ours: one record for each such bucket. */
        public static Rejection ofBucket(String bucket, String reason) {
            return new Rejection("bucket " + bucket, reason, Optional.empty(), "");
        }
    }

    /** The rejections of that bucket; the consumer is told each that is new there. */
    public RejectionStore(ObjectStore backup, Clock clock, Consumer<Rejection> onKept) {
        this.backup = backup;
        this.records = new RecordObjects(backup);
        this.clock = clock;
        this.onKept = onKept;
        this.known = new ExpiringKeySet(clock, Duration.ofHours(1), MOST_RECORDS);
    }

    /**
     * Keeps the rejection, unless it is kept already. Beyond the bound it is only logged: it is no work that anybody owes.
     *
     * @throws ObjectStoreException if it could not be written
     */
    public void keep(Rejection rejection) {
        byte[] identity = rejection.identity().getBytes(StandardCharsets.UTF_8);
        String key = PREFIX + Digest.of(DigestAlgorithm.SHA256, identity).hex();
        if (known.contains(key)) {
            return;
        }
        if (backup.findBeforeWrite(key).isEmpty()) {
            if (!takePlace()) {
                LOGGER.log(
                        Level.WARNING,
                        "event=rejection-not-kept reason=\"{0}\" cause=\"there are {1} records under {2} already\""
                                + " remedy=\"look at them, mend their cause, remove them\"",
                        rejection.reason(),
                        MOST_RECORDS,
                        PREFIX);
                return;
            }
            write(key, rejection);
        }
        known.remember(key);
    }

    private void write(String key, Rejection rejection) {
        try {
            records.write(key, json(rejection));
        } catch (ObjectStoreException e) {
            giveBackPlace();
            throw e;
        }
        onKept.accept(rejection);
    }

    /** Counts what is there: the bound holds over all instances within an hour, and within one at once. */
    private synchronized boolean takePlace() {
        Integer counted = count;
        if (counted == null) {
            try (Stream<ObjectInfo> all = backup.list(PREFIX)) {
                counted = (int) all.limit(MOST_RECORDS).count();
            }
        }
        boolean free = counted < MOST_RECORDS;
        count = free ? counted + 1 : counted;
        return free;
    }

    private synchronized void giveBackPlace() {
        Integer counted = count;
        count = counted == null ? null : Integer.valueOf(counted - 1);
    }

    /** Counts again what is there, since a human may have removed some. */
    public synchronized void recount() {
        count = null;
    }

    private String json(Rejection rejection) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("rejected", clock.instant().toString()).put("reason", rejection.reason());
        rejection.key().ifPresent(key -> root.put("key", key));
        if (!rejection.payload().isEmpty()) {
            root.put("payload", rejection.payload());
        }
        return root.toString();
    }
}
