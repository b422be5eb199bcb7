package dev.registrybackup.imagestream;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the captures of a cluster's ImageStreams and Images from a backup. Methods throw {@link
 * dev.registrybackup.objectstore.ObjectStoreException} if the backup cannot be read, or if something in it does not match its key.
 * Blocks; safe for use by many threads.
 */
public final class CaptureReader {
    private final ObjectStore backup;
    private final Path scratch;
    private final JsonBlobStore jsonBlobStore;
    private final ChangeLog changeLog;

    /**
     * A reader of this backup's captures.
     *
     * @param scratch a directory on this machine for a copy of the snapshot that is being read
     */
    public CaptureReader(ObjectStore backup, Path scratch) {
        this.backup = backup;
        this.scratch = scratch;
        this.jsonBlobStore = new JsonBlobStore(backup);
        this.changeLog = new ChangeLog(backup);
    }

    /** The wanted streams of the newest snapshot, for a look-up in any order; empty if there is no snapshot. */
    public Optional<SnapshotIndex> newest(Predicate<RepositoryName> isWanted) {
        return lastSnapshot(Instant.MAX).map(key -> {
            SnapshotIndex index = new SnapshotIndex(CaptureKeys.time(key).orElseThrow());
            try (SnapshotReader snapshot = open(key)) {
                snapshot.streams()
                        .filter(stream -> !stream.isDeleted() && isWanted.test(stream.stream()))
                        .forEach(index::add);
            }
            return index;
        });
    }

    /** The streams of the newest snapshot, in its order; empty if there is no snapshot. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<CapturedStream> inNewestSnapshot() {
        return lastSnapshot(Instant.MAX).map(key -> open(key).streams()).orElseGet(Stream::empty);
    }

    /**
     * All streams as they were at a time: those of the last snapshot by then, with the changes after it.
     *
     * @param at the time, UTC
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<CapturedStream> asOf(Instant at) {
        Map<RepositoryName, String> changes = changeLog.newest(CaptureKeys.CHANGES, at);
        Optional<String> last = lastSnapshot(at);
        if (last.isEmpty()) {
            return changes.values().stream().map(changeLog::read).filter(stream -> !stream.isDeleted());
        }
        SnapshotReader snapshot = open(last.get());
        Stream<CapturedStream> listed = snapshot.streams().map(line -> newer(line, changes.remove(line.stream())));
        // A stream that the snapshot does not list did not exist when the snapshot was started.
        Stream<CapturedStream> unlisted = Stream.of(changes)
                .flatMap(rest -> rest.values().stream())
                .filter(key -> CaptureKeys.isAfter(key, snapshot.startedAt()))
                .map(changeLog::read);
        return Stream.concat(listed, unlisted).filter(stream -> !stream.isDeleted());
    }

    private CapturedStream newer(CapturedStream line, @Nullable String change) {
        return change != null && CaptureKeys.isAfter(change, line.read()) ? changeLog.read(change) : line;
    }

    /** When the last snapshot by then that has any stream was complete, UTC; empty if there is none. */
    public Optional<Instant> lastWithStreams(Instant by) {
        List<String> snapshots = new ArrayList<>(snapshots(by));
        Collections.reverse(snapshots);
        return snapshots.stream().filter(this::hasStreams).findFirst().flatMap(CaptureKeys::time);
    }

    private boolean hasStreams(String key) {
        try (SnapshotReader snapshot = open(key)) {
            return snapshot.streams().findFirst().isPresent();
        }
    }

    /** One stream as it was then, possibly {@linkplain CapturedStream#isDeleted deleted}; empty if it was never captured. */
    public Optional<CapturedStream> find(RepositoryName stream, Instant at) {
        Optional<CapturedStream> change = changeLog.newest(stream, at);
        Optional<String> last = lastSnapshot(at);
        if (last.isEmpty()) {
            return change;
        }
        try (SnapshotReader snapshot = open(last.get())) {
            Optional<CapturedStream> line = snapshot.streams()
                    .filter(captured -> captured.stream().equals(stream))
                    .findFirst();
            Instant known = line.map(CapturedStream::read).orElse(snapshot.startedAt());
            if (change.filter(captured -> captured.read().isAfter(known)).isPresent()) {
                return change;
            }
            return line.or(() -> change.map(captured -> CapturedStream.deleted(stream, snapshot.startedAt())));
        }
    }

    private Optional<String> lastSnapshot(Instant by) {
        return snapshots(by).stream().reduce((earlier, later) -> later);
    }

    /** The keys of the snapshots that were complete by then, the oldest first. */
    List<String> snapshots(Instant by) {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.SNAPSHOTS)) {
            return listing.map(ObjectInfo::key)
                    .filter(key -> CaptureKeys.isUpTo(key, by))
                    .toList();
        }
    }

    @MustBeClosed
    SnapshotReader open(String snapshot) {
        return new SnapshotReader(backup, snapshot, scratch);
    }

    /**
     * Passes on every image that a captured ImageStream referred to at that time or later; some of them repeatedly.
     *
     * @param since UTC
     */
    public void imagesSince(Instant since, Consumer<Digest> consumer) {
        Optional<String> base = lastSnapshot(since);
        // A change while the snapshot was taken may be missing from it.
        Instant from = base.map(key -> {
                    try (SnapshotReader snapshot = open(key)) {
                        return snapshot.startedAt();
                    }
                })
                .orElse(Instant.MIN);
        changeLog.forEachAfter(from, change -> change.images().keySet().forEach(consumer));
        for (String key : snapshots(Instant.MAX)) {
            if (key.compareTo(base.orElse("")) >= 0) {
                try (SnapshotReader snapshot = open(key)) {
                    snapshot.streams()
                            .forEach(stream -> stream.images().keySet().forEach(consumer));
                }
            }
        }
    }

    /** The ImageStream that was captured. */
    public ImageStream stream(CapturedStream captured) {
        return new ImageStream(jsonBlobStore.read(captured.body()));
    }

    /** The Image that was captured with the stream; empty if the cluster had none. */
    public Optional<ImageObject> image(CapturedStream captured, Digest digest) {
        return captured.hasImage(digest)
                ? Optional.of(
                        new ImageObject(jsonBlobStore.read(captured.images().getOrDefault(digest, ""))))
                : Optional.empty();
    }
}
