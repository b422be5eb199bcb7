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
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Hides captures in a backup that no time within the retention needs: snapshots, then changes, then the bodies that none of
 * those kept names. So a record never names a body that went before it, wherever this is stopped, and the next pruning goes
 * on. Holds the hash of each body that is named or was removed, some 120 bytes each. For one thread.
 *
 * <p>A capture that finds a body here writes no other, and its record may come after the body was removed. So the changes of
 * late are read once more at the end, and each pruning brings back, from its version, whatever a record names that is hidden.
 */
public final class CapturePruner {
    /** So many bodies are removed in one pruning at the most; the next one goes on. */
    static final int MOST = 100_000;

    /** No capture takes so long from its first body to the record that names it. */
    private static final Duration CAPTURE = Duration.ofDays(1);

    private final ObjectStore backup;
    private final Path scratch;
    private final Clock clock;
    private final JsonBlobStore jsonBlobStore;
    private final ChangeLog changeLog;

    /**
     * What a pruning came to.
     *
     * @param snapshots how many snapshots it removed
     * @param changes how many changes
     * @param bodies how many bodies
     * @param broughtBack how many bodies it brought back, since a record names them
     */
    public record Pruned(long snapshots, long changes, long bodies, long broughtBack) {}

    /**
     * Prunes that backup, which has to keep versions.
     *
     * @param scratch a directory on this machine for a copy of the snapshot that is being read
     */
    public CapturePruner(ObjectStore backup, Path scratch, Clock clock) {
        this.backup = backup;
        this.scratch = scratch;
        this.clock = clock;
        this.jsonBlobStore = new JsonBlobStore(backup);
        this.changeLog = new ChangeLog(backup);
    }

    /**
     * Prunes, so that {@link CaptureReader#asOf} that time and any later one is what it was. Removes nothing unless there is a
     * snapshot of before that time and one of after it.
     *
     * @param before when the retention begins, UTC
     * @throws dev.registrybackup.objectstore.ObjectStoreException if the backup cannot be read or written; if a record that stays
     *     cannot be read, then nothing was removed
     */
    public Pruned prune(Instant before) {
        List<String> snapshots = snapshots();
        int outside = (int) snapshots.stream()
                .filter(key -> !CaptureKeys.time(key).orElseThrow().isAfter(before))
                .count();
        if (outside == 0 || outside == snapshots.size()) {
            return new Pruned(0, 0, 0, 0);
        }
        Set<String> named = new HashSet<>();
        // The last one outside is what the retention begins with.
        Instant oldest = snapshots.subList(outside - 1, snapshots.size()).stream()
                .map(key -> oldest(key, named))
                .min(Comparator.naturalOrder())
                .orElseThrow();
        changeLog.after(oldest, change -> change.bodies().forEach(named::add));
        List<String> due = snapshots.subList(0, outside - 1);
        due.forEach(this::hide);
        long dueChanges = hideChanges(oldest);
        Set<String> removed = hideBodies(named);
        Set<String> missing = named;
        changeLog.after(
                clock.instant().minus(CAPTURE),
                change -> change.bodies().filter(removed::contains).forEach(missing::add));
        long broughtBack = missing.stream().filter(jsonBlobStore::bringBack).count();
        return new Pruned(due.size(), dueChanges, removed.size(), broughtBack);
    }

    /** The keys of all of them, the oldest first. */
    private List<String> snapshots() {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.SNAPSHOTS)) {
            return listing.map(ObjectInfo::key)
                    .filter(key -> CaptureKeys.time(key).isPresent())
                    .toList();
        }
    }

    /** Adds the bodies that a snapshot names, and tells since when a change may be newer than something in it. */
    private Instant oldest(String snapshot, Set<String> named) {
        try (SnapshotReader reading = new SnapshotReader(backup, snapshot, scratch)) {
            Instant oldest = reading.startedAt();
            while (reading.hasNext()) {
                CapturedStream line = reading.next();
                line.bodies().forEach(named::add);
                oldest = line.read().isBefore(oldest) ? line.read() : oldest;
            }
            return oldest;
        }
    }

    private void hide(String key) {
        backup.delete(key, Optional.empty());
    }

    private long hideChanges(Instant until) {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.CHANGES)) {
            return listing.map(ObjectInfo::key)
                    .filter(key -> CaptureKeys.repositoryOf(key).isPresent())
                    .filter(key -> !CaptureKeys.time(key).orElseThrow().isAfter(until))
                    .mapToLong(key -> {
                        hide(key);
                        return 1;
                    })
                    .sum();
        }
    }

    /**
     * Hides those that nothing names and that are older than a capture takes. Tells their hashes, and leaves in
     * the set those that are missing.
     */
    private Set<String> hideBodies(Set<String> named) {
        Set<String> removed = new HashSet<>();
        Instant young = clock.instant().minus(CAPTURE);
        Predicate<ObjectInfo> isOld = info -> info.lastModified().isBefore(young);
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.BODIES)) {
            listing.forEach(info -> CaptureKeys.hashOf(info.key())
                    .filter(hash -> !named.remove(hash) && isOld.test(info) && removed.size() < MOST)
                    .ifPresent(hash -> {
                        hide(info.key());
                        removed.add(hash);
                    }));
        }
        return removed;
    }
}
