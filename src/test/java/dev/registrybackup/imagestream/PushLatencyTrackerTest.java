package dev.registrybackup.imagestream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a push is restorable. */
class PushLatencyTrackerTest {
    private static final RepositoryName APP = new RepositoryName("ns/app");

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final FakeCluster cluster = new FakeCluster();
    private final RandomRegistry content = new RandomRegistry(3);
    private final WorkerPools workerPools = new WorkerPools(2, 1);
    private final AtomicInteger random = new AtomicInteger();
    private final ImageStreamCapture capture =
            new ImageStreamCapture(cluster, backup, clock, () -> "%08x".formatted(random.incrementAndGet()));
    private final List<Duration> restorable = new ArrayList<>();
    private final List<String> timedOut = new ArrayList<>();
    private final Digest layer = content.layer("ns/app", 100);
    private final Digest image = content.image("ns/app", layer);
    private PushLatencyTracker pushes;

    @BeforeEach
    void begin(@TempDir Path scratch) {
        pushes = new PushLatencyTracker(
                backup,
                new CaptureReader(backup, scratch),
                content.layout(),
                workerPools,
                clock,
                new PushLatencyTracker.Listener() {
                    @Override
                    public void restorable(Duration after) {
                        restorable.add(after);
                    }

                    @Override
                    public void timedOut(String reference) {
                        timedOut.add(reference);
                    }
                });
        cluster.push(image);
    }

    @AfterEach
    void end() {
        workerPools.close();
    }

    private void push(String tag, Digest pushed) {
        cluster.tag("ns/app", tag, pushed, clock.instant());
        pushes.add(capture.capture(APP));
    }

    private void copyAll() {
        content.objects().forEach(backup::seed);
    }

    @Test
    void aPushIsRestorableOnceTheBackupHasItsLastBlob() {
        // Given
        copyAll();
        backup.delete(content.blobKey(layer), Optional.empty());
        push("v1", image);
        pushes.poll();
        clock.advance(Duration.ofSeconds(30));
        List<Duration> before = List.copyOf(restorable);
        backup.seed(content.blobKey(layer), content.content(content.blobKey(layer)));

        // When
        pushes.poll();
        pushes.poll();

        // Then
        assertEquals(List.of(), before);
        assertEquals(List.of(Duration.ofSeconds(30)), restorable);
    }

    @Test
    void anIndexNeedsTheChildrenThatWerePushedAndNoOthers() {
        // Given
        Digest other = content.image("ns/app", layer);
        Digest index = content.index("ns/app", image, other);
        copyAll();
        backup.delete(content.blobKey(image), Optional.empty());
        backup.delete(content.blobKey(other), Optional.empty());
        cluster.push(index, image, other);
        push("all", index);
        pushes.poll();
        List<Duration> before = List.copyOf(restorable);
        backup.seed(content.blobKey(image), content.content(content.blobKey(image)));

        // When
        pushes.poll();

        // Then
        assertEquals(List.of(), before);
        assertEquals(1, restorable.size());
    }

    @Test
    void onlyPushesSinceThePreviousCaptureCount() {
        // Given
        copyAll();
        push("v1", image);
        pushes.poll();
        clock.advance(Duration.ofMinutes(1));
        cluster.label("ns/app", "changed");
        pushes.add(capture.capture(APP));

        // When
        push("v2", image);
        pushes.poll();

        // Then
        assertEquals(2, restorable.size());
    }

    @Test
    void tagMovesFromBeforeTheStartDoNotCount() {
        // Given
        copyAll();
        cluster.tag("ns/app", "old", image, clock.instant().minus(Duration.ofDays(9)));

        // When
        pushes.add(capture.capture(APP));
        pushes.poll();

        // Then
        assertEquals(List.of(), restorable);
        assertEquals(List.of(), timedOut);
    }

    @Test
    void imagesOfOtherRegistriesAndMissingOnesDoNotCount() {
        // Given
        Digest imported = content.image("ns/app", layer);
        cluster.importImage(imported);
        copyAll();

        // When
        push("theirs", imported);
        push("gone", Digest.parse("sha256:" + "1".repeat(64)));
        pushes.poll();

        // Then
        assertEquals(List.of(), restorable);
        clock.advance(Duration.ofHours(2));
        pushes.poll();
        assertEquals(List.of(), timedOut);
    }

    @Test
    void aPushThatIsNotRestorableWithinAnHourTimesOutOnce() {
        // Given
        push("v1", image);
        clock.advance(Duration.ofMinutes(59));
        pushes.poll();
        List<String> before = List.copyOf(timedOut);
        clock.advance(Duration.ofMinutes(2));

        // When
        pushes.poll();
        pushes.poll();

        // Then
        assertEquals(List.of(), before);
        assertEquals(List.of("ns/app:v1"), timedOut);
        assertTrue(restorable.isEmpty());
    }

    @Test
    void beyondAThousandTheOldestAreDropped() {
        // Given
        for (int tag = 0; tag < 1_002; tag++) {
            cluster.tag("ns/app", "v" + tag, image, clock.instant());
        }

        // When
        pushes.add(capture.capture(APP));

        // Then
        assertEquals(List.of("ns/app:v0", "ns/app:v1"), timedOut);
    }
}
