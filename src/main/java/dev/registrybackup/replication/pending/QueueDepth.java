package dev.registrybackup.replication.pending;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import java.time.Instant;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How much is owed to the backup, by all instances together, and how much was rejected. Reads no more than a few pages of
 * a listing. Blocks; throws {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup did not do its part.
 */
public final class QueueDepth {
    /** So many objects of each are listed at most. */
    public static final int MAX_LISTED = 5_000;

    private final ObjectStore backup;
    private final int maxListed;

    /**
     * What was counted.
     *
     * @param pending how many records of owed keys there are, each of one key or many
     * @param oldestPending when the oldest of those was written, UTC, by the store's clock; empty if nothing is owed
     * @param hasMorePending whether there are more, and perhaps older ones
     * @param rejected how many records there are of what will never succeed
     * @param hasMoreRejected whether there are more
     */
    public record QueueCounts(
            long pending,
            Optional<Instant> oldestPending,
            boolean hasMorePending,
            long rejected,
            boolean hasMoreRejected) {}

    /** That of this backup. */
    public QueueDepth(ObjectStore backup) {
        this(backup, MAX_LISTED);
    }

    QueueDepth(ObjectStore backup, int most) {
        this.backup = backup;
        this.maxListed = most;
    }

    /** Counts what there is now. */
    public QueueCounts read() {
        long owed = 0;
        long listed = 0;
        Optional<Instant> oldest = Optional.empty();
        try (Stream<ObjectInfo> listing = backup.list(PendingStore.PREFIX)) {
            for (Iterator<ObjectInfo> objects = listing.limit(maxListed + 1L).iterator(); objects.hasNext(); ) {
                ObjectInfo object = objects.next();
                listed++;
                if (listed <= maxListed && !PendingStore.isHeartbeat(object.key())) {
                    owed++;
                    Instant written = object.lastModified();
                    oldest = Optional.of(oldest.filter(written::isAfter).orElse(written));
                }
            }
        }
        long rejected = countRejected();
        return new QueueCounts(owed, oldest, listed > maxListed, Math.min(rejected, maxListed), rejected > maxListed);
    }

    private long countRejected() {
        try (Stream<ObjectInfo> listing = backup.list(RejectionStore.PREFIX)) {
            return listing.limit(maxListed + 1L).count();
        }
    }
}
