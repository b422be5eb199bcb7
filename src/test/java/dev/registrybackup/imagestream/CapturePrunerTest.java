package dev.registrybackup.imagestream;

import static dev.registrybackup.imagestream.FakeCluster.digest;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CapturePruner.PruneSummary;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pruning deletes the captures that no time within the retention needs, and nothing else. */
class CapturePrunerTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration MONTH = Duration.ofDays(30);
    private static final PruneSummary NOTHING = new PruneSummary(0, 0, 0, 0);

    private final AtomicInteger random = new AtomicInteger();
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private SettableClock clock;
    private InMemoryObjectStore bucket;
    private RecordingObjectStore backup;
    private FakeCluster cluster;
    private Path scratch;

    @BeforeEach
    void begin(@TempDir Path directory) {
        scratch = directory;
        clock = new SettableClock();
        bucket = new InMemoryObjectStore("backup", true, clock);
        backup = new RecordingObjectStore(bucket);
        cluster = new FakeCluster();
    }

    @AfterEach
    void end() {
        workerPools.close();
    }

    private String random() {
        return "%08x".formatted(random.incrementAndGet());
    }

    private Digest image(String of) {
        Digest image = digest(of);
        cluster.push(image);
        return image;
    }

    private void capture(String stream) {
        new ImageStreamCapture(cluster, bucket, clock, this::random).capture(new RepositoryName(stream));
    }

    private void snapshot() {
        new SnapshotTaker(cluster, bucket, workerPools, clock, this::random).take(scratch);
    }

    private void push(String stream, Digest image) {
        clock.advance(HOUR);
        cluster.tag(stream, "v1", image, clock.instant());
        capture(stream);
    }

    private void delete(String stream) {
        clock.advance(HOUR);
        cluster.delete(stream);
        capture(stream);
    }

    private void snapshotAfter(Duration time) {
        clock.advance(time);
        snapshot();
    }

    private PruneSummary prune() {
        return new CapturePruner(backup, scratch, clock).prune(retained());
    }

    private Instant retained() {
        return clock.instant().minus(MONTH);
    }

    /** All that can be restored as of then: each stream and each of its Images, as text. */
    private Map<String, String> asOf(Instant at) {
        CaptureReader captureReader = new CaptureReader(bucket, scratch);
        Map<String, String> all = new TreeMap<>();
        try (Stream<CapturedStream> streams = captureReader.asOf(at)) {
            streams.forEach(captured -> {
                all.put(
                        captured.stream().value(),
                        captureReader.stream(captured).json().toString());
                captured.images()
                        .keySet()
                        .forEach(digest -> captureReader
                                .image(captured, digest)
                                .ifPresent(image -> all.put(
                                        captured.stream() + "@" + digest,
                                        image.json().toString())));
            });
        }
        return all;
    }

    private List<Map<String, String>> asOf(List<Instant> times) {
        return times.stream().map(this::asOf).toList();
    }

    private Set<String> reachable() {
        Set<String> reachable = new TreeSet<>();
        for (String key : bucket.keys(CaptureKeys.SNAPSHOTS)) {
            try (SnapshotReader reading = new SnapshotReader(bucket, key, scratch)) {
                reading.streams().forEach(line -> line.bodies().forEach(reachable::add));
            }
        }
        ChangeLog changeLog = new ChangeLog(bucket);
        bucket.keys(CaptureKeys.CHANGES)
                .forEach(key -> changeLog.read(key).bodies().forEach(reachable::add));
        return reachable;
    }

    private Set<String> bodies() {
        return new TreeSet<>(new JsonBlobStore(bucket).hashes());
    }

    /** Three months of pushes, deletions and snapshots, some of them without an event; returns the times of all steps. */
    private List<Instant> history(long seed) {
        Random choice = new Random(seed);
        List<Digest> images = List.of(image("first"), image("second"), image("third"));
        List<Instant> times = new ArrayList<>();
        for (int step = 0; step < 150; step++) {
            clock.advance(Duration.ofMinutes(choice.nextInt(24 * 60)));
            String stream = "ns/app" + choice.nextInt(4);
            switch (choice.nextInt(6)) {
                case 0 -> delete(stream);
                case 1 -> snapshot();
                case 2 -> cluster.delete(stream);
                case 3 -> cluster.tag(stream, "v1", images.get(choice.nextInt(3)), clock.instant());
                default -> push(stream, images.get(choice.nextInt(3)));
            }
            times.add(clock.instant());
            times.add(clock.instant().minusMillis(1));
        }
        snapshot();
        times.add(clock.instant());
        return times;
    }

    private List<Instant> withinRetention(List<Instant> times) {
        return Stream.concat(Stream.of(retained()), times.stream().filter(time -> time.isAfter(retained())))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void afterAnyHistoryEachTimeWithinTheRetentionReadsAsBeforeAndNothingElseIsLeft(long seed) {
        // Given
        List<Instant> times = withinRetention(history(seed));
        List<Map<String, String>> before = asOf(times);
        int snapshots = bucket.keys(CaptureKeys.SNAPSHOTS).size();
        int changes = bucket.keys(CaptureKeys.CHANGES).size();
        int bodies = bodies().size();

        // When
        PruneSummary pruned = prune();

        // Then
        assertEquals(before, asOf(times));
        assertTrue(pruned.snapshots() > 0 && pruned.changes() > 0 && pruned.bodies() > 0, pruned::toString);
        assertEquals(
                new PruneSummary(
                        snapshots - bucket.keys(CaptureKeys.SNAPSHOTS).size(),
                        changes - bucket.keys(CaptureKeys.CHANGES).size(),
                        bodies - bodies().size(),
                        0),
                pruned);
        assertEquals(
                1,
                bucket.keys(CaptureKeys.SNAPSHOTS).stream()
                        .filter(key -> !CaptureKeys.time(key).orElseThrow().isAfter(retained()))
                        .count());
        Instant young = clock.instant().minus(DAY);
        Set<String> old = bodies();
        old.removeIf(hash -> bucket.head(CaptureKeys.body(hash))
                .filter(info -> info.lastModified().isBefore(young))
                .isEmpty());
        old.removeAll(reachable());
        assertEquals(Set.of(), old);
        assertEquals(NOTHING, prune());
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void stoppedAtAnyWriteEachTimeWithinTheRetentionReadsAsBeforeAndTheNextPruningContinues(long seed) {
        // Given
        List<Instant> times = withinRetention(history(seed));
        List<Map<String, String>> before = asOf(times);
        boolean isOver = false;
        for (int stops = 0; !isOver; stops++) {
            AtomicInteger left = new AtomicInteger(7);
            backup.beforeRequest((operation, key) -> {
                if (operation == Operation.DELETE && left.getAndDecrement() == 0) {
                    throw new IllegalStateException("stopped");
                }
            });

            // When
            try {
                prune();
                isOver = true;
                assertTrue(stops > 5, "stops: " + stops);
            } catch (IllegalStateException stopped) {
                assertEquals("stopped", stopped.getMessage());
            }

            // Then
            Set<String> missing = reachable();
            missing.removeAll(bodies());
            assertEquals(Set.of(), missing, "after stop " + stops);
            assertEquals(before, asOf(times), "after stop " + stops);
        }
        assertEquals(NOTHING, prune());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutASnapshotWithinTheRetentionAndOneOfBeforeNothingIsDeleted(boolean isBefore) {
        // Given
        push("ns/app", image("first"));
        push("ns/app", image("second"));
        Duration end = isBefore ? MONTH : Duration.ZERO;
        clock.advance(MONTH.minus(end));
        snapshotAfter(DAY);
        snapshotAfter(DAY);
        clock.advance(end);

        // When
        PruneSummary pruned = prune();

        // Then
        assertEquals(NOTHING, pruned);
        assertEquals(2, bucket.keys(CaptureKeys.SNAPSHOTS).size());
        assertEquals(2, bucket.keys(CaptureKeys.CHANGES).size());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whileASnapshotThatIsKeptCannotBeReadNothingIsDeleted(int snapshot) {
        // Given
        push("ns/app", image("first"));
        snapshotAfter(DAY);
        push("ns/app", image("second"));
        snapshotAfter(DAY);
        clock.advance(MONTH);
        snapshotAfter(DAY);
        bucket.seed(bucket.keys(CaptureKeys.SNAPSHOTS).get(snapshot), new byte[] {1, 2, 3});

        // When
        assertThrows(ObjectStoreException.class, this::prune);

        // Then
        assertEquals(3, bucket.keys(CaptureKeys.SNAPSHOTS).size());
        assertEquals(2, bucket.keys(CaptureKeys.CHANGES).size());
    }

    @Test
    void aBodyOfACaptureInProgressIsKeptForADay() {
        // Given
        push("ns/app", image("first"));
        snapshotAfter(DAY);
        clock.advance(MONTH);
        snapshotAfter(DAY);
        String hash = "ab" + "0".repeat(62);
        backup.put(CaptureKeys.body(hash), ContentSource.of(new byte[] {1}), Map.of());

        // When
        clock.advance(DAY.minus(HOUR));
        prune();
        boolean isKept = bodies().contains(hash);
        clock.advance(HOUR.multipliedBy(2));
        prune();

        // Then
        assertTrue(isKept);
        assertFalse(bodies().contains(hash));
    }

    @Test
    void foreignObjectsBesideCapturesAreNotDeleted() {
        // Given
        push("ns/app", image("first"));
        snapshotAfter(DAY);
        List<String> others = List.of(
                CaptureKeys.BODIES + "README", CaptureKeys.CHANGES + "README", CaptureKeys.SNAPSHOTS + "README");
        others.forEach(key -> bucket.seed(key, new byte[] {1}));
        clock.advance(MONTH);
        snapshotAfter(DAY);

        // When
        prune();

        // Then
        others.forEach(key -> assertTrue(bucket.head(key).isPresent(), key));
    }

    /** A stream that exists again as no kept record has it: its body is still in the bucket, and due to be deleted. */
    private CapturedStream due() {
        Digest image = image("first");
        clock.advance(HOUR);
        Instant tagged = clock.instant();
        cluster.tag("ns/app", "v1", image, tagged);
        capture("ns/app");
        CapturedStream first = new ChangeLog(bucket)
                .newest(new RepositoryName("ns/app"), clock.instant())
                .orElseThrow();
        delete("ns/app");
        push("ns/other", image("other"));
        snapshotAfter(DAY);
        clock.advance(MONTH);
        snapshotAfter(DAY);
        clock.advance(HOUR);
        cluster.tag("ns/app", "v1", image, tagged);
        return first;
    }

    @Test
    void anObjectThatACaptureFoundJustBeforeItWasPrunedIsRestored() {
        // Given
        CapturedStream first = due();
        AtomicInteger captured = new AtomicInteger();
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.DELETE
                    && key.startsWith(CaptureKeys.BODIES)
                    && captured.getAndIncrement() == 0) {
                capture("ns/app");
            }
        });

        // When
        PruneSummary pruned = prune();

        // Then
        assertEquals(first.bodies().count(), pruned.reinstated());
        assertEquals(Set.of("ns/app", "ns/other"), streams(asOf(clock.instant())));
    }

    @Test
    void anObjectWhoseRecordCameAfterThePruningIsRestoredByTheNextRun() {
        // Given
        CapturedStream first = due();
        prune();
        Set<String> before = bodies();
        new ChangeLog(bucket)
                .append(
                        new CapturedStream(first.stream(), clock.instant(), first.body(), first.images()),
                        this::random);

        // When
        PruneSummary pruned = prune();

        // Then
        assertFalse(before.contains(first.body()));
        assertEquals(first.bodies().count(), pruned.reinstated());
        assertEquals(Set.of("ns/app", "ns/other"), streams(asOf(clock.instant())));
    }

    @Test
    void theNewestValidVersionIsRestored() {
        // Given
        CapturedStream first = due();
        String key = CaptureKeys.body(first.body());
        byte[] valid = bucket.bytes(key);
        prune();
        bucket.seed(key, new byte[] {1, 2, 3});
        bucket.delete(key, Optional.empty());
        new ChangeLog(bucket)
                .append(
                        new CapturedStream(first.stream(), clock.instant(), first.body(), first.images()),
                        this::random);

        // When
        prune();

        // Then
        assertArrayEquals(valid, bucket.bytes(key));
        assertEquals(Set.of("ns/app", "ns/other"), streams(asOf(clock.instant())));
    }

    private static Set<String> streams(Map<String, String> all) {
        Set<String> streams = new TreeSet<>(all.keySet());
        streams.removeIf(key -> key.contains("@"));
        return streams;
    }
}
