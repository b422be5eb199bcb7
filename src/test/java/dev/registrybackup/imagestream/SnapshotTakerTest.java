package dev.registrybackup.imagestream;

import static dev.registrybackup.imagestream.FakeCluster.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.SnapshotTaker.SnapshotSummary;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Snapshots of a whole cluster. */
class SnapshotTakerTest {
    private static final String SNAPSHOTS = "registry-backup/openshift/snapshots/";
    private static final String BODIES = "registry-backup/openshift/bodies/";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final FakeCluster cluster = new FakeCluster();
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final AtomicInteger random = new AtomicInteger();
    private final SnapshotTaker snapshotTaker =
            new SnapshotTaker(cluster, backup, workerPools, clock, () -> "%08x".formatted(random.incrementAndGet()));
    private Path scratch;
    private CaptureReader captureReader;

    @BeforeEach
    void begin(@TempDir Path directory) {
        scratch = directory;
        captureReader = new CaptureReader(bucket, directory);
    }

    @AfterEach
    void end() {
        workerPools.close();
    }

    private void fill(int streams) {
        for (int stream = 0; stream < streams; stream++) {
            Digest image = digest("image " + stream);
            cluster.push(image);
            cluster.tag("ns/app-%03d".formatted(stream), "v1", image, clock.instant());
        }
    }

    private List<CapturedStream> newest() {
        try (Stream<CapturedStream> all = captureReader.inNewestSnapshot()) {
            return all.toList();
        }
    }

