package dev.registrybackup.replication.pending;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PendingWriterTest {
    private record WrittenBatch(PendingBatch record, Set<String> justFailed) {}

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final PendingStore pendingStore = new PendingStore(backup, "pod-1", clock);
    private final WorkerPools workerPools = new WorkerPools(1, 1);
    private final ConcurrentLinkedQueue<WrittenBatch> writtenBatches = new ConcurrentLinkedQueue<>();
    private final PendingWriter pendingWriter = new PendingWriter(
            pendingStore,
            workerPools,
            (record, justFailed) -> writtenBatches.add(new WrittenBatch(record, Set.copyOf(justFailed))));
    private final List<CompletableFuture<Void>> submitted = new ArrayList<>();
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void close() {
        released.countDown();
        workerPools.close();
    }

    @Test
    void keysThatFallDueTogetherShareOneWrite() throws Exception {
        // Given
        List<String> keys = List.of("a", "b", "c", "d");

        // When
        get(submitAtOnce(keys));

        // Then
        assertEquals(List.of("registry-backup/pending/pod-1/000000000001"), backup.writtenKeys());
        assertEquals(keys, namesIn(backup.writtenKeys().get(0)));
    }

    @Test
    void aKeyThatComesLaterHasARecordOfItsOwn() throws Exception {
        // Given
        get(pendingWriter.submit(key("a"), false));

        // When
        get(pendingWriter.submit(key("a"), false));

        // Then
        assertEquals(2, backup.writtenKeys().size());
    }

    @Test
    void theListenerReceivesEachBatchAndWhichCopiesFailed() throws Exception {
        // When
        synchronized (pendingWriter) { // keeps the record open
            submitted.add(pendingWriter.submit(key("a"), false));
            submitted.add(pendingWriter.submit(key("b"), true));
            submitted.add(pendingWriter.submit(key("c"), true));
            submitted.add(pendingWriter.submit(key("c"), false));
        }
        get(all(submitted));

        // Then
        await().atMost(30, SECONDS).until(() -> writtenBatches.size() == 1);
        WrittenBatch only = writtenBatches.remove();
        assertEquals(Optional.of(only.record()), pendingStore.read(only.record().objectKey()));
        assertEquals(Set.of("b", "c"), only.justFailed());
        assertEquals(List.of(key("a"), key("b"), key("c")), only.record().keys());
    }

    @Test
    void nobodyIsAnsweredBeforeTheRecordIsDurable() throws Exception {
        // Given
        CountDownLatch writing = new CountDownLatch(1);
        backup.beforeRequest((operation, key) -> {
            writing.countDown();
            waitForRelease();
        });

        // When
        CompletableFuture<Void> recorded = pendingWriter.submit(key("a"), false);
        assertTrue(writing.await(30, SECONDS));

        // Then
        assertFalse(recorded.isDone());
        assertEquals(1, pendingWriter.waitingKeys());
        released.countDown();
        get(recorded);
        assertEquals(1, bucket.keys(PendingStore.PREFIX).size());
        assertEquals(0, pendingWriter.waitingKeys());
    }

    @Test
    void aFailureFailsAllWhoShareTheRecordAndNoneAfterIt() throws Exception {
        // Given
        backup.failOn(Operation.PUT, "", StoreError.UNAVAILABLE, "The store is down");

        // When
        CompletableFuture<Void> both = submitAtOnce(List.of("a", "b"));

        // Then
        ExecutionException failure = assertThrows(ExecutionException.class, () -> get(both));
        assertInstanceOf(ObjectStoreException.class, failure.getCause());
        assertEquals(2, submitted.size());
        assertTrue(submitted.stream().allMatch(CompletableFuture::isCompletedExceptionally));
        assertEquals(0, pendingWriter.waitingKeys());
        assertEquals(List.of(), List.copyOf(writtenBatches));
        backup.heal();
        get(pendingWriter.submit(key("a"), false));
        assertEquals(List.of("a"), namesIn(bucket.keys(PendingStore.PREFIX).get(0)));
    }

    @Test
    void aRecordHasABoundedNumberOfKeys() throws Exception {
        // Given
        List<String> keys = keys(PendingStore.MAX_BATCH_KEYS + 1);

        // When
        get(submitAtOnce(keys));

        // Then
        List<String> records = bucket.keys(PendingStore.PREFIX);
        assertEquals(
                Set.of(PendingStore.MAX_BATCH_KEYS, 1),
                records.stream().map(name -> namesIn(name).size()).collect(Collectors.toSet()));
        assertEquals(
                Set.copyOf(keys),
                records.stream().flatMap(name -> namesIn(name).stream()).collect(Collectors.toSet()));
    }

    @Test
    void aStoreTooSlowForTheKeysThatWaitFailsMoreOfThemAtOnce() throws Exception {
        // Given
        backup.beforeRequest((operation, key) -> waitForRelease());
        CompletableFuture<Void> full = submitAtOnce(keys(PendingWriter.MAX_WAITING_KEYS));

        // When
        CompletableFuture<Void> more = pendingWriter.submit(key("more"), false);

        // Then
        assertTrue(more.isCompletedExceptionally());
        ExecutionException failure = assertThrows(ExecutionException.class, () -> get(more));
        assertEquals(
                "dev.registrybackup.objectstore.ObjectStoreException: Failed to record more as pending: 16384 keys"
                        + " already wait for the backup store, which is too slow",
                String.valueOf(failure.getCause()));
        released.countDown();
        get(full);
        get(pendingWriter.submit(key("more"), false));
        assertEquals(0, pendingWriter.waitingKeys());
    }

    private CompletableFuture<Void> submitAtOnce(List<String> keys) {
        synchronized (pendingWriter) { // keeps the record open, however slow this machine is
            keys.forEach(key -> submitted.add(pendingWriter.submit(key(key), false)));
        }
        return all(submitted);
    }

    private void waitForRelease() {
        try {
            assertTrue(released.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<String> namesIn(String record) {
        return pendingStore.read(record).orElseThrow().keys().stream()
                .map(PendingKey::key)
                .toList();
    }

    private static List<String> keys(int count) {
        return IntStream.range(0, count).mapToObj(number -> "key " + number).toList();
    }

    private static CompletableFuture<Void> all(List<CompletableFuture<Void>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    private static void get(CompletableFuture<Void> future) throws Exception {
        future.get(10, SECONDS);
    }

    private static PendingKey key(String key) {
        return new PendingKey(key, Optional.empty());
    }
}
