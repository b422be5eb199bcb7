package dev.registrybackup.imagestream;

import static dev.registrybackup.imagestream.FakeCluster.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads captures as of a time. */
class CaptureReaderTest {
    private static final RepositoryName APP = new RepositoryName("ns/app");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final FakeCluster cluster = new FakeCluster();
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final AtomicInteger random = new AtomicInteger();
    private final ImageStreamCapture capture = new ImageStreamCapture(cluster, backup, clock, this::random);
    private final SnapshotTaker snapshotTaker = new SnapshotTaker(cluster, backup, workerPools, clock, this::random);
    private final Digest first = image("first");
    private final Digest second = image("second");
    private final Digest third = image("third");
    private Path scratch;
    private CaptureReader captureReader;

    @BeforeEach
    void begin(@TempDir Path directory) {
        scratch = directory;
        captureReader = new CaptureReader(backup, directory);
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

    /** Moves the tag and captures the stream; returns the time after it. */
    private Instant push(String stream, Digest image) {
        clock.advance(MINUTE);
        cluster.tag(stream, "v1", image, clock.instant());
        capture.capture(new RepositoryName(stream));
        return clock.instant();
    }

    private Instant snapshot() {
        clock.advance(MINUTE);
        snapshotTaker.take(scratch);
        return clock.instant();
    }

    private Instant delete(String stream) {
        clock.advance(MINUTE);
        cluster.delete(stream);
        capture.capture(new RepositoryName(stream));
        return clock.instant();
    }

    private Map<String, ObjectNode> asOf(Instant at) {
        Map<String, ObjectNode> all = new TreeMap<>();
        try (Stream<CapturedStream> streams = captureReader.asOf(at)) {
            streams.forEach(captured -> assertEquals(
                    null,
                    all.put(
                            captured.stream().value(),
                            captureReader.stream(captured).json()),
                    "a stream twice"));
        }
        return all;
    }

    private static Optional<Digest> pointsTo(Map<String, ObjectNode> all, String stream) {
        return Optional.ofNullable(all.get(stream))
                .map(json -> new ImageStream(json)
                        .tags()
                        .get(0)
                        .current()
                        .orElseThrow()
                        .image());
    }

    private Set<Digest> imagesSince(Instant since) {
        Set<Digest> images = new HashSet<>();
        captureReader.imagesSince(since, images::add);
        return images;
    }

    @Test
    void beforeAnythingWasCapturedThereIsNothing() {
        // Given
        Instant before = clock.instant();
        push("ns/app", first);
        snapshot();

        // When
        Map<String, ObjectNode> all = asOf(before);

        // Then
        assertEquals(Map.of(), all);
        assertEquals(Optional.empty(), captureReader.find(APP, before));
    }

    @Test
    void aChangeBetweenTwoSnapshotsCountsBetweenThem() {
        // Given
        push("ns/app", first);
        push("ns/other", third);
        Instant early = snapshot();
        Instant changed = push("ns/app", second);
        clock.advance(MINUTE);
        cluster.tag("ns/app", "v1", third, clock.instant());
        Instant late = snapshot();

        // When
        List<Optional<Digest>> seen = List.of(
                pointsTo(asOf(early), "ns/app"),
                pointsTo(asOf(changed), "ns/app"),
                pointsTo(asOf(late), "ns/app"),
                pointsTo(asOf(changed), "ns/other"));

        // Then
        assertEquals(List.of(Optional.of(first), Optional.of(second), Optional.of(third), Optional.of(third)), seen);
    }

    @Test
    void aChangeThatIsOlderThanTheSnapshotsReadingDoesNotCount() {
        // Given
        push("ns/app", first);
        clock.advance(MINUTE);
        cluster.tag("ns/app", "v1", second, clock.instant());
        Instant taken = snapshot();

        // When
        Optional<CapturedStream> found = captureReader.find(APP, taken);

        // Then
        assertEquals(Optional.of(second), pointsTo(asOf(taken), "ns/app"));
        assertEquals(second, found.orElseThrow().images().keySet().iterator().next());
    }

    @Test
    void aChangeThatIsPrunedAfterItWasListedIsFoundInTheSnapshot() {
        // Given
        push("ns/app", first);
        Instant taken = snapshot();
        RecordingObjectStore pruned = new RecordingObjectStore(backup);
        pruned.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.startsWith(CaptureKeys.CHANGES)) {
                backup.delete(key, Optional.empty());
            }
        });

        // When
        Optional<CapturedStream> found = new CaptureReader(pruned, scratch).find(APP, taken);

        // Then
        assertEquals(Set.of(first), found.orElseThrow().images().keySet());
    }

    @Test
    void aChangeCapturedBetweenThePagesOfASnapshotCounts() {
        // Given
        push("ns/app", first);
        for (int other = 0; other < 150; other++) {
            cluster.label("aa/%03d".formatted(other), "one");
        }
        cluster.onCall(call -> {
            clock.advance(Duration.ofSeconds(1));
            if (call.startsWith("list imagestreams ")) {
                cluster.onCall(none -> {});
                push("ns/app", second);
                clock.advance(MINUTE);
            }
        });
        Instant taken = snapshot();

        // When
        Map<String, ObjectNode> all = asOf(taken);

        // Then
        assertEquals(Optional.of(second), pointsTo(all, "ns/app"));
        assertEquals(151, all.size());
        assertEquals(Set.of(second, first), imagesSince(taken));
    }

    @Test
    void aStreamDeletedWithoutAnEventIsGoneFromTheNextSnapshot() {
        // Given
        Instant there = push("ns/app", first);
        clock.advance(MINUTE);
        cluster.delete("ns/app");
        Instant listed = snapshot();

        // When
        Map<String, ObjectNode> all = asOf(listed);

        // Then
        assertEquals(Map.of(), all);
        assertTrue(captureReader.find(APP, listed).orElseThrow().isDeleted());
        assertEquals(Optional.of(first), pointsTo(asOf(there), "ns/app"));
    }

    @Test
    void theImagesSinceATimeAreThoseOfThenAndOfAllThatCameLater() {
        // Given
        push("ns/app", first);
        Instant one = snapshot();
        cluster.delete("ns/app");
        push("ns/other", second);
        delete("ns/other");
        Instant two = snapshot();
        push("ns/new", third);

        // When
        List<Set<Digest>> images = List.of(
                imagesSince(Instant.EPOCH),
                imagesSince(one),
                imagesSince(two.minusMillis(1)),
                imagesSince(two),
                imagesSince(clock.instant()));

        // Then
        assertEquals(
                List.of(
                        Set.of(first, second, third),
                        Set.of(first, second, third),
                        Set.of(first, second, third),
                        Set.of(third),
                        Set.of(third)),
                images);
    }

    @Test
    void aBodyThatDoesNotMatchItsKeyIsRefused() {
        // Given
        push("ns/app", first);
        CapturedStream captured = captureReader.find(APP, clock.instant()).orElseThrow();
        String key = CaptureKeys.body(captured.body());
        backup.seed(
                key,
                backup.bytes(
                        CaptureKeys.body(captured.images().values().iterator().next())));

        // When
        ObjectStoreException refusal = assertThrows(ObjectStoreException.class, () -> captureReader.stream(captured));

        // Then
        assertEquals(StoreError.BAD_REQUEST, refusal.error());
        assertTrue(
                String.valueOf(refusal.getMessage()).startsWith("Failed to read the captured object " + key),
                refusal::getMessage);
    }

    /** A model: what the cluster had after each step, and whether that step was captured. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anyHistoryReadsAsItWas(long seed) {
        // Given
        Random choice = new Random(seed);
        List<Digest> images = List.of(first, second, third);
        List<Instant> times = new ArrayList<>(List.of(clock.instant()));
        List<Map<String, Digest>> states = new ArrayList<>(List.of(Map.of()));
        Map<String, Digest> now = new TreeMap<>();
        for (int step = 0; step < 60; step++) {
            String stream = "ns/app" + choice.nextInt(4);
            Digest image = images.get(choice.nextInt(3));
            switch (choice.nextInt(5)) {
                case 0 -> {
                    delete(stream);
                    now.remove(stream);
                }
                case 1 -> snapshot();
                default -> {
                    push(stream, image);
                    now.put(stream, image);
                }
            }
            times.addAll(List.of(clock.instant().minusMillis(1), clock.instant()));
            states.addAll(List.of(states.get(states.size() - 1), new TreeMap<>(now)));
        }

        // When
        List<Map<String, Digest>> read = new ArrayList<>();
        List<Set<Digest>> since = new ArrayList<>();
        for (Instant time : times) {
            Map<String, Digest> then = new TreeMap<>();
            Map<String, ObjectNode> all = asOf(time);
            all.keySet()
                    .forEach(stream -> then.put(stream, pointsTo(all, stream).orElseThrow()));
            for (int stream = 0; stream < 4; stream++) {
                RepositoryName name = new RepositoryName("ns/app" + stream);
                assertEquals(
                        Optional.ofNullable(all.get(name.value())),
                        captureReader
                                .find(name, time)
                                .filter(captured -> !captured.isDeleted())
                                .map(captured -> captureReader.stream(captured).json()),
                        () -> "seed " + seed);
            }
            read.add(then);
            since.add(imagesSince(time));
        }

        // Then
        assertEquals(states, read);
        for (int step = 0; step < states.size(); step++) {
            for (Map<String, Digest> state : states.subList(step, states.size())) {
                assertTrue(since.get(step).containsAll(state.values()), () -> "seed " + seed);
            }
        }
    }
}
