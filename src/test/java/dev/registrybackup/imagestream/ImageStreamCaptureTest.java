package dev.registrybackup.imagestream;

import static dev.registrybackup.imagestream.FakeCluster.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.imagestream.ImageStreamCapture.Result;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captures of single streams, also while they change. */
class ImageStreamCaptureTest {
    private static final RepositoryName APP = new RepositoryName("ns/app");
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final FakeCluster cluster = new FakeCluster();
    private final AtomicInteger random = new AtomicInteger();
    private final ImageStreamCapture capture = process();
    private final Digest first = digest("first");
    private final Digest second = digest("second");
    private CaptureReader captureReader;

    @BeforeEach
    void fill(@TempDir Path scratch) {
        captureReader = new CaptureReader(bucket, scratch);
        cluster.push(first);
        cluster.push(second);
        cluster.tag("ns/app", "v1", first, clock.instant());
    }

    private ImageStreamCapture process() {
        return new ImageStreamCapture(cluster, backup, clock, () -> "%08x".formatted(random.incrementAndGet()));
    }

    private List<String> changes() {
        return bucket.keys("registry-backup/openshift/changes/");
    }

    private Digest pointsTo(CapturedStream captured, String tag) {
        return captureReader.stream(captured).tags().stream()
                .filter(each -> each.tag().value().equals(tag))
                .findFirst()
                .flatMap(ImageStream.TagHistory::current)
                .orElseThrow()
                .image();
    }

    private Optional<CapturedStream> now() {
        return captureReader.find(APP, clock.instant());
    }

    @Test
    void aStreamIsCapturedWithItsImages() {
        // When
        Result result = capture.capture(APP);

        // Then
        assertTrue(result.isNew());
        assertEquals(Optional.empty(), result.before());
        assertEquals(Optional.of(result.captured()), now());
        assertEquals(first, pointsTo(result.captured(), "v1"));
        assertEquals(Set.of(first), result.captured().images().keySet());
        assertTrue(captureReader.image(result.captured(), first).orElseThrow().isManaged());
        assertEquals(clock.instant(), result.captured().read());
    }

    @Test
    void aSecondEventRecordsNothing() {
        // Given
        Result before = capture.capture(APP);
        clock.advance(SECOND);
        backup.clearRequests();

        // When
        Result result = capture.capture(APP);

        // Then
        assertFalse(result.isNew());
        assertEquals(before.captured(), result.captured());
        assertEquals(List.of(), backup.writtenKeys());
    }

    @Test
    void aChangeOfServerFieldsOnlyIsNoChange() {
        // Given
        capture.capture(APP);
        ObjectName name = ObjectName.stream(APP);
        cluster.put(name, cluster.find(name).orElseThrow());

        // When
        Result result = capture.capture(APP);

        // Then
        assertFalse(result.isNew());
        assertEquals(1, changes().size());
    }

    @Test
    void aStreamThatChangesWhileItIsReadIsReadAgainUntilBothReadingsAgree() {
        // Given
        AtomicInteger reads = new AtomicInteger();
        cluster.onCall(call -> {
            clock.advance(SECOND);
            int read = call.startsWith("find imagestreams") ? reads.incrementAndGet() : 0;
            if (read > 1 && read < 5) {
                cluster.tag("ns/app", "v1", read % 2 == 0 ? second : first, clock.instant());
            }
        });

        // When
        Result result = capture.capture(APP);

        // Then
        assertEquals(5, reads.get());
        assertEquals(second, pointsTo(result.captured(), "v1"));
        assertEquals(
                cluster.find(ObjectName.stream(APP)).map(JsonBlobStore::normalize),
                Optional.of(captureReader.stream(result.captured()).json()));
        assertEquals(1, changes().size());
    }

