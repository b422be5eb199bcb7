package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.lab.RandomBytes;
import dev.registrybackup.objectstore.ConditionalWrites;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryLayout;
import java.io.ByteArrayInputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlobReplicatorTest {
    private static final int PART_BYTES = 32 << 20;
    private static final int LARGE_THREADS = 2;
    private static final byte[] CONTENT = RandomBytes.of(1000);
    private static final Digest DIGEST = Digest.of(DigestAlgorithm.SHA256, CONTENT);
    private static final RegistryLayout LAYOUT = new RegistryLayout("");
    private static final String KEY = LAYOUT.blobKey(DIGEST);

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore registry = new InMemoryObjectStore("registry");
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, Clock.systemUTC());
    private final RecordingObjectStore registryRequests = new RecordingObjectStore(registry);
    private final RecordingObjectStore backupRequests = new RecordingObjectStore(backup);
    private final WorkerPools workerPools = new WorkerPools(4, LARGE_THREADS);
    private BlobReplicator blobReplicator = withoutMemory(registryRequests);

    /** Most tests are about a bucket that only we wrote. */
    @BeforeEach
    void setVerifiedMarker() {
        new VerifiedMarker(backup, LAYOUT, clock).isSet();
        copyIfDifferent(Digest.of(DigestAlgorithm.SHA256, RandomBytes.of(1)));
        registryRequests.clearRequests();
        backupRequests.clearRequests();
    }

    @AfterEach
    void close() {
        workerPools.close();
    }

    @Test
    void aNewSmallBlobCostsAReadAndAWrite() {
        // Given
        registry.seed(KEY, CONTENT);

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.COPIED, 1000, ""), copy);
        assertArrayEquals(CONTENT, backup.bytes(KEY));
        assertEquals(requests(Operation.OPEN), registryRequests.requests());
        assertEquals(requests(Operation.PUT), backupRequests.requests());
    }

    @Test
    void aNewSmallBlobCostsALookMoreWhereTheStoreHeedsNoCondition() {
        // Given
        backup.ignoreConditions();
        backup.delete(ConditionalWrites.KEY, Optional.empty());
        blobReplicator = withoutMemory(registryRequests);
        copyIfDifferent(Digest.of(DigestAlgorithm.SHA256, RandomBytes.of(1)));
        registryRequests.clearRequests();
        backupRequests.clearRequests();
        registry.seed(KEY, CONTENT);

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertEquals(requests(Operation.OPEN), registryRequests.requests());
        assertEquals(requests(Operation.HEAD, Operation.PUT), backupRequests.requests());
    }

    @Test
    void anEmptyBlobIsCopied() {
        // Given
        Digest empty = Digest.of(DigestAlgorithm.SHA256, new byte[0]);
        registry.seed(LAYOUT.blobKey(empty), new byte[0]);

        // When
        ReplicationResult copy = copyIfDifferent(empty);

        // Then
        assertEquals(ReplicationResult.ofBlob(empty, ReplicationStatus.COPIED, 0, ""), copy);
        assertArrayEquals(new byte[0], backup.bytes(LAYOUT.blobKey(empty)));
    }

    @ParameterizedTest
    @ValueSource(ints = {(1 << 20) - 1, 1 << 20, (1 << 20) + 1})
    void aBlobAboutTheBoundOfSmallOnesIsCopiedWhole(int size) {
        // Given
        byte[] content = RandomBytes.of(size);
        Digest digest = Digest.of(DigestAlgorithm.SHA256, content);
        registry.seed(LAYOUT.blobKey(digest), content);

        // When
        ReplicationResult copy = copyIfDifferent(digest);

        // Then
        assertEquals(ReplicationResult.ofBlob(digest, ReplicationStatus.COPIED, size, ""), copy);
        assertArrayEquals(content, backup.bytes(LAYOUT.blobKey(digest)));
    }

    @Test
    void aLargeBlobThatIsThereAlreadyIsNotRead() {
        // Given
        byte[] content = RandomBytes.of((1 << 20) + 1);
        Digest digest = Digest.of(DigestAlgorithm.SHA256, content);
        registry.seed(LAYOUT.blobKey(digest), content);
        backup.seed(LAYOUT.blobKey(digest), content);
        AtomicInteger reads = new AtomicInteger();
        registryRequests.transformRead(opened ->
                InMemoryObjectStore.openObject(opened.info(), new ByteArrayInputStream(content) {
                    @Override
                    public synchronized int read(byte[] buffer, int offset, int length) {
                        reads.incrementAndGet();
                        return super.read(buffer, offset, length);
                    }
                }));

        // When
        ReplicationResult copy = copyIfDifferent(digest);

        // Then
        assertEquals(ReplicationStatus.PRESENT, copy.status());
        assertEquals(0, reads.get());
        assertEquals(List.of(), backupRequests.writtenKeys());
    }

    @ParameterizedTest
    @ValueSource(ints = {(1 << 20) + 1, 5 << 20, PART_BYTES})
    void aNewLargeBlobOfOnePieceCostsAReadAndAWrite(int size) {
        // Given
        byte[] content = RandomBytes.of(size);
        Digest digest = seedRegistry(content);

        // When
        ReplicationResult copy = copyIfDifferent(digest);

        // Then
        assertEquals(ReplicationResult.ofBlob(digest, ReplicationStatus.COPIED, size, ""), copy);
        assertArrayEquals(content, backup.bytes(LAYOUT.blobKey(digest)));
        assertEquals(List.of(Operation.OPEN), operations(registryRequests));
        assertEquals(List.of(Operation.PUT), operations(backupRequests));
        assertEquals(0, registryRequests.openNow());
    }

    @Test
    void aNewBlobOfTwoPartsCostsAReadAndAWriteForEachAndOneLook() {
        // Given
        byte[] content = RandomBytes.of(PART_BYTES + 1000);
        Digest digest = seedRegistry(content);

        // When
        ReplicationResult copy = copyIfDifferent(digest);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(content, backup.bytes(LAYOUT.blobKey(digest)));
        assertEquals(List.of(Operation.OPEN, Operation.OPEN), operations(registryRequests));
        assertEquals(
                List.of(
                        Operation.HEAD,
                        Operation.START_MULTIPART,
                        Operation.UPLOAD_PART,
                        Operation.UPLOAD_PART,
                        Operation.COMPLETE),
                operations(backupRequests));
        assertEquals(0, registryRequests.openNow());
    }

    @Test
    void aBlobOfTwoPartsThatIsThereAlreadyCostsTwoRequestsAndIsNotMoved() {
        // Given
        byte[] content = RandomBytes.of(PART_BYTES + 1000);
        Digest digest = seedRegistry(content);
        backup.seed(LAYOUT.blobKey(digest), content);

        // When
        ReplicationResult copy = copyIfDifferent(digest);

        // Then
        assertEquals(ReplicationStatus.PRESENT, copy.status());
        assertEquals(List.of(Operation.OPEN), operations(registryRequests));
        assertEquals(List.of(Operation.HEAD), operations(backupRequests));
        assertEquals(0, registryRequests.openNow());
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 2 << 20, PART_BYTES + 1000})
    void aListedBlobOrOneThatAManifestStatesIsNotAskedForAgain(int size) throws Exception {
        // Given
        Digest listed = seedRegistry(RandomBytes.of(size));
        byte[] other = RandomBytes.of(size + 1);
        Digest stated = seedRegistry(other);
        List<Operation> reads = Collections.nCopies(size > PART_BYTES ? 2 : 1, Operation.OPEN);

        // When
        blobReplicator.copyAbsent(listed, OptionalLong.of(size)).get(10, TimeUnit.SECONDS);
        List<Operation> readsOfListed = operations(registryRequests);
        List<Operation> writesOfListed = operations(backupRequests);
        registryRequests.clearRequests();
        backupRequests.clearRequests();
        blobReplicator.copyIfMissing(stated, OptionalLong.of(size + 1)).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(reads, readsOfListed);
        assertEquals(reads, operations(registryRequests));
        assertFalse(writesOfListed.contains(Operation.HEAD));
        assertEquals(Operation.HEAD, operations(backupRequests).get(0));
        assertEquals(
                writesOfListed,
                operations(backupRequests).subList(1, operations(backupRequests).size()));
        assertArrayEquals(other, backup.bytes(LAYOUT.blobKey(stated)));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3 << 20})
    void aWrongSizeInAListingOrAManifestChangesOnlyWhereTheBlobIsCopied(long size) throws Exception {
        // Given
        byte[] content = RandomBytes.of(2 << 20);
        Digest digest = seedRegistry(content);

        // When
        ReplicationResult copy =
                blobReplicator.copyAbsent(digest, OptionalLong.of(size)).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(content, backup.bytes(LAYOUT.blobKey(digest)));
    }

    @Test
    void aLargeBlobThatMustWaitForAThreadIsClosedMeanwhileAndReadAgain() throws Exception {
        // Given
        CountDownLatch release = new CountDownLatch(1);
        List<CompletableFuture<Boolean>> blockers = Stream.generate(
                        () -> workerPools.submitForSize(Long.MAX_VALUE, () -> awaitUninterruptibly(release)))
                .limit(LARGE_THREADS)
                .toList();
        byte[] content = RandomBytes.of(2 << 20);
        Digest digest = seedRegistry(content);

        // When
        CompletableFuture<ReplicationResult> copying = blobReplicator.copyIfDifferent(digest);
        Awaitility.await()
                .until(() -> operations(registryRequests).equals(List.of(Operation.OPEN))
                        && registryRequests.openNow() == 0);
        boolean waits = !copying.isDone();
        release.countDown();

        // Then
        assertTrue(waits);
        assertEquals(ReplicationStatus.COPIED, copying.get(10, TimeUnit.SECONDS).status());
        assertTrue(blockers.stream().allMatch(CompletableFuture::join));
        assertEquals(List.of(Operation.OPEN, Operation.OPEN), operations(registryRequests));
        assertEquals(List.of(Operation.PUT), operations(backupRequests));
        assertArrayEquals(content, backup.bytes(LAYOUT.blobKey(digest)));
    }

    @Test
    void aBlobThatIsReplacedBetweenTwoPartsIsAFailureAndNeverVisible() {
        // Given
        Digest digest = seedRegistry(RandomBytes.of(PART_BYTES + 1000));
        String key = LAYOUT.blobKey(digest);
        backupRequests.beforeRequest((operation, written) -> {
            if (operation == Operation.UPLOAD_PART) {
                registry.seed(key, RandomBytes.of(PART_BYTES + 2000));
            }
        });

        // When
        StoreError error = failure(blobReplicator.copyIfDifferent(digest));

        // Then
        assertEquals(StoreError.PRECONDITION_FAILED, error);
        assertTrue(backup.head(key).isEmpty());
        assertEquals(Operation.ABORT, operations(backupRequests).get(4));
        assertEquals(0, registryRequests.openNow());
    }

    @Test
    void aBlobThatIsDeletedBetweenTwoPartsIsMissingAndNeverVisible() {
        // Given
        Digest digest = seedRegistry(RandomBytes.of(PART_BYTES + 1000));
        String key = LAYOUT.blobKey(digest);
        backupRequests.beforeRequest((operation, written) -> {
            if (operation == Operation.UPLOAD_PART) {
                registry.delete(key, Optional.empty());
            }
        });

        // When
        ReplicationResult copy = copyIfDifferent(digest);

        // Then
        assertEquals(ReplicationStatus.SOURCE_MISSING, copy.status());
        assertTrue(backup.head(key).isEmpty());
        assertEquals(0, registryRequests.openNow());
    }

    @Test
    void aRecentlyCopiedBlobCostsNoRequest() {
        // Given
        registry.seed(KEY, CONTENT);
        copyIfDifferent(DIGEST);
        registryRequests.clearRequests();
        backupRequests.clearRequests();

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), copy);
        assertEquals(List.of(), registryRequests.requests());
        assertEquals(List.of(), backupRequests.requests());
    }

    @Test
    void aBlobOfTheSameSizeInTheBackupIsPresent() {
        // Given
        registry.seed(KEY, CONTENT);
        backup.seed(KEY, CONTENT);

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), copy);
        assertEquals(requests(Operation.OPEN), registryRequests.requests());
        assertEquals(requests(Operation.REFUSED_PUT, Operation.HEAD), backupRequests.requests());
        assertEquals(1, backup.versionCount(KEY));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1001})
    void aBlobOfAnotherSizeInTheBackupIsOverwrittenByTheVerifiedOne(int size) {
        // Given
        registry.seed(KEY, CONTENT);
        backup.seed(KEY, Arrays.copyOf(CONTENT, size));

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(CONTENT, backup.bytes(KEY));
    }

    @Test
    void aBlobThatIsCorruptInTheRegistryIsNotCopied() {
        // Given
        registry.seed(KEY, flipped(CONTENT));

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.CORRUPT, copy.status());
        assertEquals(
                "Expected %s but 1000 bytes hash to %s"
                        .formatted(DIGEST, Digest.of(DigestAlgorithm.SHA256, flipped(CONTENT))),
                copy.problem());
        assertTrue(backup.head(KEY).isEmpty());
    }

    @Test
    void aBlobThatWasRepairedInTheRegistryIsCopied() {
        // Given
        registry.seed(KEY, flipped(CONTENT));
        copyIfDifferent(DIGEST);
        registry.seed(KEY, CONTENT);

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(CONTENT, backup.bytes(KEY));
    }

    @Test
    void theGoodCopyOfABlobThatWasTruncatedInTheRegistryIsKept() {
        // Given
        registry.seed(KEY, Arrays.copyOf(CONTENT, 500));
        backup.seed(KEY, CONTENT);
        Optional<ObjectInfo> before = backup.head(KEY);

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.SOURCE_CORRUPT, copy.status());
        assertTrue(copy.isInBackup());
        assertTrue(copy.problem().startsWith("Expected " + DIGEST + " but 500 bytes hash to "), copy.problem());
        assertEquals(before, backup.head(KEY));
        assertEquals(List.of(), backupRequests.writtenKeys());
    }

    @Test
    void aBlobThatIsCorruptInBothStaysAsItIs() {
        // Given
        registry.seed(KEY, flipped(CONTENT));
        backup.seed(KEY, Arrays.copyOf(CONTENT, 500));

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.CORRUPT, copy.status());
        assertEquals(List.of(), backupRequests.writtenKeys());
    }

    @Test
    void aBlobThatNeitherHasIsAbsent() {
        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.SOURCE_MISSING), copy);
    }

    @Test
    void aBlobDeletedFromTheRegistryWhileItIsCopiedIsMissing() {
        // Given
        registry.seed(KEY, CONTENT);
        registryRequests.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN) {
                registry.delete(KEY, Optional.empty());
            }
        });

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.SOURCE_MISSING), copy);
    }

    @Test
    void aBlobThatTheRegistryHasNoMoreIsPresentIfTheBackupHasIt() {
        // Given
        backup.seed(KEY, CONTENT);

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), copy);
    }

    @Test
    void aRegistryWithoutItsBucketIsAFailureAndNotAnAbsentBlob() {
        // Given
        registry.setExists(false);

        // When
        StoreError error = failure(blobReplicator.copyIfDifferent(DIGEST));

        // Then
        assertEquals(StoreError.BUCKET_MISSING, error);
    }

    @ParameterizedTest
    @ValueSource(strings = {"FORBIDDEN", "THROTTLED", "UNAVAILABLE"})
    void aFailedStoreIsAFailureThatIsNotRemembered(StoreError error) throws Exception {
        // Given
        registry.seed(KEY, CONTENT);
        backupRequests.beforeRequest((operation, key) -> {
            throw new ObjectStoreException(error, "Failed");
        });
        StoreError failure = failure(blobReplicator.copyIfDifferent(DIGEST));

        // When
        backupRequests.beforeRequest((operation, key) -> {});
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(error, failure);
        assertEquals(ReplicationStatus.COPIED, copy.status());
    }

    @Test
    void aBlobOfTheSizeInTheManifestNeedsNoRequestToTheRegistry() throws Exception {
        // Given
        backup.seed(KEY, CONTENT);

        // When
        ReplicationResult copy =
                blobReplicator.copyIfMissing(DIGEST, OptionalLong.of(1000)).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), copy);
        assertEquals(List.of(), registryRequests.requests());
        assertEquals(requests(Operation.HEAD), backupRequests.requests());
    }

    @Test
    void aManifestThatLiesAboutASizeDoesNotMakeAGoodCopyBad() throws Exception {
        // Given
        registry.seed(KEY, CONTENT);
        backup.seed(KEY, CONTENT);

        // When
        ReplicationResult copy =
                blobReplicator.copyIfMissing(DIGEST, OptionalLong.of(7)).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), copy);
        assertEquals(List.of(), backupRequests.writtenKeys());
    }

    @Test
    void ourOwnCopyNeedsNoRequestToTheRegistryIfTheSizeIsUnknown() throws Exception {
        // Given
        backup.put(KEY, ContentSource.of(CONTENT), Map.of(SourceMetadata.LAST_MODIFIED, "2026-03-04T05:06:07Z"));

        // When
        ReplicationResult copy =
                blobReplicator.copyIfMissing(DIGEST, OptionalLong.empty()).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), copy);
        assertEquals(List.of(), registryRequests.requests());
    }

    @Test
    void aReferencedBlobIsCopiedIfTheBackupDoesNotHaveIt() throws Exception {
        // Given
        registry.seed(KEY, CONTENT);

        // When
        ReplicationResult copy =
                blobReplicator.copyIfMissing(DIGEST, OptionalLong.of(1000)).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(CONTENT, backup.bytes(KEY));
    }

    @Test
    void aDamagedCopyIsReplaced() throws Exception {
        // Given
        registry.seed(KEY, CONTENT);
        copyIfDifferent(DIGEST);
        backup.seed(KEY, flipped(CONTENT));

        // When
        ReplicationResult copy = blobReplicator.overwrite(DIGEST).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(CONTENT, backup.bytes(KEY));
        assertEquals(requests(Operation.OPEN, Operation.OPEN), registryRequests.requests());
        assertEquals(requests(Operation.PUT, Operation.PUT), backupRequests.requests());
    }

    @Test
    void inABucketThatSomethingElseFilledABlobIsReadOnceAndThenRemembered() {
        // Given
        clearVerifiedMarker();
        registry.seed(KEY, CONTENT);
        backup.seed(KEY, CONTENT);
        ReplicationResult first = copyIfDifferent(DIGEST);

        // When
        ReplicationResult second = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), first);
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.PRESENT), second);
        assertEquals(requests(Operation.REFUSED_PUT, Operation.HEAD, Operation.OPEN), ofTheBlob(backupRequests));
        assertEquals(1, backup.versionCount(KEY));
        assertEquals(requests(Operation.OPEN), registryRequests.requests());
    }

    @Test
    void inABucketThatSomethingElseFilledABadBlobOfTheSameSizeIsReplaced() {
        // Given
        clearVerifiedMarker();
        registry.seed(KEY, CONTENT);
        backup.seed(KEY, flipped(CONTENT));

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(CONTENT, backup.bytes(KEY));
    }

    @Test
    void inABucketThatSomethingElseFilledACorruptBlobThatTheRegistryDoesNotHaveIsMissing() {
        // Given
        clearVerifiedMarker();
        backup.seed(KEY, flipped(CONTENT));

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationResult.ofBlob(DIGEST, ReplicationStatus.SOURCE_MISSING), copy);
    }

    @Test
    void inABucketThatSomethingElseFilledAGoodBlobThatIsCorruptInTheRegistryStays() {
        // Given
        clearVerifiedMarker();
        registry.seed(KEY, Arrays.copyOf(CONTENT, 999));
        backup.seed(KEY, CONTENT);

        // When
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.SOURCE_CORRUPT, copy.status());
        assertArrayEquals(CONTENT, backup.bytes(KEY));
        assertEquals(1, backup.versionCount(KEY));
    }

    @Test
    void inABucketThatSomethingElseFilledTheSizeOfAReferencedBlobIsNotEnough() throws Exception {
        // Given
        clearVerifiedMarker();
        registry.seed(KEY, CONTENT);
        backup.put(
                KEY, ContentSource.of(flipped(CONTENT)), Map.of(SourceMetadata.LAST_MODIFIED, "2026-03-04T05:06:07Z"));

        // When
        ReplicationResult copy =
                blobReplicator.copyIfMissing(DIGEST, OptionalLong.of(1000)).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
        assertArrayEquals(CONTENT, backup.bytes(KEY));
    }

    @Test
    void anObjectLostFromTheBackupIsCopiedAgainOnceItsCacheEntryExpires() {
        // Given
        registry.seed(KEY, CONTENT);
        copyIfDifferent(DIGEST);
        backup.delete(KEY, Optional.empty());

        // When
        clock.advance(Duration.ofMinutes(5));
        ReplicationResult copy = copyIfDifferent(DIGEST);

        // Then
        assertEquals(ReplicationStatus.COPIED, copy.status());
    }

    @Test
    void aThousandWhoAskAtOnceCauseOneCopy() throws Exception {
        // Given
        registry.seed(KEY, CONTENT);

        // When
        List<CompletableFuture<ReplicationResult>> asked = IntStream.range(0, 1000)
                .parallel()
                .mapToObj(number -> number % 2 == 0
                        ? blobReplicator.copyIfDifferent(DIGEST)
                        : blobReplicator.copyIfMissing(DIGEST, OptionalLong.of(1000)))
                .toList();
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(
                1,
                asked.stream()
                        .filter(copy -> copy.join().status() == ReplicationStatus.COPIED)
                        .count());
        assertTrue(asked.stream().allMatch(copy -> copy.join().isInBackup()));
        assertEquals(List.of(KEY), backupRequests.writtenKeys());
        assertEquals(requests(Operation.OPEN), registryRequests.requests());
    }

    private Digest seedRegistry(byte[] content) {
        Digest digest = Digest.of(DigestAlgorithm.SHA256, content);
        registry.seed(LAYOUT.blobKey(digest), content);
        return digest;
    }

    private static List<Operation> operations(RecordingObjectStore store) {
        return store.requests().stream().map(Request::operation).toList();
    }

    private static boolean awaitUninterruptibly(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private ReplicationResult copyIfDifferent(Digest digest) {
        return blobReplicator
                .copyIfDifferent(digest)
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }

    private static StoreError failure(CompletableFuture<ReplicationResult> asked) {
        ExecutionException failure = assertThrows(ExecutionException.class, () -> asked.get(10, TimeUnit.SECONDS));
        return assertInstanceOf(ObjectStoreException.class, failure.getCause()).error();
    }

    private BlobReplicator withoutMemory(ObjectStore source) {
        return new BlobReplicator(
                LAYOUT,
                source,
                backupRequests,
                new VerifiedMarker(backupRequests, LAYOUT, clock),
                workerPools,
                new ExpiringKeySet(clock, Duration.ofMinutes(5), 1000));
    }

    /** As if another program had filled the backup before this one was installed. */
    private void clearVerifiedMarker() {
        backup.setExists(true);
        backup.seed(LAYOUT.blobKey(Digest.of(DigestAlgorithm.SHA256, RandomBytes.of(2))), RandomBytes.of(2));
        blobReplicator = withoutMemory(registryRequests);
    }

    private static List<Request> ofTheBlob(RecordingObjectStore store) {
        return store.requests().stream()
                .filter(request -> request.key().equals(KEY))
                .toList();
    }

    private static List<Request> requests(Operation... operations) {
        return Arrays.stream(operations)
                .map(operation -> new Request(operation, KEY))
                .toList();
    }

    private static byte[] flipped(byte[] content) {
        byte[] flipped = content.clone();
        flipped[flipped.length / 2] ^= 4;
        return flipped;
    }
}
