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
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What was captured of a cluster's ImageStreams and Images, read from a backup. Throws {@link
 * dev.registrybackup.objectstore.ObjectStoreException} if the backup cannot be read, or something in it is not what its key says.
 * Blocks; safe for use by many threads.
 */
public final class CaptureReader {
    private final ObjectStore backup;
    private final Path scratch;
    private final JsonBlobStore jsonBlobStore;
    private final ChangeLog changeLog;

    /**
     * Those in that backup.
     *
     * @param scratch a directory on this machine for a copy of the snapshot that is being read
     */
    public CaptureReader(ObjectStore backup, Path scratch) {
        this.backup = backup;
        this.scratch = scratch;
        this.jsonBlobStore = new JsonBlobStore(backup);
        this.changeLog = new ChangeLog(backup);
    }

    /**
     * The streams of the newest snapshot that are wanted, to be taken in any order; empty if there is no snapshot.
     *
     * @param wanted which
     */
    public Optional<SnapshotIndex> newest(Predicate<RepositoryName> wanted) {
        return snapshotBy(Instant.MAX).map(key -> newest(key, wanted));
    }

    private SnapshotIndex newest(String key, Predicate<RepositoryName> wanted) {
        SnapshotIndex newest = new SnapshotIndex(CaptureKeys.time(key).orElseThrow());
        try (SnapshotReader reading = open(key)) {
            stream(reading)
                    .filter(captured -> !captured.isDeleted() && wanted.test(captured.stream()))
                    .forEach(newest::add);
        }
        return newest;
    }

    /** The streams of the newest snapshot, in its order, as they were then; none if there is no snapshot. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<CapturedStream> inNewestSnapshot() {
        return snapshotBy(Instant.MAX)
                .map(this::open)
                .map(reading -> stream(reading).onClose(reading::close))
                .orElseGet(Stream::empty);
    }

    /**
     * All streams as they were then: those of the last snapshot before, as later changes have them.
     *
     * @param at the time, UTC
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<CapturedStream> asOf(Instant at) {
        Map<RepositoryName, String> changed = changeLog.newest(CaptureKeys.CHANGES, at);
        return snapshotBy(at)
                .map(this::open)
                .map(reading -> Stream.concat(
                                stream(reading).map(line -> later(line, changed.remove(line.stream()))),
                                Stream.of(reading.startedAt()).flatMap(begun -> unlisted(changed, begun)))
                        .onClose(reading::close))
                .orElseGet(() -> unlisted(changed, Instant.MIN))
                .filter(captured -> !captured.isDeleted());
    }

    private static Stream<CapturedStream> stream(Iterator<CapturedStream> lines) {
        return StreamSupport.stream(() -> Spliterators.spliteratorUnknownSize(lines, 0), 0, false);
    }

    private CapturedStream later(CapturedStream line, @Nullable String change) {
        return change != null && CaptureKeys.time(change).orElseThrow().isAfter(line.read())
                ? changeLog.read(change)
                : line;
    }

    /** What a snapshot does not list was gone when it was begun. */
    private Stream<CapturedStream> unlisted(Map<RepositoryName, String> changed, Instant begun) {
        return changed.values().stream()
                .filter(key -> CaptureKeys.time(key).orElseThrow().isAfter(begun))
                .map(changeLog::read);
    }

    /** When the last snapshot by then was complete that has any stream, UTC; empty if there is none. */
    public Optional<Instant> lastWithStreams(Instant by) {
        List<String> snapshots = new ArrayList<>(snapshots(by));
        Collections.reverse(snapshots);
        return snapshots.stream().filter(this::hasStreams).findFirst().flatMap(CaptureKeys::time);
    }

    private boolean hasStreams(String snapshot) {
        try (SnapshotReader reading = open(snapshot)) {
            return reading.hasNext();
        }
    }

    /**
     * One stream as it was then; empty if it is not known to have been there. If it is known to have been gone, that is
     * told: {@link CapturedStream#isDeleted}.
     */
    public Optional<CapturedStream> find(RepositoryName stream, Instant at) {
        Optional<CapturedStream> change = changeLog.newest(stream, at);
        Optional<String> snapshot = snapshotBy(at);
        if (snapshot.isEmpty()) {
            return change;
        }
        try (SnapshotReader reading = open(snapshot.get())) {
            Optional<CapturedStream> line = stream(reading)
                    .filter(captured -> captured.stream().equals(stream))
                    .findFirst();
            Instant known = line.map(CapturedStream::read).orElse(reading.startedAt());
            if (change.filter(captured -> captured.read().isAfter(known)).isPresent()) {
                return change;
            }
            return line.or(() -> change.map(captured -> CapturedStream.deleted(stream, reading.startedAt())));
        }
    }

    private Optional<String> snapshotBy(Instant at) {
        return snapshots(at).stream().reduce((earlier, later) -> later);
    }

    /** The keys of those that were complete by then, the oldest first. */
    private List<String> snapshots(Instant by) {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.SNAPSHOTS)) {
            return listing.map(ObjectInfo::key)
                    .filter(key -> CaptureKeys.time(key)
                            .filter(time -> !time.isAfter(by))
                            .isPresent())
                    .toList();
        }
    }

    @MustBeClosed
    private SnapshotReader open(String snapshot) {
        return new SnapshotReader(backup, snapshot, scratch);
    }

    /**
     * Tells every image that an ImageStream is on record to have referred to since then: at that time, or later.
     *
     * @param since UTC
     */
    public void imagesSince(Instant since, Consumer<Digest> each) {
        Consumer<CapturedStream> tell = captured -> captured.images().keySet().forEach(each);
        Optional<String> base = snapshotBy(since);
        // What changed while it was taken may not be in it.
        Instant from = base.map(this::snapshotStartedAt).orElse(Instant.MIN);
        String first = base.orElse(CaptureKeys.SNAPSHOTS);
        changeLog.after(from, tell);
        snapshots(Instant.MAX).stream().filter(key -> key.compareTo(first) >= 0).forEach(key -> eachIn(key, tell));
    }

    private Instant snapshotStartedAt(String snapshot) {
        try (SnapshotReader reading = open(snapshot)) {
            return reading.startedAt();
        }
    }

    private void eachIn(String snapshot, Consumer<CapturedStream> tell) {
        try (SnapshotReader reading = open(snapshot)) {
            reading.forEachRemaining(tell);
        }
    }

    /** The ImageStream that was captured. */
    public ImageStream stream(CapturedStream captured) {
        return new ImageStream(jsonBlobStore.read(captured.body()));
    }

    /** The Image that was captured with the stream; empty if the cluster had none. */
    public Optional<ImageObject> image(CapturedStream captured, Digest digest) {
        return Optional.ofNullable(captured.images().get(digest))
                .filter(hash -> captured.hasImage(digest))
                .map(hash -> new ImageObject(jsonBlobStore.read(hash)));
    }
}