    @Test
    void aSnapshotHasEachStreamOfManyPagesOnceWithItsImages() throws IOException {
        // Given
        fill(250);

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(new SnapshotSummary(snapshotSummary.key(), 250, 250, 250, 0, List.of()), snapshotSummary);
        assertEquals(List.of(snapshotSummary.key()), bucket.keys(SNAPSHOTS));
        List<CapturedStream> all = newest();
        assertEquals(250, all.size());
        for (int stream = 0; stream < 250; stream++) {
            CapturedStream captured = all.get(stream);
            assertEquals("ns/app-%03d".formatted(stream), captured.stream().value());
            assertEquals(captured.stream(), captureReader.stream(captured).repository());
            assertEquals(Set.of(digest("image " + stream)), captured.images().keySet());
            assertTrue(captureReader
                    .image(captured, digest("image " + stream))
                    .orElseThrow()
                    .isManaged());
        }
        assertEquals(
                6,
                cluster.calls().stream().filter(call -> call.startsWith("list")).count());
        try (Stream<Path> left = Files.list(scratch)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void aTagThatCannotBePulledKeepsItsStreamAndImageCaptured() throws IOException {
        // Given
        fill(2);
        Digest image = digest("of the odd tag");
        cluster.push(image);
        cluster.tag("ns/app-000", "1.0+1", image, clock.instant());

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(new SnapshotSummary(snapshotSummary.key(), 2, 2, 3, 0, List.of()), snapshotSummary);
        CapturedStream captured = newest().get(0);
        assertEquals(Set.of(digest("image 0"), image), captured.images().keySet());
        assertTrue(captureReader.image(captured, image).isPresent());
        assertEquals(
                List.of("v1"),
                captureReader.stream(captured).tags().stream()
                        .map(tag -> tag.tag().value())
                        .toList());
        assertEquals(List.of("1.0+1"), captureReader.stream(captured).unusableTags());
    }

    @Test
    void aChildOfAnIndexWithoutADigestIsSkipped() throws IOException {
        // Given
        fill(1);
        ObjectName name = ObjectName.image(digest("image 0"));
        ObjectNode index = cluster.find(name).orElseThrow();
        index.withArray("dockerImageManifests").addObject().put("digest", "md5:0");
        cluster.put(name, index);

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(new SnapshotSummary(snapshotSummary.key(), 1, 1, 1, 0, List.of()), snapshotSummary);
    }

    @Test
    void anInvalidStreamIsReportedAndTheOthersAreCaptured() throws IOException {
        // Given
        fill(2);
        ObjectNode odd = cluster.find(ObjectName.stream(new RepositoryName("ns/app-000")))
                .orElseThrow();
        odd.withObject("metadata").put("name", "App");
        cluster.put(new ObjectName(Resource.IMAGE_STREAM, Optional.of("ns"), "App"), odd);

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(
                new SnapshotSummary(
                        snapshotSummary.key(), 2, 2, 2, 0, List.of("ns/App: \"ns/App\" is not a repository name")),
                snapshotSummary);
        assertEquals(2, newest().size());
    }

    @Test
    void anEmptyClusterHasAnEmptySnapshot() {
        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(new SnapshotSummary(snapshotSummary.key(), 0, 0, 0, 0, List.of()), snapshotSummary);
        assertEquals(List.of(), newest());
        assertTrue(captureReader.newest(stream -> true).isPresent());
    }

    @Test
    void unchangedBodiesAreNotWrittenTwice() {
        // Given
        fill(3);
        snapshotTaker.take(scratch);
        clock.advance(Duration.ofHours(6));
        cluster.label("ns/app-001", "changed");
        backup.clearRequests();

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        List<String> written = backup.writtenKeys();
        assertEquals(2, written.size(), written::toString);
        assertTrue(written.get(0).startsWith(BODIES), written::toString);
        assertEquals(snapshotSummary.key(), written.get(1));
        assertEquals(7, bucket.keys(BODIES).size());
    }

    @Test
    void anExpiredListIsStartedAgainAndNothingIsCapturedTwice() {
        // Given
        fill(150);
        AtomicInteger pages = new AtomicInteger();
        cluster.onCall(call -> {
            if (call.startsWith("list imagestreams ") && pages.incrementAndGet() == 1) {
                throw new ClusterException(ClusterError.EXPIRED, "too old");
            }
        });

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(150, snapshotSummary.streams());
        assertEquals(150, newest().size());
        assertEquals(1, bucket.keys(SNAPSHOTS).size());
        assertEquals(300, bucket.keys(BODIES).size());
    }

    @Test
    void aListThatKeepsExpiringLeavesNoSnapshot() {
        // Given
        fill(1);
        cluster.fail(ClusterError.EXPIRED);

        // When
        ClusterException failure = assertThrows(ClusterException.class, () -> snapshotTaker.take(scratch));

        // Then
        assertEquals(ClusterError.EXPIRED, failure.error());
        assertEquals(3, cluster.calls().size());
        assertEquals(List.of(), bucket.keys(""));
    }

    @Test
    void anImageThatIsCreatedAfterImagesWereListedIsCaptured() {
        // Given
        fill(1);
        Digest child = digest("child");
        Digest late = digest("late");
        cluster.onCall(call -> {
            if (call.equals("list imagestreams")) {
                cluster.push(child);
                cluster.push(late, child);
                cluster.tag("ns/app-000", "v2", late, clock.instant());
            }
        });

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(new SnapshotSummary(snapshotSummary.key(), 1, 2, 3, 0, List.of()), snapshotSummary);
        assertTrue(captureReader.image(newest().get(0), child).isPresent());
    }

    @Test
    void missingImagesAreCountedAndImagesWithOtherNamesAreSkipped() {
        // Given
        fill(1);
        cluster.tag("ns/app-000", "v2", digest("gone"), clock.instant());
        cluster.put(ObjectName.of(Resource.IMAGE, "by-hand"), JsonNodeFactory.instance.objectNode());

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(new SnapshotSummary(snapshotSummary.key(), 1, 2, 2, 1, List.of()), snapshotSummary);
        assertEquals("", newest().get(0).images().get(digest("gone")));
    }

    @Test
    void noSnapshotIsVisibleBeforeItIsComplete() {
        // Given
        fill(120);
        List<String> early = new ArrayList<>();
        cluster.onCall(call -> early.addAll(bucket.keys(SNAPSHOTS)));

        // When
        SnapshotSummary snapshotSummary = snapshotTaker.take(scratch);

        // Then
        assertEquals(List.of(), early);
        List<String> written = backup.writtenKeys();
        assertEquals(snapshotSummary.key(), written.get(written.size() - 1));
        assertEquals(241, Set.copyOf(written).size());
    }

    @Test
    void aBodyThatCannotBeWrittenLeavesNoSnapshot() throws IOException {
        // Given
        fill(20);
        AtomicInteger left = new AtomicInteger(7);
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && left.decrementAndGet() == 0) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "away");
            }
        });

        // When
        assertThrows(ObjectStoreException.class, () -> snapshotTaker.take(scratch));

        // Then
        assertEquals(List.of(), bucket.keys(SNAPSHOTS));
        try (Stream<Path> files = Files.list(scratch)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 50, -1})
    void aTruncatedSnapshotIsRefused(int length) {
        // Given
        fill(30);
        String key = snapshotTaker.take(scratch).key();
        byte[] whole = bucket.bytes(key);
        bucket.seed(key, Arrays.copyOf(whole, length < 0 ? whole.length + length : length));

        // When
        ObjectStoreException refusal = assertThrows(ObjectStoreException.class, this::newest);

        // Then
        assertEquals(StoreError.BAD_REQUEST, refusal.error());
        assertTrue(
                String.valueOf(refusal.getMessage()).startsWith("Failed to read the snapshot " + key),
                refusal::getMessage);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 31})
    void aSnapshotWithAMissingLineIsRefusedAlthoughItDecompresses(int lacking) throws IOException {
        // Given
        fill(30);
        String key = snapshotTaker.take(scratch).key();
        List<String> lines = new String(
                        new GZIPInputStream(new ByteArrayInputStream(bucket.bytes(key))).readAllBytes(),
                        StandardCharsets.UTF_8)
                .lines()
                .collect(Collectors.toCollection(ArrayList::new));
        lines.remove(lacking);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream packing = new GZIPOutputStream(packed)) {
            packing.write((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        bucket.seed(key, packed.toByteArray());

        // When
        ObjectStoreException refusal = assertThrows(ObjectStoreException.class, this::newest);

        // Then
        assertEquals(
                "Failed to read the snapshot %s: it ends after %d streams, without its last line. Give an earlier time as \"at\", or restore an older version of that object in the bucket"
                        .formatted(key, lacking == 31 ? 30 : 29),
                refusal.getMessage());
    }
}
