package dev.registrybackup.imagestream;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Prunes the captures that no time within the retention needs: snapshots, then changes, then the bodies that no remaining
 * record refers to. In this order no record refers to a body that was deleted before it, wherever the pruning stops; the next
 * one continues. The backup keeps versions, so a delete hides an object. Holds the hash of each body that is referred to or
 * deleted in memory, some 120 bytes each. For one thread.
 *
 * <p>A capture that finds a body does not write it again, and may write its record after the body was deleted. So the latest
 * changes are read again at the end, and each pruning reinstates, from its version, every body that a record refers to.
 */
public final class CapturePruner {
    /** How many bodies one pruning deletes at most; the next one continues. */
    static final int MAX_BODIES = 100_000;

    /** No capture takes longer from its first body to its record. */
    private static final Duration MAX_CAPTURE = Duration.ofDays(1);

    private final ObjectStore backup;
    private final Clock clock;
    private final CaptureReader captureReader;
    private final JsonBlobStore jsonBlobStore;
    private final ChangeLog changeLog;

    /** How many snapshots, changes and bodies a pruning deleted, and how many bodies it reinstated. */
    public record PruneSummary(long snapshots, long changes, long bodies, long reinstated) {}

    /**
     * A pruner of this backup, which must keep versions.
     *
     * @param scratch a directory on this machine for a copy of the snapshot that is being read
     */
    public CapturePruner(ObjectStore backup, Path scratch, Clock clock) {
        this.backup = backup;
        this.clock = clock;
        this.captureReader = new CaptureReader(backup, scratch);
        this.jsonBlobStore = new JsonBlobStore(backup);
        this.changeLog = new ChangeLog(backup);
    }

    /**
     * Prunes, so that {@link CaptureReader#asOf} does not change for that time and any later one. Deletes nothing unless there
     * is a snapshot from before that time and one from after it.
     *
     * @param before when the retention begins, UTC
     * @throws dev.registrybackup.objectstore.ObjectStoreException if the backup cannot be read or written. If a record that
     *     stays cannot be read, nothing was deleted
     */
    public PruneSummary prune(Instant before) {
        List<String> snapshots = captureReader.snapshots(Instant.MAX);
        int outside = (int) snapshots.stream()
                .filter(key -> CaptureKeys.isUpTo(key, before))
                .count();
        if (outside == 0 || outside == snapshots.size()) {
            return new PruneSummary(0, 0, 0, 0);
        }
        // The last snapshot before the retention is what its first moment needs.
        List<String> expired = snapshots.subList(0, outside - 1);
        Set<String> reachable = new HashSet<>();
        Instant oldest = snapshots.subList(outside - 1, snapshots.size()).stream()
                .map(key -> oldest(key, reachable))
                .min(Comparator.naturalOrder())
                .orElseThrow();
        changeLog.forEachAfter(oldest, change -> change.bodies().forEach(reachable::add));
        expired.forEach(this::delete);
        long changes = deleteChanges(oldest);
        Set<String> deleted = deleteBodies(reachable);
        Set<String> missing = reachable;
        changeLog.forEachAfter(
                clock.instant().minus(MAX_CAPTURE),
                change -> change.bodies().filter(deleted::contains).forEach(missing::add));
        long reinstated = missing.stream().filter(jsonBlobStore::reinstate).count();
        return new PruneSummary(expired.size(), changes, deleted.size(), reinstated);
    }

    /** Adds the bodies that a snapshot refers to. Returns from when on a change may be newer than a stream in it. */
    private Instant oldest(String key, Set<String> reachable) {
        try (SnapshotReader snapshot = captureReader.open(key)) {
            return snapshot.streams()
                    .peek(stream -> stream.bodies().forEach(reachable::add))
                    .map(CapturedStream::read)
                    .reduce(snapshot.startedAt(), (one, other) -> other.isBefore(one) ? other : one);
        }
    }

    private void delete(String key) {
        backup.delete(key, Optional.empty());
    }

    private long deleteChanges(Instant until) {
        long[] deleted = {0};
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.CHANGES)) {
            listing.map(ObjectInfo::key)
                    .filter(key -> CaptureKeys.repositoryOf(key).isPresent())
                    .filter(key -> CaptureKeys.isUpTo(key, until))
                    .forEach(key -> {
                        delete(key);
                        deleted[0]++;
                    });
        }
        return deleted[0];
    }

    /**
     * Deletes the bodies that are not reachable and are older than a capture takes, and returns their hashes.
     *
     * @param reachable the reachable bodies; loses those that the backup has, so that the missing ones remain
     */
    private Set<String> deleteBodies(Set<String> reachable) {
        Set<String> deleted = new HashSet<>();
        Instant young = clock.instant().minus(MAX_CAPTURE);
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.BODIES)) {
            listing.forEach(info -> CaptureKeys.hashOf(info.key()).ifPresent(hash -> {
                boolean isOrphan = !reachable.remove(hash);
                if (isOrphan && info.lastModified().isBefore(young) && deleted.size() < MAX_BODIES) {
                    delete(info.key());
                    deleted.add(hash);
                }
            }));
        }
        return deleted;
    }
}