    @Test
    void aStreamThatKeepsChangingIsCapturedAllTheSame() {
        // Given
        AtomicInteger reads = new AtomicInteger();
        cluster.onCall(call -> cluster.label("ns/app", String.valueOf(reads.incrementAndGet())));

        // When
        Result result = capture.capture(APP);

        // Then
        assertTrue(result.isNew());
        assertEquals(1, changes().size());
    }

    @Test
    void aStateFromBeforeTheEventIsRecordedAfterIt() {
        // Given
        int states = 200;
        Random choice = new Random(5);
        Thread changing = new Thread(() -> {
            for (int state = 0; state < states; state++) {
                cluster.label("ns/app", String.valueOf(state));
            }
        });
        changing.start();

        // When
        while (changing.isAlive()) {
            (choice.nextBoolean() ? capture : process()).capture(APP);
            clock.advance(SECOND);
        }
        Result last = capture.capture(APP);

        // Then
        assertEquals(
                "199",
                captureReader.stream(last.captured())
                        .json()
                        .at("/metadata/labels/changed")
                        .asText());
        assertEquals(Optional.of(last.captured()), now());
    }

    @Test
    void eventsThatComeTwiceAndOutOfOrderToTwoProcessesLeaveTheNewestState() {
        // Given
        ImageStreamCapture other = process();
        capture.capture(APP);
        clock.advance(SECOND);
        cluster.tag("ns/app", "v1", second, clock.instant());
        clock.advance(SECOND);
        other.capture(APP);
        clock.advance(SECOND);
        cluster.tag("ns/app", "v1", first, clock.instant());
        clock.advance(SECOND);
        capture.capture(APP);
        clock.advance(SECOND);

        // When
        Result late = other.capture(APP);
        Result twice = capture.capture(APP);

        // Then
        assertEquals(List.of(false, false), List.of(late.isNew(), twice.isNew()));
        assertEquals(3, changes().size());
        assertEquals(first, pointsTo(now().orElseThrow(), "v1"));
    }

    @Test
    void aProcessThatStallsAfterAnOldReadingDoesNotHideANewerOne() {
        // Given
        ImageStreamCapture other = process();
        AtomicInteger reads = new AtomicInteger();
        cluster.onCall(call -> {
            if (call.startsWith("find imagestreams") && reads.incrementAndGet() == 2) {
                cluster.onCall(none -> {});
                clock.advance(SECOND);
                cluster.tag("ns/app", "v1", second, clock.instant());
                other.capture(APP);
                clock.advance(SECOND);
            }
        });

        // When
        capture.capture(APP);

        // Then
        assertEquals(second, pointsTo(now().orElseThrow(), "v1"));
    }

    @Test
    void childrenOfIndexesAndOfIndexesInIndexesAreCaptured() {
        // Given
        Digest leaf = digest("leaf");
        Digest inner = digest("inner");
        Digest outer = digest("outer");
        cluster.push(leaf);
        cluster.push(inner, leaf, first);
        cluster.push(outer, inner, second);
        cluster.tag("ns/app", "all", outer, clock.instant());

        // When
        Result result = capture.capture(APP);

        // Then
        assertEquals(
                Set.of(first, second, leaf, inner, outer),
                result.captured().images().keySet());
        assertTrue(captureReader
                .image(result.captured(), leaf)
                .orElseThrow()
                .children()
                .isEmpty());
    }

    @Test
    void childrenOfACapturedIndexAreFoundByAnotherProcess() {
        // Given
        Digest index = digest("index");
        cluster.push(index, second);
        cluster.tag("ns/app", "all", index, clock.instant());
        capture.capture(APP);
        clock.advance(SECOND);
        cluster.label("ns/app", "changed");

        // When
        Result result = process().capture(APP);

        // Then
        assertTrue(result.isNew());
        assertEquals(Set.of(first, second, index), result.captured().images().keySet());
        assertEquals(
                1,
                cluster.calls().stream()
                        .filter(call -> call.equals("find " + ObjectName.image(second)))
                        .count());
    }

