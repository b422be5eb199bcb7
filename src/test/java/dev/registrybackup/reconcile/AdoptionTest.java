package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.operation.FencedObjectStore;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.VerifiedMarker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdoptionTest {
    private static final String RECORD = "registry-backup/adoption";
    private static final String CORRUPT = "registry-backup/quarantine/";

    private final SettableClock clock = new SettableClock();
    private final RandomRegistry registry = new RandomRegistry(7);
    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("registry", false, clock);
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);

    @AutoClose
    private final WorkerPools workerPools = new WorkerPools(1, 1);

    private final ProgressTracker progressTracker = new ProgressTracker();
    private final List<Finding> findings = new ArrayList<>();

    private Adoption.AdoptionSummary adopt() {
        return adopt(() -> {});
    }

    private Adoption.AdoptionSummary adopt(Fence fence) {
        return adopt(registryBucket, backup, fence);
    }

    /** As a process of its own does. */
    private Adoption.AdoptionSummary adopt(ObjectStore from, ObjectStore store, Fence fence) {
        RegistryLayout layout = registry.layout();
        ObjectStore fenced = new FencedObjectStore(store, fence);
        VerifiedMarker mark = new VerifiedMarker(fenced, layout, clock);
        ExpiringKeySet durable = new ExpiringKeySet(clock, Duration.ofMinutes(5), 100);
        return new Adoption(
                        new RegistryStore(fenced, layout),
                        new BlobReplicator(layout, from, fenced, mark, workerPools, durable),
                        mark,
                        workerPools,
                        RateLimiter.unlimited(),
                        clock,
                        new OperationContext(fence, progressTracker).withFindingsTo(findings::add))
                .run();
    }

    /** Blobs of the registry that the backup has too, in key order. */
    private List<Digest> copyBlobs(int count) {
        List<Digest> blobs = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            blobs.add(registry.blob(registry.bytes(20)));
        }
        copyAll();
        return blobs.stream()
                .sorted((one, other) -> registry.blobKey(one).compareTo(registry.blobKey(other)))
                .toList();
    }

    private void copyAll() {
        registry.writeTo(registryBucket::seed);
        registry.writeTo(bucket::seed);
    }

    private static byte[] flip(InMemoryObjectStore store, String key) {
        byte[] content = store.bytes(key);
        content[content.length / 2] ^= 1;
        store.seed(key, content);
        return content;
    }

    /** The keys of the blobs that were opened, in key order. */
    private List<String> readKeys() {
        return backup.keysOf(Operation.OPEN).stream()
                .filter(key -> !key.startsWith("registry-backup/"))
                .sorted()
                .toList();
    }

    private List<String> keys(List<Digest> blobs) {
        return blobs.stream().map(registry::blobKey).toList();
    }

    private String text(String key) {
        return new String(bucket.bytes(key), StandardCharsets.UTF_8);
    }

    private boolean isMarked() {
        return bucket.head(VerifiedMarker.KEY).isPresent();
    }

    private static BiConsumer<Operation, String> failOnRead(Set<String> keys) {
        return (operation, key) -> {
            if (operation == Operation.OPEN && keys.contains(key)) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "Failed to read it: a test says so");
            }
        };
    }

    /** Permits until the checkpoint was written so often; each asking takes so long. */
    private Fence fenceAfterCheckpoints(int checkpoints, Duration step) {
        return () -> {
            clock.advance(step);
            long written = backup.writtenKeys().stream().filter(RECORD::equals).count();
            if (written >= checkpoints) {
                throw new FencedException("stopped");
            }
        };
    }

    @Test
    void aGoodBucketIsReadOnceAndMarked() {
        // Given
        Digest large = registry.layer("team/app", (1 << 20) + 1);
        Digest image = registry.image("team/app", large);
        registry.tag("team/app", "latest", image);
        registry.upload("team/app");
        copyAll();
        bucket.seed(registry.layout().blobsPrefix() + "notes.txt", new byte[3]);
        List<String> blobs = registry.keys().stream()
                .filter(key -> key.contains("/blobs/"))
                .sorted()
                .toList();
        long bytes =
                blobs.stream().mapToLong(key -> registry.content(key).length).sum();

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(3, 0, 0, bytes, true), adoptionSummary);
        assertEquals(blobs, readKeys());
        assertEquals(
                "{\"verifiedAt\":\"%s\",\"reason\":\"every blob was verified: 3 objects, %d bytes\"}"
                        .formatted(SettableClock.START, bytes),
                text(VerifiedMarker.KEY));
        assertEquals(0, bucket.versionCount(RECORD));
        assertEquals(List.of(), findings);
        assertEquals(
                List.of(3L, 3L, bytes, bytes),
                List.of(
                        progressTracker.progress().objectsDone(),
                        progressTracker.progress().objectsTotal(),
                        progressTracker.progress().bytesDone(),
                        progressTracker.progress().bytesTotal()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBlobThatIsTruncatedOrHasAFlippedBitIsReplacedByTheRegistrys(boolean isTruncated) {
        // Given
        List<Digest> blobs = copyBlobs(3);
        String bad = registry.blobKey(blobs.get(1));
        if (isTruncated) {
            bucket.seed(bad, new byte[0]);
        } else {
            flip(bucket, bad);
        }

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(2, 1, 0, 60, true), adoptionSummary);
        assertArrayEquals(registry.content(bad), bucket.bytes(bad));
        assertEquals(List.of(), bucket.keys(CORRUPT));
        assertTrue(text(VerifiedMarker.KEY).contains("3 objects, 60 bytes"), text(VerifiedMarker.KEY));
        assertEquals(List.of(), findings);
    }

    @ParameterizedTest
    @ValueSource(ints = {20, (1 << 20) + 1})
    void aCorruptBlobMissingInTheRegistryIsQuarantined(int size) {
        // Given
        Digest blob = registry.blob(registry.bytes(size));
        List<Digest> others = copyBlobs(1);
        String key = registry.blobKey(blob);
        byte[] wrong = flip(bucket, key);
        registryBucket.delete(key, Optional.empty());

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(1, 0, 1, 20, true), adoptionSummary);
        assertEquals(keys(others), bucket.keys(registry.layout().blobsPrefix()));
        assertArrayEquals(wrong, bucket.bytes(CORRUPT + key));
        assertEquals(
                List.of(new Finding(
                        FindingCode.BLOB_DIGEST_MISMATCH,
                        blob.toString(),
                        "The backup's copy does not match its digest, and the registry does not have the blob: it was moved to registry-backup/quarantine/%s. Push the images that need it again"
                                .formatted(key))),
                findings);
        assertEquals(findings, progressTracker.progress().firstFindings());
        assertTrue(text(VerifiedMarker.KEY).contains("1 objects, 20 bytes"), text(VerifiedMarker.KEY));
    }

    @Test
    void aBlobThatIsCorruptInBothStoresIsQuarantined() {
        // Given
        Digest blob = copyBlobs(1).get(0);
        String key = registry.blobKey(blob);
        flip(registryBucket, key);
        byte[] wrong = flip(bucket, key);

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(0, 0, 1, 0, true), adoptionSummary);
        assertEquals(List.of(), bucket.keys(registry.layout().blobsPrefix()));
        assertArrayEquals(wrong, bucket.bytes(CORRUPT + key));
        assertEquals(
                List.of(
                        "The blob does not match its digest in the backup or in the registry: it was moved to registry-backup/quarantine/%s. Delete it from the registry, which never overwrites an existing blob, and push the images that need it again"
                                .formatted(key)),
                findings.stream().map(Finding::problem).toList());
    }

    @Test
    void aGoodBlobThatComesWhileTheCorruptOneIsQuarantinedStays() {
        // Given
        Digest blob = copyBlobs(1).get(0);
        String key = registry.blobKey(blob);
        flip(bucket, key);
        registryBucket.delete(key, Optional.empty());
        backup.beforeRequest((operation, removed) -> {
            if (operation == Operation.DELETE && removed.equals(key)) {
                registryBucket.seed(key, registry.content(key));
                bucket.seed(key, registry.content(key));
            }
        });

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(0, 1, 0, 20, true), adoptionSummary);
        assertArrayEquals(registry.content(key), bucket.bytes(key));
        assertEquals(List.of(), findings);
    }

    @Test
    void aBlobThatAnEventCopiedSinceItWasListedIsReadAgain() {
        // Given
        Digest blob = copyBlobs(1).get(0);
        String key = registry.blobKey(blob);
        flip(bucket, key);
        AtomicBoolean isReplaced = new AtomicBoolean();
        backup.beforeRequest((operation, opened) -> {
            if (operation == Operation.OPEN && opened.equals(key) && isReplaced.compareAndSet(false, true)) {
                bucket.seed(key, registry.content(key));
            }
        });

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(1, 0, 0, 20, true), adoptionSummary);
        assertEquals(List.of(key, key), readKeys());
    }

    @Test
    void aBlobThatWasDeletedSinceItWasListedIsNoFinding() {
        // Given
        List<Digest> blobs = copyBlobs(2);
        String gone = registry.blobKey(blobs.get(0));
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(gone)) {
                bucket.delete(gone, Optional.empty());
            }
        });

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(1, 0, 0, 20, true), adoptionSummary);
        assertEquals(List.of(), findings);
    }

    @Test
    void anInterruptedAdoptionContinuesWithTheRest() {
        // Given: half a minute passes with each blob, so that each is on record before the next is read
        List<Digest> blobs = copyBlobs(8);
        assertThrows(FencedException.class, () -> adopt(fenceAfterCheckpoints(3, Duration.ofSeconds(30))));
        List<String> before = readKeys();
        String record = text(RECORD);
        backup.clearRequests();

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(keys(blobs.subList(0, 3)), before);
        assertEquals(
                "{\"lastKey\":\"%s\",\"verified\":3,\"bytes\":60,\"startedAt\":\"%s\"}"
                        .formatted(before.get(2), SettableClock.START.plusSeconds(30)),
                record);
        assertEquals(keys(blobs.subList(3, 8)), readKeys());
        assertEquals(new Adoption.AdoptionSummary(5, 0, 0, 100, true), adoptionSummary);
        assertTrue(text(VerifiedMarker.KEY).contains("8 objects, 160 bytes"), text(VerifiedMarker.KEY));
        assertEquals(0, bucket.versionCount(RECORD));
    }

    @Test
    void withinHalfAMinuteAThousandBlobsAreOneCheckpoint() {
        // Given
        List<Digest> blobs = copyBlobs(Adoption.BATCH_BLOBS + 1);

        // When
        assertThrows(FencedException.class, () -> adopt(fenceAfterCheckpoints(1, Duration.ZERO)));

        // Then
        assertEquals(keys(blobs.subList(0, 1000)), readKeys());
        assertTrue(
                text(RECORD)
                        .contains("\"lastKey\":\"%s\",\"verified\":1000,"
                                .formatted(readKeys().get(999))),
                text(RECORD));
    }

    @Test
    void manyBytesAreACheckpointToo() {
        // Given: objects of a listing that says 40 GiB of each
        List<Digest> blobs = copyBlobs(3);
        ObjectStore huge = new HugeBlobStore(backup);

        // When
        assertThrows(FencedException.class, () -> adopt(registryBucket, huge, fenceAfterCheckpoints(1, Duration.ZERO)));

        // Then
        assertEquals(keys(blobs.subList(0, 2)), readKeys());
    }

    @Test
    void aBlobThatCannotBeReadKeepsTheBucketFromBeingMarkedAndIsReadByTheNextRun() {
        // Given
        List<Digest> blobs = copyBlobs(5);
        backup.beforeRequest(failOnRead(Set.of(registry.blobKey(blobs.get(2)))));

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(4, 0, 0, 80, false), adoptionSummary);
        assertFalse(isMarked());
        assertEquals(
                List.of(new Finding(
                        FindingCode.UNDETERMINED,
                        blobs.get(2).toString(),
                        "The backup's copy was not verified: Failed to read it: a test says so. The next run"
                                + " tries again")),
                findings);
        assertTrue(
                text(RECORD).contains("\"lastKey\":\"%s\",\"verified\":2,".formatted(registry.blobKey(blobs.get(1)))),
                text(RECORD));
        backup.heal();
        backup.clearRequests();
        assertTrue(adopt().isComplete());
        assertEquals(keys(blobs.subList(2, 5)), readKeys());
        assertTrue(text(VerifiedMarker.KEY).contains("5 objects, 100 bytes"), text(VerifiedMarker.KEY));
    }

    @Test
    void aCorruptBlobStaysWhereTheRegistryDoesNotAnswer() {
        // Given
        Digest blob = copyBlobs(1).get(0);
        String key = registry.blobKey(blob);
        byte[] wrong = flip(bucket, key);
        RecordingObjectStore away = new RecordingObjectStore(registryBucket);
        away.failAlways(StoreError.UNAVAILABLE, "Failed to look for it: a test says so");

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt(away, backup, () -> {});

        // Then
        assertEquals(new Adoption.AdoptionSummary(0, 0, 0, 0, false), adoptionSummary);
        assertArrayEquals(wrong, bucket.bytes(key));
        assertEquals(
                List.of(FindingCode.UNDETERMINED),
                findings.stream().map(Finding::code).toList());
        assertFalse(isMarked());
    }

    @Test
    void aStoreThatFailsAgainAndAgainIsGivenUp() {
        // Given
        List<Digest> blobs = copyBlobs(110);
        backup.beforeRequest(failOnRead(keys(blobs).stream().collect(Collectors.toSet())));

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, this::adopt);

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
        assertEquals(100, findings.size());
        assertFalse(isMarked());
    }

    @Test
    void aMarkedBucketIsLeftAlone() {
        // Given
        copyBlobs(2);
        bucket.seed(VerifiedMarker.KEY, new byte[1]);

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(0, 0, 0, 0, true), adoptionSummary);
        assertEquals(List.of(new Request(Operation.HEAD, VerifiedMarker.KEY)), backup.requests());
    }

    @Test
    void nothingIsWrittenOnceFenced() {
        // Given
        List<Digest> blobs = copyBlobs(2);
        flip(bucket, registry.blobKey(blobs.get(0)));
        AtomicBoolean permitted = new AtomicBoolean(true);
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(registry.blobKey(blobs.get(1)))) {
                permitted.set(false);
            }
        });

        // When
        assertThrows(
                FencedException.class,
                () -> adopt(() -> {
                    if (!permitted.get()) {
                        throw new FencedException("stopped");
                    }
                }));

        // Then
        assertEquals(List.of(), backup.writtenKeys());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"lastKey\":\"other/docker/registry/v2/blobs/sha256/zz\",\"verified\":9,\"bytes\":9,\"startedAt\":\"2026-01-01T00:00:00Z\"}",
                "{\"lastKey\":\"docker/registry/v2/blobs/zz\",\"verified\":9,\"bytes\":9,\"startedAt\":\"yesterday\"}",
                "{\"lastKey\":\"docker/registry/v2/blobs/zz\",\"verified\":9,\"startedAt\":\"2026-01-01T00:00:00Z\"}",
                "[]",
                "cut"
            })
    void anotherRegistrysCheckpointIsIgnored(String record) {
        // Given
        List<Digest> blobs = copyBlobs(3);
        bucket.seed(RECORD, record.getBytes(StandardCharsets.UTF_8));

        // When
        Adoption.AdoptionSummary adoptionSummary = adopt();

        // Then
        assertEquals(new Adoption.AdoptionSummary(3, 0, 0, 60, true), adoptionSummary);
        assertEquals(keys(blobs), readKeys());
        assertEquals(Collections.emptyList(), bucket.keys(RECORD));
        assertTrue(text(VerifiedMarker.KEY).contains("3 objects, 60 bytes"), text(VerifiedMarker.KEY));
    }

    /** A store whose listing says 40 GiB of each object. */
    private static final class HugeBlobStore extends ForwardingObjectStore {
        HugeBlobStore(ObjectStore below) {
            super(below);
        }

        @Override
        @MustBeClosed
        @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
        public Stream<ObjectInfo> list(String prefix) {
            return super.list(prefix)
                    .map(object -> new ObjectInfo(
                            object.key(),
                            40L << 30,
                            object.etag(),
                            object.lastModified(),
                            object.metadata(),
                            object.versionId()));
        }
    }
}
