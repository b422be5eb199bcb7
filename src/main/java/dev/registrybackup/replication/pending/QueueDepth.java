package dev.registrybackup.replication.pending;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import java.time.Instant;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Counts the records of pending keys and rejections of all instances. Reads only a few pages of each listing. Blocks;
 * throws {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup bucket cannot be listed.
 */
public final class QueueDepth {
    /** The maximum number of objects listed of each. */
    public static final int MAX_LISTED = 5_000;

    private final ObjectStore backup;
    private final int maxListed;

    /**
     * The counts.
     *
     * @param pending the number of records of pending keys, each with one key or more
     * @param oldestPending when the oldest of these was written, UTC, by the store's clock; empty if there are none
     * @param hasMorePending whether there are more than counted, which may be older
     * @param rejected the number of rejections
     * @param hasMoreRejected whether there are more than counted
     */
    public record QueueCounts(
            long pending,
            Optional<Instant> oldestPending,
            boolean hasMorePending,
            long rejected,
            boolean hasMoreRejected) {}

    /** Counts the records in this bucket. */
    public QueueDepth(ObjectStore backup) {
        this(backup, MAX_LISTED);
    }

    QueueDepth(ObjectStore backup, int maxListed) {
        this.backup = backup;
        this.maxListed = maxListed;
    }

    /** Counts the current records. */
    public QueueCounts read() {
        long pending = 0;
        long listed = 0;
        Optional<Instant> oldest = Optional.empty();
        try (Stream<ObjectInfo> listing = backup.list(PendingStore.PREFIX)) {
            for (Iterator<ObjectInfo> objects = listing.limit(maxListed + 1L).iterator(); objects.hasNext(); ) {
                ObjectInfo object = objects.next();
                listed++;
                if (listed <= maxListed && !PendingStore.isHeartbeat(object.key())) {
                    pending++;
                    Instant written = object.lastModified();
                    oldest = Optional.of(oldest.filter(written::isAfter).orElse(written));
                }
            }
        }
        long rejected = countRejected();
        return new QueueCounts(
                pending, oldest, listed > maxListed, Math.min(rejected, maxListed), rejected > maxListed);
    }

    private long countRejected() {
        try (Stream<ObjectInfo> listing = backup.list(RejectionStore.PREFIX)) {
            return listing.limit(maxListed + 1L).count();
        }
    }
}
