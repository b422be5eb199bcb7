package dev.registrybackup.replication.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.replication.pending.RetryState.Try;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RetryStateTest {
    private static final Instant NOW = SettableClock.START;
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final RetryState work = new RetryState(100);

    @Test
    void aKeyWhoseCopyGoesOnIsTriedAtOnce() {
        // Given
        work.add(record("r1", "a"), Map.of("a", true), NOW);

        // When
        List<Try> tries = work.begin(NOW, 32);

        // Then
        assertEquals(List.of(new Try(key("a"), Set.of("r1"))), tries);
    }

    @Test
    void aKeyOfARecordFromTheShelfIsTriedAtOnce() {
        // Given
        work.add(record("r1", "a"), Map.of(), NOW);

        // When
        List<Try> tries = work.begin(NOW, 32);

        // Then
        assertEquals(List.of("a"), names(tries));
    }

    @Test
    void aKeyWhoseCopyHasJustFailedIsTriedAfterAMinute() {
        // Given
        work.add(record("r1", "a"), Map.of("a", false), NOW);

        // When
        List<Try> before = work.begin(NOW.plus(MINUTE).minusMillis(1), 32);
        List<Try> after = work.begin(NOW.plus(MINUTE), 32);

        // Then
        assertEquals(List.of(), before);
        assertEquals(List.of("a"), names(after));
    }

    @Test
    void theBackoffDoublesFromOneMinuteToOneHour() {
        // Given
        work.add(record("r1", "a"), Map.of(), NOW);
        List<Long> minutes = new ArrayList<>();
        Instant now = NOW;

        // When
        for (int failure = 0; failure < 9; failure++) {
            Instant again = work.failed(work.begin(now, 32).get(0), now);
            minutes.add(Duration.between(now, again).toMinutes());
            assertEquals(List.of(), work.begin(again.minusMillis(1), 32));
            now = again;
        }

        // Then
        assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L), minutes);
    }

    @Test
    void theFailuresOfOneKeyHoldUpNoOther() {
        // Given
        work.add(record("r1", "a", "b"), Map.of(), NOW);
        List<Try> tries = work.begin(NOW, 32);
        work.failed(of("a", tries), NOW);
        work.settled(of("b", tries), NOW);
        work.add(record("r2", "b"), Map.of(), NOW);

        // When
        List<Try> now = work.begin(NOW, 32);

        // Then
        assertEquals(List.of("b"), names(now));
    }

    @Test
    void aSuccessForgetsTheFailuresBeforeIt() {
        // Given
        work.add(record("r1", "a"), Map.of(), NOW);
        work.failed(begun("a", NOW), NOW);
        work.failed(begun("a", NOW.plus(MINUTE)), NOW.plus(MINUTE));
        Instant later = NOW.plus(MINUTE.multipliedBy(3));
        Try third = begun("a", later);
        work.add(record("r2", "a"), Map.of(), later);
        work.settled(third, later);

        // When
        Instant again = work.failed(begun("a", later), later);

        // Then
        assertEquals(later.plus(MINUTE), again);
    }

    @Test
    void aKeyIsTriedOnceAtATime() {
        // Given
        work.add(record("r1", "a"), Map.of(), NOW);
        work.begin(NOW, 32);
        work.add(record("r2", "a"), Map.of(), NOW);

        // When
        List<Try> more = work.begin(NOW.plus(MINUTE), 32);

        // Then
        assertEquals(List.of(), more);
    }

    @Test
    void noMoreTriesAreBegunThanThereIsRoomFor() {
        // Given
        work.add(record("r1", "a", "b", "c"), Map.of(), NOW);

        // When
        List<Try> first = work.begin(NOW, 2);
        List<Try> none = work.begin(NOW, 0);
        List<Try> rest = work.begin(NOW, 2);

        // Then
        assertEquals(2, first.size());
        assertEquals(List.of(), none);
        assertEquals(1, rest.size());
    }

    @Test
    void aFinishedCopyNeverErasesADebtRecordedWhileItRan() {
        // Given
        PendingBatch older = record("r1", "a");
        PendingBatch newer = record("r2", "a");
        work.add(older, Map.of(), NOW);
        Try running = begun("a", NOW);
        work.add(newer, Map.of(), NOW);

        // When
        List<PendingBatch> complete = work.settled(running, NOW);
        List<Try> next = work.begin(NOW, 32);

        // Then
        assertEquals(List.of(older), complete);
        assertEquals(List.of(new Try(key("a"), Set.of("r2"))), next);
        assertEquals(List.of(newer), work.settled(next.get(0), NOW));
        assertEquals(0, work.size());
    }

    @Test
    void aTryAfterAFailureSettlesWhatWasRecordedMeanwhileToo() {
        // Given
        PendingBatch older = record("r1", "a");
        PendingBatch newer = record("r2", "a");
        work.add(older, Map.of(), NOW);
        Try failing = begun("a", NOW);
        work.add(newer, Map.of(), NOW);
        Instant again = work.failed(failing, NOW);

        // When
        List<PendingBatch> complete = work.settled(begun("a", again), again);

        // Then
        assertEquals(Set.of(older, newer), Set.copyOf(complete));
    }

    @Test
    void aRecordIsCompleteOnlyWhenAllItsKeysAreSettled() {
        // Given
        PendingBatch record = record("r1", "a", "b");
        work.add(record, Map.of(), NOW);
        List<Try> tries = work.begin(NOW, 32);

        // When
        List<PendingBatch> afterOne = work.settled(of("a", tries), NOW);
        List<PendingBatch> afterBoth = work.settled(of("b", tries), NOW);

        // Then
        assertEquals(List.of(), afterOne);
        assertEquals(List.of(record), afterBoth);
    }

    @Test
    void aRecordIsHeldUntilItIsGoneFromTheShelf() {
        // Given
        PendingBatch record = record("r1", "a");
        work.add(record, Map.of(), NOW);
        work.settled(begun("a", NOW), NOW);

        // When
        boolean whileThere = work.holds("r1");
        work.removed(record);

        // Then
        assertTrue(whileThere);
        assertFalse(work.holds("r1"));
    }

    @Test
    void aRecordThatIsHeldIsNotTakenTwice() {
        // Given
        PendingBatch record = record("r1", "a");
        work.add(record, Map.of(), NOW);
        Try running = begun("a", NOW);

        // When
        work.add(record, Map.of(), NOW);

        // Then
        assertEquals(List.of(record), work.settled(running, NOW));
        assertEquals(0, work.size());
    }

    @Test
    void thereIsRoomUntilSoManyKeysAreHeld() {
        // Given
        RetryState small = new RetryState(3);
        small.add(record("r1", "a", "b"), Map.of(), NOW);
        boolean atFirst = small.hasRoom();

        // When
        small.add(record("r2", "b", "c"), Map.of(), NOW);

        // Then
        assertTrue(atFirst);
        assertFalse(small.hasRoom());
        assertEquals(3, small.size());
    }

    @Test
    void thereIsRoomAgainWhenAKeyIsSettled() {
        // Given
        RetryState small = new RetryState(1);
        small.add(record("r1", "a"), Map.of(), NOW);
        Try running = small.begin(NOW, 1).get(0);

        // When
        small.settled(running, NOW).forEach(small::removed);

        // Then
        assertTrue(small.hasRoom());
    }

    @Test
    void theTimeOfTheOldestDebtIsKept() {
        // Given
        Instant first = NOW.minus(MINUTE);
        work.add(record("r1", "a"), Map.of(), NOW);
        work.add(
                new PendingBatch("r2", Optional.empty(), List.of(new PendingKey("a", Optional.of(first)))),
                Map.of(),
                NOW);
        work.add(
                new PendingBatch("r3", Optional.empty(), List.of(new PendingKey("a", Optional.of(NOW)))),
                Map.of(),
                NOW);

        // When
        Try begun = begun("a", NOW);

        // Then
        assertEquals(new PendingKey("a", Optional.of(first)), begun.key());
    }

    private Try begun(String key, Instant now) {
        return of(key, work.begin(now, 32));
    }

    private static Try of(String key, List<Try> tries) {
        return tries.stream()
                .filter(begun -> begun.key().key().equals(key))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> names(List<Try> tries) {
        return tries.stream().map(begun -> begun.key().key()).sorted().collect(Collectors.toList());
    }

    private static PendingKey key(String key) {
        return new PendingKey(key, Optional.empty());
    }

    private static PendingBatch record(String name, String... keys) {
        return new PendingBatch(
                name,
                Optional.empty(),
                Arrays.stream(keys).map(RetryStateTest::key).toList());
    }
}
