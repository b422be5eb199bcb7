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
import java.util.Map;
import java.util.Optional;
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
    private final PendingStore shelf = new PendingStore(backup, "me", ownClock);
    private final PendingStore others = new PendingStore(bucket, "other", ownClock);
    private final Debts debts = new Debts();
    private final RetryWorker worker =
            new RetryWorker(shelf, new RejectionStore(backup, ownClock, rejection -> {}), debts, workerPools, ownClock);

    /** Settles as it is told to, and at first nothing. */
    private static final class Debts implements RetryHandler {
        private record Asked(PendingKey key, CompletableFuture<Optional<Rejection>> answer) {
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

        private final List<Asked> asked = new CopyOnWriteArrayList<>();

        @Override
        public CompletableFuture<Optional<Rejection>> settle(PendingKey key) {
            Asked now = new Asked(key, new CompletableFuture<>());
            asked.add(now);
            return now.answer();
        }

        List<String> keys() {
            return asked.stream().map(each -> each.key().key()).sorted().toList();
        }

        Asked last() {
            return asked.get(asked.size() - 1);
        }
    }

    @AfterEach
    void close() {
        workerPools.close();
    }

    private void collect() {
        worker.showLife();
        worker.collect();
    }

    @Test
    void itsOwnRecordsAreTakenOnAtOnce() {
        // Given
        shelf.write(owed("a", "b"));

        // When
        collect();
        worker.tryDue();

        // Then
        assertEquals(2, worker.owed());
        assertEquals(List.of("a", "b"), debts.keys());
    }

    @Test
    void whatItIsToldOfIsNotCollectedAgain() {
        // Given
        worker.accept(shelf.write(owed("a")), Map.of("a", true));

        // When
        collect();
        worker.tryDue();

        // Then
        assertEquals(1, worker.owed());
        assertEquals(List.of("a"), debts.keys());
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "P400D", "P-400D"})
    void anothersRecordsAreTakenOverAfterThreeMinutesOfSilenceByTheStoresClock(Duration ourClockIsOff) {
        // Given
        ownClock.pass(ourClockIsOff);
        others.write(owed("a"));
        storeClock.pass(RetryWorker.SILENCE.minusSeconds(1));
        collect();
        int before = worker.owed();
        storeClock.pass(Duration.ofSeconds(1));

        // When
        collect();

        // Then
        assertEquals(0, before);
        assertEquals(1, worker.owed());
    }

    @Test
    void anothersRecordsAreLeftToItWhileItShowsLife() {
        // Given
        others.write(owed("a"));
        int taken = 0;

        // When
        for (int minute = 0; minute < 10; minute++) {
            others.signalAlive();
            storeClock.pass(MINUTE);
            ownClock.pass(MINUTE.multipliedBy(5));
            collect();
            taken += worker.owed();
        }

        // Then
        assertEquals(0, taken);
        assertEquals(2, bucket.keys(THEIRS).size());
    }

    @Test
    void anothersRecordsAreTakenOverThreeMinutesAfterItsLastSignOfLife() {
        // Given
        others.write(owed("a"));
        storeClock.pass(MINUTE.multipliedBy(10));
        others.signalAlive();
        storeClock.pass(RetryWorker.SILENCE.minusSeconds(1));
        collect();
        int before = worker.owed();
        storeClock.pass(Duration.ofSeconds(1));

        // When
        collect();

        // Then
        assertEquals(0, before);
        assertEquals(1, worker.owed());
    }

    @Test
    void aYoungRecordOfAnInstanceThatNeverShowsLifeIsLeftForThreeMinutesToo() {
        // Given
        others.write(owed("old"));
        storeClock.pass(RetryWorker.SILENCE);
        others.write(owed("young"));

        // When
        collect();
        worker.tryDue();

        // Then
        assertEquals(List.of("old"), debts.keys());
    }

    @Test
    void nothingIsLeftOfAGoneInstanceWhenItsRecordsAreSettled() {
        // Given
        others.write(owed("a"));
        others.signalAlive();
        storeClock.pass(RetryWorker.SILENCE);
        collect();
        worker.tryDue();
        debts.last().done();
        until(() -> worker.owed() == 0 && bucket.keys(THEIRS).size() == 1);

        // When
        collect();

        // Then
        assertEquals(0, bucket.versionCount(THEIRS));
        assertEquals(1, bucket.versionCount(PendingStore.PREFIX));
        assertEquals(List.of(MINE + "alive"), bucket.keys(PendingStore.PREFIX));
    }

    @Test
    void theSignOfLifeOfAGoneInstanceStaysWhileItHasRecords() {
        // Given
        others.write(owed("a"));
        others.signalAlive();
        storeClock.pass(RetryWorker.SILENCE);

        // When
        collect();

        // Then
        assertEquals(2, bucket.keys(THEIRS).size());
    }

    @Test
    void theSignOfLifeOfALivingInstanceWithoutRecordsStays() {
        // Given
        others.signalAlive();
        storeClock.pass(RetryWorker.SILENCE.minusSeconds(1));

        // When
        collect();

        // Then
        assertEquals(List.of(THEIRS + "alive"), bucket.keys(THEIRS));
    }

    @Test
    void itsOwnSignOfLifeIsShownEachTimeInOneVersion() {
        // When
        collect();
        storeClock.pass(MINUTE);
        collect();

        // Then
        assertEquals(Optional.of(storeClock.instant()), shelf.lastAlive("me"));
        assertEquals(1, bucket.versionCount(PendingStore.PREFIX));
    }

    @Test
    void aSettledRecordLeavesNothingInAVersionedBucket() {
        // Given
        worker.accept(shelf.write(owed("a", "b")), Map.of());
        worker.tryDue();

        // When
        debts.asked.forEach(Debts.Asked::done);

        // Then
        until(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
        assertEquals(0, worker.owed());
    }

    @Test
    void whatWillNeverSucceedIsMovedToTheRejected() {
        // Given
        worker.accept(shelf.write(owed("a")), Map.of());
        worker.tryDue();

        // When
        debts.last().rejected();

        // Then
        until(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
        List<String> rejected = bucket.keys(RejectionStore.PREFIX);
        assertEquals(1, rejected.size());
        String record = new String(bucket.bytes(rejected.get(0)), StandardCharsets.UTF_8);
        assertTrue(record.contains("\"key\":\"a\""), record);
    }

    @Test
    void whatCannotBeMovedToTheRejectedStaysOwedAndIsTriedAgain() {
        // Given
        PendingBatch record = shelf.write(owed("a"));
        worker.accept(record, Map.of());
        failOnce(Operation.PUT);
        worker.tryDue();
        debts.last().rejected();
        tryDueUntilAsked(2);

        // When
        debts.last().rejected();

        // Then
        until(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
        assertEquals(1, bucket.keys(RejectionStore.PREFIX).size());
    }

    @Test
    void whatFailsForNowIsTriedAgainWithBackoff() {
        // Given
        PendingBatch record = shelf.write(owed("a"));
        worker.accept(record, Map.of());
        worker.tryDue();
        debts.last().failed();
        ownClock.pass(MINUTE.minusSeconds(1));
        worker.tryDue();
        int tooSoon = debts.asked.size();

        // When
        ownClock.pass(Duration.ofSeconds(1));
        worker.tryDue();

        // Then
        assertEquals(1, tooSoon);
        assertEquals(List.of("a", "a"), debts.keys());
        assertEquals(List.of(record.name()), bucket.keys(PendingStore.PREFIX));
        assertEquals(1, worker.owed());
    }

    @Test
    void whatHasJustFailedIsNotTriedAtOnce() {
        // Given
        worker.accept(shelf.write(owed("a")), Map.of("a", false));

        // When
        worker.tryDue();

        // Then
        assertEquals(List.of(), debts.keys());
    }

    @Test
    void aDebtRecordedDuringATryOutlivesIt() {
        // Given
        worker.accept(shelf.write(owed("a")), Map.of());
        worker.tryDue();
        PendingBatch newer = shelf.write(owed("a"));
        worker.accept(newer, Map.of("a", true));

        // When
        debts.last().done();
        until(() -> bucket.keys(PendingStore.PREFIX).size() == 1);

        // Then
        assertEquals(List.of(newer.name()), bucket.keys(PendingStore.PREFIX));
        tryDueUntilAsked(2);
        debts.last().done();
        until(() -> bucket.versionCount(PendingStore.PREFIX) == 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void recordsOfAKeyAreRemovedLaterWhereARemovalFails(int records) {
        // Given
        IntStream.range(0, records).forEach(record -> shelf.write(owed("a")));
        collect();
        failOnce(Operation.REMOVE);
        worker.tryDue();
        debts.last().done();
        until(() -> worker.owed() == 0);

        // When
        until(() -> {
            ownClock.pass(MINUTE);
            storeClock.pass(MINUTE);
            collect();
            worker.tryDue();
            debts.asked.forEach(Debts.Asked::done);
            return bucket.keys(PendingStore.PREFIX).size() == 1;
        });

        // Then
        assertEquals(List.of(MINE + "alive"), bucket.keys(PendingStore.PREFIX));
    }

    @Test
    void anUnreadableRecordHoldsUpNoOther() {
        // Given
        bucket.seed(MINE + "000", "not JSON".getBytes(StandardCharsets.UTF_8));
        bucket.seed(PendingStore.PREFIX + "stray", new byte[] {'x'});
        bucket.seed(MINE + "001", new byte[(8 << 20) + 1]);
        PendingBatch good = shelf.write(owed("a"));
        storeClock.pass(RetryWorker.SILENCE);

        // When
        collect();

        // Then
        assertEquals(1, worker.owed());
        assertTrue(bucket.keys(PendingStore.PREFIX)
                .containsAll(List.of(MINE + "000", MINE + "001", good.name(), PendingStore.PREFIX + "stray")));
    }

    @Test
    void onlySoManyKeysAreTriedAtOnceBesideTheEvents() {
        // Given
        List<PendingKey> many =
                owed(IntStream.range(0, 40).mapToObj(number -> "key " + number).toArray(String[]::new));
        worker.accept(shelf.write(many), Map.of());
        worker.tryDue();
        worker.tryDue();
        int atOnce = debts.asked.size();

        // When
        debts.asked.get(0).done();

        // Then
        assertEquals(32, atOnce);
        tryDueUntilAsked(33);
    }

    @Test
    void whatThereIsNoRoomForStaysOnTheShelfUntilThereIs() {
        // Given
        for (int record = 0; record < 10; record++) {
            worker.accept(shelf.write(many(record)), Map.of());
        }
        PendingBatch more = shelf.write(owed("more"));

        // When
        worker.accept(more, Map.of());
        collect();

        // Then
        assertEquals(20_000, worker.owed());
        assertTrue(bucket.keys(MINE).contains(more.name()));
    }

    @Test
    void whatIsLeftIsTakenOnByOneOfTheLivingAndByTheNextAfterOneMoreSilence() {
        // Given
        List<RetryWorker> living = new ArrayList<>();
        for (String name : List.of("p", "q", "r")) {
            PendingStore own = new PendingStore(bucket, name, ownClock);
            living.add(new RetryWorker(
                    own, new RejectionStore(bucket, ownClock, rejection -> {}), new Debts(), workerPools, ownClock));
        }
        IntStream.range(0, 60).forEach(number -> others.write(owed("key " + number)));
        living.forEach(RetryWorker::showLife);
        storeClock.pass(RetryWorker.SILENCE);

        // When
        living.forEach(RetryWorker::showLife);
        living.forEach(RetryWorker::collect);
        List<Integer> first = living.stream().map(RetryWorker::owed).toList();
        storeClock.pass(RetryWorker.SILENCE.multipliedBy(2));
        living.forEach(RetryWorker::showLife);
        living.forEach(RetryWorker::collect);

        // Then
        assertEquals(60, first.stream().mapToInt(Integer::intValue).sum(), first::toString);
        assertTrue(first.stream().allMatch(share -> share > 5), first::toString);
        living.forEach(each -> assertEquals(60, each.owed()));
    }

    @Test
    void theNextIsBegunOnceHalfOfThePlacesAreFreeWithoutWaitingForATick() {
        // Given
        worker.accept(shelf.write(many(0)), Map.of());
        worker.tryDue();

        // When
        for (int number = 0; number < 16; number++) {
            debts.asked.get(number).done();
        }

        // Then
        until(() -> debts.asked.size() >= 48);
    }

    @Test
    void longTriesGiveTheirPlacesToOthers() {
        // Given
        worker.accept(shelf.write(many(0)), Map.of());
        worker.tryDue();

        // When: none of them is done

        // Then
        until(() -> {
            worker.tryDue();
            return debts.asked.size() >= 64;
        });
    }

    private static List<PendingKey> many(int record) {
        return IntStream.range(0, 2_000)
                .mapToObj(number -> new PendingKey(record + "/" + number, Optional.empty()))
                .toList();
    }

    private void tryDueUntilAsked(int times) {
        until(() -> {
            ownClock.pass(MINUTE);
            worker.tryDue();
            return debts.asked.size() == times;
        });
    }

    private void failOnce(Operation which) {
        backup.before((operation, key) -> {
            if (operation == which) {
                backup.before((later, unused) -> {});
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
            }
        });
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(30, SECONDS).pollInterval(Duration.ofMillis(10)).until(condition);
    }

    private static List<PendingKey> owed(String... keys) {
        return Arrays.stream(keys)
                .map(key -> new PendingKey(key, Optional.empty()))
                .toList();
    }
}
