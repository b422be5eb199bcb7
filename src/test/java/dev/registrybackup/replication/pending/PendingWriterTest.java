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
import java.util.Map;
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
    private record Told(PendingBatch record, Map<String, Boolean> goesOn) {}

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final PendingStore shelf = new PendingStore(backup, "pod-1", clock);
    private final WorkerPools workerPools = new WorkerPools(1, 1);
    private final ConcurrentLinkedQueue<Told> told = new ConcurrentLinkedQueue<>();
    private final PendingWriter batches =
            new PendingWriter(shelf, workerPools, (record, goesOn) -> told.add(new Told(record, Map.copyOf(goesOn))));
    private final List<CompletableFuture<Void>> owing = new ArrayList<>();
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
        get(oweAtOnce(keys));

        // Then
        assertEquals(List.of("registry-backup/owed/pod-1/000000000001"), backup.written());
        assertEquals(keys, namesIn(backup.written().get(0)));
    }

    @Test
    void aKeyThatComesLaterHasARecordOfItsOwn() throws Exception {
        // Given
        get(batches.owe(key("a"), true));

        // When
        get(batches.owe(key("a"), true));

        // Then
        assertEquals(2, backup.written().size());
    }

    @Test
    void theListenerIsToldEachRecordAndWhichCopiesGoOn() throws Exception {
        // When
        synchronized (batches) { // keeps the record open
            owing.add(batches.owe(key("a"), true));
            owing.add(batches.owe(key("b"), false));
            owing.add(batches.owe(key("c"), false));
            owing.add(batches.owe(key("c"), true));
        }
        get(all(owing));

        // Then
        await().atMost(30, SECONDS).until(() -> told.size() == 1);
        Told only = told.remove();
        assertEquals(Optional.of(only.record()), shelf.read(only.record().name()));
        assertEquals(Map.of("a", true, "b", false, "c", false), only.goesOn());
        assertEquals(List.of(key("a"), key("b"), key("c")), only.record().keys());
    }

    @Test
    void nobodyIsAnsweredBeforeTheRecordIsDurable() throws Exception {
        // Given
        CountDownLatch writing = new CountDownLatch(1);
        backup.before((operation, key) -> {
            writing.countDown();
            waitForRelease();
        });

        // When
        CompletableFuture<Void> owed = batches.owe(key("a"), true);
        assertTrue(writing.await(30, SECONDS));

        // Then
        assertFalse(owed.isDone());
        assertEquals(1, batches.waiting());
        released.countDown();
        get(owed);
        assertEquals(1, bucket.keys(PendingStore.PREFIX).size());
        assertEquals(0, batches.waiting());
    }

    @Test
    void aFailureFailsAllWhoShareTheRecord() {
        // Given
        failing();

        // When
        CompletableFuture<Void> both = oweAtOnce(List.of("a", "b"));

        // Then
        ExecutionException failure = assertThrows(ExecutionException.class, () -> get(both));
        assertInstanceOf(ObjectStoreException.class, failure.getCause());
        assertEquals(2, owing.size());
        assertTrue(owing.stream().allMatch(CompletableFuture::isCompletedExceptionally));
        assertEquals(0, batches.waiting());
        assertEquals(List.of(), List.copyOf(told));
    }

    @Test
    void afterAFailureTheNextRecordIsWrittenAsEver() throws Exception {
        // Given
        failing();
        assertThrows(ExecutionException.class, () -> get(batches.owe(key("a"), true)));
        backup.before((operation, key) -> {});

        // When
        get(batches.owe(key("a"), true));

        // Then
        assertEquals(List.of("a"), namesIn(bucket.keys(PendingStore.PREFIX).get(0)));
    }

    @Test
    void aRecordHasABoundedNumberOfKeys() throws Exception {
        // Given
        List<String> keys = keys(PendingStore.MOST_KEYS + 1);

        // When
        get(oweAtOnce(keys));

        // Then
        List<String> records = bucket.keys(PendingStore.PREFIX);
        assertEquals(
                Set.of(PendingStore.MOST_KEYS, 1),
                records.stream().map(name -> namesIn(name).size()).collect(Collectors.toSet()));
        assertEquals(
                Set.copyOf(keys),
                records.stream().flatMap(name -> namesIn(name).stream()).collect(Collectors.toSet()));
    }

    @Test
    void aStoreTooSlowForTheKeysThatWaitFailsMoreOfThemAtOnce() throws Exception {
        // Given
        backup.before((operation, key) -> waitForRelease());
        CompletableFuture<Void> full = oweAtOnce(keys(PendingWriter.MOST_WAITING));

        // When
        CompletableFuture<Void> more = batches.owe(key("more"), true);

        // Then
        assertTrue(more.isCompletedExceptionally());
        ExecutionException failure = assertThrows(ExecutionException.class, () -> get(more));
        assertEquals(
                "dev.registrybackup.objectstore.ObjectStoreException: Failed to record more as owed: 16384 keys wait for the backup store already",
                String.valueOf(failure.getCause()));
        released.countDown();
        get(full);
        get(batches.owe(key("more"), true));
        assertEquals(0, batches.waiting());
    }

    private CompletableFuture<Void> oweAtOnce(List<String> keys) {
        synchronized (batches) { // keeps the record open, however slow this machine is
            keys.forEach(key -> owing.add(batches.owe(key(key), true)));
        }
        return all(owing);
    }

    private void failing() {
        backup.before((operation, key) -> {
            if (operation == Operation.PUT) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
            }
        });
    }

    private void waitForRelease() {
        try {
            assertTrue(released.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<String> namesIn(String record) {
        return shelf.read(record).orElseThrow().keys().stream()
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
