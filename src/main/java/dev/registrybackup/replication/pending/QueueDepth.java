package dev.registrybackup.replication.pending;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
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
        List<ObjectInfo> pending = list(PendingStore.PREFIX);
        List<ObjectInfo> rejected = list(RejectionStore.PREFIX);
        List<Instant> written = pending.stream()
                .limit(maxListed)
                .filter(object -> !PendingStore.isHeartbeat(object.key()))
                .map(ObjectInfo::lastModified)
                .toList();
        return new QueueCounts(
                written.size(),
                written.stream().min(Comparator.naturalOrder()),
                pending.size() > maxListed,
                Math.min(rejected.size(), maxListed),
                rejected.size() > maxListed);
    }

    /** One more than are counted, if there are so many. */
    private List<ObjectInfo> list(String prefix) {
        try (Stream<ObjectInfo> listing = backup.list(prefix)) {
            return listing.limit(maxListed + 1L).toList();
        }
    }
}
