package dev.registrybackup.replication.pending;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryWorkerTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final String MINE = PendingStore.PREFIX + "me/";
    private static final String THEIRS = PendingStore.PREFIX + "other/";

    private final SettableClock storeClock = new SettableClock();
    private final SettableClock ownClock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, storeClock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final WorkerPools workerPools = new WorkerPools(1, 1);
    private final PendingStore pendingStore = new PendingStore(backup, "me", ownClock);
    private final PendingStore otherStore = new PendingStore(bucket, "other", ownClock);
    private final FakeRetryHandler retryHandler = new FakeRetryHandler();
    private final RetryWorker retryWorker = new RetryWorker(
            pendingStore, new RejectionStore(backup, ownClock, rejection -> {}), retryHandler, workerPools, ownClock);

    /** Completes the keys that a test chooses, at first none. */
    private static final class FakeRetryHandler implements RetryHandler {
        private record RetryCall(PendingKey key, CompletableFuture<Optional<Rejection>> answer) {
            void done() {
                answer.complete(Optional.empty());
            }

            void rejected() {
                answer.complete(Optional.of(Rejection.ofKey(key.key(), "corrupt")));
            }

            void failed() {
                answer.completeExceptionally(new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down"));
            }
        }

        private final List<RetryCall> asked = new CopyOnWriteArrayList<>();

        @Override
        public CompletableFuture<Optional<Rejection>> retry(PendingKey key) {
            RetryCall now = new RetryCall(key, new CompletableFuture<>());
            asked.add(now);
            return now.answer();
        }

        List<String> keys() {
            return asked.stream().map(each -> each.key().key()).sorted().toList();
        }

        RetryCall last() {
            return asked.get(asked.size() - 1);
        }
    }

    @AfterEach
    void close() {
        workerPools.close();
    }

    private void collect() {
        retryWorker.writeHeartbeat();
        retryWorker.claimBatches();
    }

    @Test
    void itsOwnRecordsAreTakenOnAtOnce() {
        // Given
        pendingStore.write(pendingKeys("a", "b"));

        // When
        collect();
        retryWorker.retryDue();

        // Then
        assertEquals(2, retryWorker.pendingKeys());
        assertEquals(List.of("a", "b"), retryHandler.keys());
    }

    @Test
    void recordsAddedDirectlyAreNotCollectedAgain() {
        // Given
        retryWorker.add(pendingStore.write(pendingKeys("a")), Set.of());

        // When
        collect();
        retryWorker.retryDue();

        // Then
        assertEquals(1, retryWorker.pendingKeys());
        assertEquals(List.of("a"), retryHandler.keys());
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "P400D", "P-400D"})
    void anothersRecordsAreTakenOverAfterThreeMinutesOfSilenceByTheStoresClock(Duration ourClockIsOff) {
        // Given
        ownClock.advance(ourClockIsOff);
        otherStore.write(pendingKeys("a"));
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT.minusSeconds(1));
        collect();
        int before = retryWorker.pendingKeys();
        storeClock.advance(Duration.ofSeconds(1));

        // When
        collect();

        // Then
        assertEquals(0, before);
        assertEquals(1, retryWorker.pendingKeys());
    }

    @Test
    void anothersRecordsAreLeftToItWhileItShowsLife() {
        // Given
        otherStore.write(pendingKeys("a"));
        int taken = 0;

        // When
        for (int minute = 0; minute < 10; minute++) {
            otherStore.writeHeartbeat();
            storeClock.advance(MINUTE);
            ownClock.advance(MINUTE.multipliedBy(5));
            collect();
            taken += retryWorker.pendingKeys();
        }

        // Then
        assertEquals(0, taken);
        assertEquals(2, bucket.keys(THEIRS).size());
    }

    @Test
    void anothersRecordsAreTakenOverThreeMinutesAfterItsLastSignOfLife() {
        // Given
        otherStore.write(pendingKeys("a"));
        storeClock.advance(MINUTE.multipliedBy(10));
        otherStore.writeHeartbeat();
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT.minusSeconds(1));
        collect();
        int before = retryWorker.pendingKeys();
        storeClock.advance(Duration.ofSeconds(1));

        // When
        collect();

        // Then
        assertEquals(0, before);
        assertEquals(1, retryWorker.pendingKeys());
    }

    @Test
    void aYoungRecordOfAnInstanceThatNeverShowsLifeIsLeftForThreeMinutesToo() {
        // Given
        otherStore.write(pendingKeys("old"));
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT);
        otherStore.write(pendingKeys("young"));

        // When
        collect();
        retryWorker.retryDue();

        // Then
        assertEquals(List.of("old"), retryHandler.keys());
    }

    @Test
    void nothingRemainsOfADeadInstanceOnceItsRecordsAreDone() {
        // Given
        otherStore.write(pendingKeys("a"));
        otherStore.writeHeartbeat();
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT);
        collect();
        retryWorker.retryDue();
        retryHandler.last().done();
        awaitTrue(() -> retryWorker.pendingKeys() == 0 && bucket.keys(THEIRS).size() == 1);

        // When
        collect();

        // Then
        assertEquals(0, bucket.versionCount(THEIRS));
        assertEquals(1, bucket.versionCount(PendingStore.PREFIX));
        assertEquals(List.of(MINE + "heartbeat"), bucket.keys(PendingStore.PREFIX));
    }

    @Test
    void theHeartbeatOfADeadInstanceStaysWhileItHasRecords() {
        // Given
        otherStore.write(pendingKeys("a"));
        otherStore.writeHeartbeat();
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT);

        // When
        collect();

        // Then
        assertEquals(2, bucket.keys(THEIRS).size());
    }

    @Test
    void theSignOfLifeOfALivingInstanceWithoutRecordsStays() {
        // Given
        otherStore.writeHeartbeat();
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT.minusSeconds(1));

        // When
        collect();

        // Then
        assertEquals(List.of(THEIRS + "heartbeat"), bucket.keys(THEIRS));
    }

    @Test
    void aFinishedRecordLeavesNothingInAVersionedBucket() {
        // Given
        retryWorker.add(pendingStore.write(pendingKeys("a", "b")), Set.of());
        retryWorker.retryDue();

        // When
        retryHandler.asked.forEach(FakeRetryHandler.RetryCall::done);

        // Then
        awaitTrue(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
        assertEquals(0, retryWorker.pendingKeys());
    }

    @Test
    void aPermanentFailureIsRecordedAsRejected() {
        // Given
        retryWorker.add(pendingStore.write(pendingKeys("a")), Set.of());
        retryWorker.retryDue();

        // When
        retryHandler.last().rejected();

        // Then
        awaitTrue(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
        List<String> rejected = bucket.keys(RejectionStore.PREFIX);
        assertEquals(1, rejected.size());
        String record = new String(bucket.bytes(rejected.get(0)), StandardCharsets.UTF_8);
        assertTrue(record.contains("\"key\":\"a\""), record);
    }

    @Test
    void aKeyThatCannotBeRecordedAsRejectedStaysPendingAndIsRetried() {
        // Given
        PendingBatch record = pendingStore.write(pendingKeys("a"));
        retryWorker.add(record, Set.of());
        failOnce(Operation.PUT);
        retryWorker.retryDue();
        retryHandler.last().rejected();
        retryDueUntilCalled(2);

        // When
        retryHandler.last().rejected();

        // Then
        awaitTrue(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
        assertEquals(1, bucket.keys(RejectionStore.PREFIX).size());
    }

    @Test
    void aTemporaryFailureIsRetriedWithBackoff() {
        // Given
        PendingBatch record = pendingStore.write(pendingKeys("a"));
        retryWorker.add(record, Set.of());
        retryWorker.retryDue();
        retryHandler.last().failed();
        ownClock.advance(MINUTE.minusSeconds(1));
        retryWorker.retryDue();
        int tooSoon = retryHandler.asked.size();

        // When
        ownClock.advance(Duration.ofSeconds(1));
        retryWorker.retryDue();

        // Then
        assertEquals(1, tooSoon);
        assertEquals(List.of("a", "a"), retryHandler.keys());
        assertEquals(List.of(record.objectKey()), bucket.keys(PendingStore.PREFIX));
        assertEquals(1, retryWorker.pendingKeys());
    }

    @Test
    void aKeyRecordedDuringARetryStaysPending() {
        // Given
        retryWorker.add(pendingStore.write(pendingKeys("a")), Set.of());
        retryWorker.retryDue();
        PendingBatch newer = pendingStore.write(pendingKeys("a"));
        retryWorker.add(newer, Set.of());

        // When
        retryHandler.last().done();
        awaitTrue(() -> bucket.keys(PendingStore.PREFIX).size() == 1);

        // Then
        assertEquals(List.of(newer.objectKey()), bucket.keys(PendingStore.PREFIX));
        retryDueUntilCalled(2);
        retryHandler.last().done();
        awaitTrue(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void recordsOfAKeyAreRemovedLaterWhereARemovalFails(int records) {
        // Given
        IntStream.range(0, records).forEach(record -> pendingStore.write(pendingKeys("a")));
        collect();
        failOnce(Operation.DELETE);
        retryWorker.retryDue();
        retryHandler.last().done();
        awaitTrue(() -> retryWorker.pendingKeys() == 0);

        // When
        awaitTrue(() -> {
            ownClock.advance(MINUTE);
            storeClock.advance(MINUTE);
            collect();
            retryWorker.retryDue();
            retryHandler.asked.forEach(FakeRetryHandler.RetryCall::done);
            return bucket.keys(PendingStore.PREFIX).size() == 1;
        });

        // Then
        assertEquals(List.of(MINE + "heartbeat"), bucket.keys(PendingStore.PREFIX));
    }

    @Test
    void anUnreadableRecordHoldsUpNoOther() {
        // Given
        bucket.seed(MINE + "000", "not JSON".getBytes(StandardCharsets.UTF_8));
        bucket.seed(PendingStore.PREFIX + "stray", new byte[] {'x'});
        bucket.seed(MINE + "001", new byte[(8 << 20) + 1]);
        PendingBatch good = pendingStore.write(pendingKeys("a"));
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT);

        // When
        collect();

        // Then
        assertEquals(1, retryWorker.pendingKeys());
        assertTrue(bucket.keys(PendingStore.PREFIX)
                .containsAll(List.of(MINE + "000", MINE + "001", good.objectKey(), PendingStore.PREFIX + "stray")));
    }

    @Test
    void onlySoManyKeysAreTriedAtOnceBesideTheEvents() {
        // Given
        List<PendingKey> many = pendingKeys(
                IntStream.range(0, 40).mapToObj(number -> "key " + number).toArray(String[]::new));
        retryWorker.add(pendingStore.write(many), Set.of());
        retryWorker.retryDue();
        retryWorker.retryDue();
        int atOnce = retryHandler.asked.size();

        // When
        retryHandler.asked.get(0).done();

        // Then
        assertEquals(32, atOnce);
        retryDueUntilCalled(33);
    }

    @Test
    void recordsOverTheBoundStayInTheStoreUntilThereIsRoom() {
        // Given
        for (int record = 0; record < 10; record++) {
            retryWorker.add(pendingStore.write(many(record)), Set.of());
        }
        PendingBatch more = pendingStore.write(pendingKeys("more"));

        // When
        retryWorker.add(more, Set.of());
        collect();

        // Then
        assertEquals(20_000, retryWorker.pendingKeys());
        assertTrue(bucket.keys(MINE).contains(more.objectKey()));
    }

    @Test
    void recordsOfALivingInstanceAreLeftToItHoweverManyThereAre() {
        // Given
        IntStream.rangeClosed(0, 20_000).forEach(number -> otherStore.write(pendingKeys("key " + number)));
        retryWorker.writeHeartbeat();
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT.multipliedBy(2));
        otherStore.writeHeartbeat();

        // When
        collect();

        // Then
        assertEquals(0, retryWorker.pendingKeys());
    }

    @Test
    void recordsOfADeadInstanceAreTakenOverByOneAndAfterItsDeathByAnother() {
        // Given
        List<RetryWorker> living = new ArrayList<>();
        for (String name : List.of("p", "q", "r")) {
            PendingStore own = new PendingStore(bucket, name, ownClock);
            living.add(new RetryWorker(
                    own,
                    new RejectionStore(bucket, ownClock, rejection -> {}),
                    new FakeRetryHandler(),
                    workerPools,
                    ownClock));
        }
        IntStream.range(0, 60).forEach(number -> otherStore.write(pendingKeys("key " + number)));
        living.forEach(RetryWorker::writeHeartbeat);
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT);

        // When
        living.forEach(RetryWorker::writeHeartbeat);
        living.forEach(RetryWorker::claimBatches);
        List<Integer> first = living.stream().map(RetryWorker::pendingKeys).toList();
        storeClock.advance(RetryWorker.HEARTBEAT_TIMEOUT.multipliedBy(2));
        living.forEach(RetryWorker::writeHeartbeat);
        living.forEach(RetryWorker::claimBatches);

        // Then
        assertEquals(60, first.stream().mapToInt(Integer::intValue).sum(), first::toString);
        assertTrue(first.stream().allMatch(share -> share > 5), first::toString);
        living.forEach(each -> assertEquals(60, each.pendingKeys()));
    }

    @Test
    void theNextIsBegunOnceHalfOfThePlacesAreFreeWithoutWaitingForATick() {
        // Given
        retryWorker.add(pendingStore.write(many(0)), Set.of());
        retryWorker.retryDue();

        // When
        for (int number = 0; number < 16; number++) {
            retryHandler.asked.get(number).done();
        }

        // Then
        awaitTrue(() -> retryHandler.asked.size() >= 48);
    }

    @Test
    void longTriesGiveTheirPlacesToOthers() {
        // Given
        retryWorker.add(pendingStore.write(many(0)), Set.of());
        retryWorker.retryDue();

        // When: none of them is done

        // Then
        awaitTrue(() -> {
            retryWorker.retryDue();
            return retryHandler.asked.size() >= 64;
        });
    }

    private static List<PendingKey> many(int record) {
        return IntStream.range(0, 2_000)
                .mapToObj(number -> new PendingKey(record + "/" + number, Optional.empty()))
                .toList();
    }

    private void retryDueUntilCalled(int times) {
        awaitTrue(() -> {
            ownClock.advance(MINUTE);
            retryWorker.retryDue();
            return retryHandler.asked.size() == times;
        });
    }

    private void failOnce(Operation which) {
        backup.beforeRequest((operation, key) -> {
            if (operation == which) {
                backup.heal();
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
            }
        });
    }

    private static void awaitTrue(Callable<Boolean> condition) {
        await().atMost(30, SECONDS).pollInterval(Duration.ofMillis(10)).until(condition);
    }

    private static List<PendingKey> pendingKeys(String... keys) {
        return Arrays.stream(keys)
                .map(key -> new PendingKey(key, Optional.empty()))
                .toList();
    }
}
