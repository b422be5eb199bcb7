package dev.registrybackup.replication.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.replication.pending.RetryState.RetryAttempt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RetryStateTest {
    private static final Instant NOW = SettableClock.START;
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final RetryState retryState = new RetryState(100);

    @Test
    void aKeyWhoseCopyHasNotFailedIsTriedAtOnce() {
        // Given
        retryState.add(record("r1", "a"), Set.of(), NOW);

        // When
        List<RetryAttempt> tries = retryState.startDue(NOW, 32);

        // Then
        assertEquals(List.of(key("a")), tries.stream().map(RetryAttempt::key).toList());
    }

    @Test
    void aKeyWhoseCopyHasJustFailedIsTriedAfterAMinute() {
        // Given
        retryState.add(record("r1", "a"), Set.of("a"), NOW);

        // When
        List<RetryAttempt> before = retryState.startDue(NOW.plus(MINUTE).minusMillis(1), 32);
        List<RetryAttempt> after = retryState.startDue(NOW.plus(MINUTE), 32);

        // Then
        assertEquals(List.of(), before);
        assertEquals(List.of("a"), names(after));
    }

    @Test
    void theBackoffDoublesFromOneMinuteToOneHour() {
        // Given
        retryState.add(record("r1", "a"), Set.of(), NOW);
        List<Long> minutes = new ArrayList<>();
        Instant now = NOW;

        // When
        for (int failure = 0; failure < 9; failure++) {
            Instant again = retryState.failed(retryState.startDue(now, 32).get(0), now);
            minutes.add(Duration.between(now, again).toMinutes());
            assertEquals(List.of(), retryState.startDue(again.minusMillis(1), 32));
            now = again;
        }

        // Then
        assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L), minutes);
    }

    @Test
    void theFailuresOfOneKeyHoldUpNoOther() {
        // Given
        retryState.add(record("r1", "a", "b"), Set.of(), NOW);
        List<RetryAttempt> tries = retryState.startDue(NOW, 32);
        retryState.failed(of("a", tries), NOW);
        retryState.succeeded(of("b", tries), NOW);
        retryState.add(record("r2", "b"), Set.of(), NOW);

        // When
        List<RetryAttempt> now = retryState.startDue(NOW, 32);

        // Then
        assertEquals(List.of("b"), names(now));
    }

    @Test
    void aSuccessForgetsTheFailuresBeforeIt() {
        // Given
        retryState.add(record("r1", "a"), Set.of(), NOW);
        retryState.failed(startDue("a", NOW), NOW);
        retryState.failed(startDue("a", NOW.plus(MINUTE)), NOW.plus(MINUTE));
        Instant later = NOW.plus(MINUTE.multipliedBy(3));
        RetryAttempt third = startDue("a", later);
        retryState.add(record("r2", "a"), Set.of(), later);
        retryState.succeeded(third, later);

        // When
        Instant again = retryState.failed(startDue("a", later), later);

        // Then
        assertEquals(later.plus(MINUTE), again);
    }

    @Test
    void aKeyIsTriedOnceAtATime() {
        // Given
        retryState.add(record("r1", "a"), Set.of(), NOW);
        retryState.startDue(NOW, 32);
        retryState.add(record("r2", "a"), Set.of(), NOW);

        // When
        List<RetryAttempt> more = retryState.startDue(NOW.plus(MINUTE), 32);

        // Then
        assertEquals(List.of(), more);
    }

    @Test
    void aFinishedCopyNeverErasesAKeyRecordedWhileItRan() {
        // Given
        PendingBatch older = record("r1", "a");
        PendingBatch newer = record("r2", "a");
        retryState.add(older, Set.of(), NOW);
        RetryAttempt running = startDue("a", NOW);
        retryState.add(newer, Set.of(), NOW);

        // When
        List<PendingBatch> complete = retryState.succeeded(running, NOW);
        List<RetryAttempt> next = retryState.startDue(NOW, 32);

        // Then
        assertEquals(List.of(older), complete);
        assertEquals(List.of(newer), retryState.succeeded(next.get(0), NOW));
        assertEquals(0, retryState.size());
    }

    @Test
    void aRetryAfterAFailureCompletesWhatWasRecordedMeanwhileToo() {
        // Given
        PendingBatch older = record("r1", "a");
        PendingBatch newer = record("r2", "a");
        retryState.add(older, Set.of(), NOW);
        RetryAttempt failing = startDue("a", NOW);
        retryState.add(newer, Set.of(), NOW);
        Instant again = retryState.failed(failing, NOW);

        // When
        List<PendingBatch> complete = retryState.succeeded(startDue("a", again), again);

        // Then
        assertEquals(Set.of(older, newer), Set.copyOf(complete));
    }

    @Test
    void aRecordIsCompleteOnceAllItsKeysAreDone() {
        // Given
        PendingBatch record = record("r1", "a", "b");
        retryState.add(record, Set.of(), NOW);
        List<RetryAttempt> tries = retryState.startDue(NOW, 32);

        // When
        List<PendingBatch> afterOne = retryState.succeeded(of("a", tries), NOW);
        List<PendingBatch> afterBoth = retryState.succeeded(of("b", tries), NOW);

        // Then
        assertEquals(List.of(), afterOne);
        assertEquals(List.of(record), afterBoth);
    }

    @Test
    void aRecordIsKeptInMemoryUntilItIsDeletedFromTheStore() {
        // Given
        PendingBatch record = record("r1", "a");
        retryState.add(record, Set.of(), NOW);
        retryState.succeeded(startDue("a", NOW), NOW);

        // When
        boolean whileThere = retryState.contains("r1");
        retryState.removeBatch(record);

        // Then
        assertTrue(whileThere);
        assertFalse(retryState.contains("r1"));
    }

    @Test
    void aRecordThatIsHeldIsNotTakenTwice() {
        // Given
        PendingBatch record = record("r1", "a");
        retryState.add(record, Set.of(), NOW);
        RetryAttempt running = startDue("a", NOW);

        // When
        retryState.add(record, Set.of(), NOW);

        // Then
        assertEquals(List.of(record), retryState.succeeded(running, NOW));
        assertEquals(0, retryState.size());
    }

    @Test
    void thereIsRoomUntilSoManyKeysAreHeldAndAgainWhenTheyAreDone() {
        // Given
        RetryState small = new RetryState(3);
        small.add(record("r1", "a", "b"), Set.of(), NOW);
        boolean atFirst = small.hasCapacity();
        small.add(record("r2", "b", "c"), Set.of(), NOW);
        boolean whenFull = small.hasCapacity();

        // When
        small.startDue(NOW, 3).forEach(running -> small.succeeded(running, NOW).forEach(small::removeBatch));

        // Then
        assertTrue(atFirst);
        assertFalse(whenFull);
        assertTrue(small.hasCapacity());
    }

    @Test
    void theTimeOfTheOldestPendingKeyIsKept() {
        // Given
        Instant first = NOW.minus(MINUTE);
        retryState.add(record("r1", "a"), Set.of(), NOW);
        retryState.add(
                new PendingBatch("r2", Optional.empty(), List.of(new PendingKey("a", Optional.of(first)))),
                Set.of(),
                NOW);
        retryState.add(
                new PendingBatch("r3", Optional.empty(), List.of(new PendingKey("a", Optional.of(NOW)))),
                Set.of(),
                NOW);

        // When
        RetryAttempt begun = startDue("a", NOW);

        // Then
        assertEquals(new PendingKey("a", Optional.of(first)), begun.key());
    }

    private RetryAttempt startDue(String key, Instant now) {
        return of(key, retryState.startDue(now, 32));
    }

    private static RetryAttempt of(String key, List<RetryAttempt> tries) {
        return tries.stream()
                .filter(begun -> begun.key().key().equals(key))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> names(List<RetryAttempt> tries) {
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