    @Test
    void anImageThatTheClusterDoesNotHaveIsRecordedAsMissingAndReadAgain() {
        // Given
        Digest late = digest("late");
        cluster.tag("ns/app", "v2", late, clock.instant());
        Result without = capture.capture(APP);
        cluster.push(late);
        clock.advance(SECOND);

        // When
        Result with = capture.capture(APP);

        // Then
        assertEquals("", without.captured().images().get(late));
        assertTrue(with.isNew());
        assertEquals(
                late, captureReader.image(with.captured(), late).orElseThrow().digest());
    }

    @Test
    void anImageThatIsCreatedBetweenTheReadingsIsNotMissing() {
        // Given
        Digest late = digest("late");
        cluster.tag("ns/app", "v2", late, clock.instant());
        AtomicInteger reads = new AtomicInteger();
        cluster.onCall(call -> {
            if (call.startsWith("find imagestreams") && reads.incrementAndGet() == 2) {
                cluster.push(late);
            }
        });

        // When
        Result result = capture.capture(APP);

        // Then
        assertFalse(result.captured().images().containsValue(""), result.captured()::toString);
    }

    @Test
    void aDeletionIsCapturedAndEarlierStatesStay() {
        // Given
        Instant before = clock.instant();
        CapturedStream there = capture.capture(APP).captured();
        clock.advance(SECOND);
        cluster.delete("ns/app");

        // When
        Result result = capture.capture(APP);

        // Then
        assertTrue(result.isNew());
        assertTrue(now().orElseThrow().isDeleted());
        assertEquals(Optional.of(there), captureReader.find(APP, before));
        assertEquals(first, pointsTo(there, "v1"));
    }

    @Test
    void aClusterThatFailsAnywhereLeavesNoIncompleteCapture() {
        // Given
        Digest index = digest("index");
        cluster.push(index, second);
        cluster.tag("ns/app", "all", index, clock.instant());
        int failures = 0;
        for (int failing = 1; failing <= 12; failing++) {
            AtomicInteger left = new AtomicInteger(failing);
            cluster.onCall(call -> {
                if (left.decrementAndGet() == 0) {
                    throw new ClusterException(ClusterError.UNAVAILABLE, "gone for now");
                }
            });

            // When
            try {
                process().capture(APP);
            } catch (ClusterException e) {
                failures++;
                assertEquals(List.of(), changes());
            }
        }

        // Then
        assertTrue(failures >= 4, () -> "failed only in this many places");
        assertEquals(Set.of(first, second, index), now().orElseThrow().images().keySet());
    }

    @Test
    void aStoreThatFailsAtAnyWriteLeavesNoChangeWithoutItsBodies() {
        // Given
        int writes = 3;
        for (int failing = 1; failing <= writes; failing++) {
            AtomicInteger left = new AtomicInteger(failing);
            backup.beforeRequest((operation, key) -> {
                if (operation == Operation.PUT && left.decrementAndGet() == 0) {
                    throw new ObjectStoreException(StoreError.UNAVAILABLE, "away at " + key);
                }
            });

            // When
            assertThrows(ObjectStoreException.class, () -> process().capture(APP));

            // Then
            assertEquals(List.of(), changes());
            bucket.keys("").forEach(key -> bucket.delete(key, Optional.empty()));
        }
        backup.beforeRequest((operation, key) -> {});
        Result result = capture.capture(APP);
        assertEquals(writes, bucket.keys("").size());
        assertEquals(
                Map.of(first, result.captured().images().get(first)),
                result.captured().images());
    }

    @Test
    void anInvalidImageStreamNameIsRejected() {
        // When
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> capture.capture(new RepositoryName("ns/app/part")));

        // Then
        assertEquals(
                "On OpenShift a repository is <namespace>/<ImageStream>, not \"ns/app/part\"", refusal.getMessage());
        assertEquals(List.of(), cluster.calls());
    }
}
