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
    public static final int MOST = 5_000;

    private final ObjectStore backup;
    private final int most;

    /**
     * What was counted.
     *
     * @param owed how many records of owed keys there are, each of one key or many
     * @param oldest when the oldest of those was written, UTC, by the store's clock; empty if nothing is owed
     * @param isMoreOwed whether there are more, and perhaps older ones
     * @param rejected how many records there are of what will never succeed
     * @param isMoreRejected whether there are more
     */
    public record Said(
            long owed, Optional<Instant> oldest, boolean isMoreOwed, long rejected, boolean isMoreRejected) {}

    /** That of this backup. */
    public QueueDepth(ObjectStore backup) {
        this(backup, MOST);
    }

    QueueDepth(ObjectStore backup, int most) {
        this.backup = backup;
        this.most = most;
    }

    /** Counts what there is now. */
    public Said read() {
        long owed = 0;
        long listed = 0;
        Optional<Instant> oldest = Optional.empty();
        try (Stream<ObjectInfo> listing = backup.list(PendingStore.PREFIX)) {
            for (Iterator<ObjectInfo> objects = listing.limit(most + 1L).iterator(); objects.hasNext(); ) {
                ObjectInfo object = objects.next();
                listed++;
                if (listed <= most && !PendingStore.isSignOfLife(object.key())) {
                    owed++;
                    Instant written = object.lastModified();
                    oldest = Optional.of(oldest.filter(written::isAfter).orElse(written));
                }
            }
        }
        long rejected = rejected();
        return new Said(owed, oldest, listed > most, Math.min(rejected, most), rejected > most);
    }

    private long rejected() {
        try (Stream<ObjectInfo> listing = backup.list(RejectionStore.PREFIX)) {
            return listing.limit(most + 1L).count();
        }
    }
}
