package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AttemptTest {
    private static final Duration STOOD_STILL = Duration.ofMinutes(3);

    private final OperationFixture bench = new OperationFixture();
    private final OperationRequest request = bench.restore();
    private final Attempt attempt = bench.operations.begin(request, "pod-1");
    private final ProgressTracker progressTracker = new ProgressTracker();

    @Test
    void anAttemptMayWrite() {
        assertDoesNotThrow(attempt::require);
    }

    @Test
    void theBucketIsAskedBeforeTheFirstWriteAndThenNotAgainForTwentySeconds() {
        // Given
        bench.backup.forget();
        attempt.require();
        int first = bench.backup.requests().size();
        bench.clock.pass(Duration.ofSeconds(19));

        // When
        for (int write = 0; write < 1_000; write++) {
            attempt.require();
        }

        // Then
        assertEquals(2, first);
        assertEquals(first, bench.backup.requests().size());
    }

    @Test
    void theBucketIsAskedAgainAfterTwentySeconds() {
        // Given
        attempt.require();
        bench.backup.forget();
        bench.clock.pass(Attempt.HOLDS);

        // When
        attempt.require();

        // Then
        assertEquals(2, bench.backup.requests().size());
    }

    @Test
    void theBucketIsAskedAgainWhereTheClockWasSetBack() {
        // Given
        attempt.require();
        bench.backup.forget();
        bench.clock.pass(Duration.ofHours(-1));

        // When
        attempt.require();

        // Then
        assertEquals(2, bench.backup.requests().size());
    }

    @Test
    void aSignOfLifeCountsAsHavingAsked() {
        // Given
        attempt.beat(progressTracker.read());
        bench.backup.forget();

        // When
        attempt.require();

        // Then
        assertEquals(List.of(), bench.backup.requests());
    }

    @Test
    void anAttemptThatStoodStillWritesNothingAfterANewerOneBegan() {
        // Given
        attempt.beat(progressTracker.read());
        attempt.require();
        bench.clock.pass(STOOD_STILL);
        bench.operations.begin(bench.operations.requireResumable(request.id(), bench.runner), "pod-2");
        bench.backup.forget();

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::require);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is carried on by attempt 2", stop.getMessage());
        assertEquals(OperationState.LOST, stop.became());
        assertThrows(FencedException.class, () -> attempt.beat(progressTracker.read()));
        assertFalse(attempt.finish(progressTracker.read(), OperationFixture.succeeded()));
        assertEquals(List.of(), bench.backup.written());
        assertEquals("pod-2", bench.status().attempt().orElseThrow().runner());
        assertEquals(OperationState.RUNNING, bench.state());
    }

    @Test
    void anAttemptThatStoodStillAndWasNotReplacedGoesOn() {
        // Given
        attempt.require();
        bench.clock.pass(STOOD_STILL);
        OperationState meanwhile = bench.state();

        // When
        attempt.require();
        attempt.beat(progressTracker.read());

        // Then
        assertEquals(OperationState.LOST, meanwhile);
        assertEquals(OperationState.RUNNING, bench.state());
    }

    @Test
    void anAttemptThatStoodStillWhileItLookedLooksAgain() {
        // Given
        bench.backup.before((operation, key) -> {
            if (operation == Operation.OPEN) {
                bench.mend();
                bench.clock.pass(STOOD_STILL);
                bench.operations.begin(request, "pod-2");
            }
        });

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::require);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is carried on by attempt 2", stop.getMessage());
    }

    @Test
    void aBucketThatTakesTooLongToAnswerPermitsNothing() {
        // Given
        bench.backup.before((operation, key) -> bench.clock.pass(Attempt.HOLDS));

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, attempt::require);

        // Then
        assertEquals(
                "Failed to tell whether operation 20260304T050607Z-00000001 may go on: backup took more than 20 s to"
                        + " answer",
                failure.getMessage());
    }

    @Test
    void anAttemptThatIsReplacedStopsAtItsNextSignOfLifeAndShowsNone() {
        // Given
        attempt.beat(progressTracker.read());
        bench.operations.begin(request, "pod-2");
        String before = bench.text("attempt-1");
        bench.clock.pass(OperationExecution.BEAT);

        // When
        assertThrows(FencedException.class, () -> attempt.beat(progressTracker.read()));

        // Then
        assertThrows(FencedException.class, attempt::require);
        assertEquals(before, bench.text("attempt-1"));
    }

    @Test
    void anAttemptThatIsReplacedUnawaresDoesNotRecordItsEnd() {
        // Given
        attempt.require();
        bench.operations.begin(request, "pod-2");
        String before = bench.text("attempt-1");

        // When
        boolean recorded = attempt.finish(progressTracker.read(), OperationFixture.succeeded());

        // Then
        assertFalse(recorded);
        assertEquals(before, bench.text("attempt-1"));
        assertEquals(OperationState.RUNNING, bench.state());
    }

    @Test
    void anAttemptThatIsReplacedAndCancelledTooIsReplaced() {
        // Given
        bench.operations.begin(request, "pod-2");
        bench.operations.cancel(request.id(), "bob");

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::require);

        // Then
        assertEquals(OperationState.LOST, stop.became());
    }

    @Test
    void anAttemptWhoseRecordIsAnothersStops() {
        // Given
        bench.seed("attempt-1", bench.text("attempt-1").replace("\"token\":\"00000002\"", "\"token\":\"ffffffff\""));
        bench.backup.forget();

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::require);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 is another process's", stop.getMessage());
        assertFalse(attempt.finish(progressTracker.read(), OperationFixture.succeeded()));
        assertEquals(List.of(), bench.backup.written());
    }

    @Test
    void anAttemptWhoseRecordIsGoneStops() {
        // Given
        bench.bucket.remove(OperationFixture.PREFIX + request.id() + "/attempt-1", Optional.empty());

        // When
        assertThrows(FencedException.class, attempt::require);

        // Then
        assertFalse(attempt.finish(progressTracker.read(), OperationFixture.succeeded()));
        assertEquals(List.of("request"), bench.names());
    }

    @Test
    void anAttemptAtADroppedOperationStopsAndLeavesNothing() {
        // Given
        bench.operations.withdraw(request);

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::require);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is gone from backup: it was dropped", stop.getMessage());
        assertThrows(FencedException.class, () -> attempt.beat(progressTracker.read()));
        assertFalse(attempt.finish(progressTracker.read(), OperationFixture.succeeded()));
        assertEquals(0, bench.bucket.versionCount(""));
    }

    @Test
    void anAttemptThatIsCancelledStopsAndRecordsThat() {
        // Given
        bench.operations.cancel(request.id(), "bob");

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::require);

        // Then
        assertEquals("Cancelled by bob at 2026-03-04T05:06:07Z", stop.getMessage());
        assertEquals(OperationState.CANCELLED, stop.became());
        assertTrue(attempt.finish(progressTracker.read(), OperationFixture.ending(OperationState.CANCELLED)));
        assertEquals(OperationState.CANCELLED, bench.state());
    }

    @Test
    void anAttemptThatIsCancelledStopsAtItsNextSignOfLife() {
        // Given
        attempt.require();
        bench.operations.cancel(request.id(), "bob");

        // When
        assertThrows(FencedException.class, () -> attempt.beat(progressTracker.read()));

        // Then
        assertThrows(FencedException.class, attempt::require);
    }

    @Test
    void anAttemptThatIsCancelledAndThenReplacedDoesNotRecordItsEnd() {
        // Given
        bench.operations.cancel(request.id(), "bob");
        assertThrows(FencedException.class, attempt::require);
        bench.bucket.seed(
                OperationFixture.PREFIX + request.id() + "/attempt-2",
                bench.bucket.bytes(OperationFixture.PREFIX + request.id() + "/attempt-1"));

        // When
        boolean recorded = attempt.finish(progressTracker.read(), OperationFixture.ending(OperationState.CANCELLED));

        // Then
        assertFalse(recorded);
    }

    @Test
    void whatWasDoneBeforeTheCancelWasSeenIsDone() {
        // Given
        bench.operations.cancel(request.id(), "bob");

        // When
        boolean recorded = attempt.finish(progressTracker.read(), OperationFixture.succeeded());

        // Then
        assertTrue(recorded);
        assertEquals(OperationState.SUCCEEDED, bench.state());
    }

    @ParameterizedTest
    @EnumSource(names = {"LIST", "OPEN"})
    void whoeverCannotAskMayNotWrite(Operation failing) {
        // Given
        attempt.require();
        bench.clock.pass(STOOD_STILL);
        bench.failOn(failing);

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, attempt::require);

        // Then
        assertEquals("The store is down", failure.getMessage());
        bench.mend();
        assertDoesNotThrow(attempt::require);
    }

    @Test
    void aSignOfLifeThatCannotBeWrittenIsAFailureAndTheAttemptGoesOn() {
        // Given
        bench.failOn(Operation.PUT);
        assertThrows(ObjectStoreException.class, () -> attempt.beat(progressTracker.read()));
        bench.mend();
        bench.clock.pass(Duration.ofMinutes(1));

        // When
        attempt.beat(progressTracker.read());

        // Then
        assertEquals(
                bench.clock.instant(), bench.status().attempt().orElseThrow().heartbeat());
        assertDoesNotThrow(attempt::require);
    }

    @Test
    void signsOfLifeLeaveOneVersionHoweverManyThereAre() {
        // When
        for (int beat = 0; beat < 10; beat++) {
            bench.clock.pass(OperationExecution.BEAT);
            attempt.beat(progressTracker.read());
        }
        attempt.finish(progressTracker.read(), OperationFixture.succeeded());

        // Then
        assertEquals(2, bench.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void eachObjectHasOneWriter() {
        // Given
        bench.backup.forget();

        // When
        attempt.beat(progressTracker.read());
        Attempt second = bench.operations.begin(request, "pod-2");
        second.beat(progressTracker.read());
        bench.operations.cancel(request.id(), "bob");
        attempt.finish(progressTracker.read(), OperationFixture.ending(OperationState.FAILED));
        second.finish(progressTracker.read(), OperationFixture.ending(OperationState.CANCELLED));

        // Then
        String folder = OperationFixture.PREFIX + request.id() + "/";
        assertEquals(
                List.of("attempt-1", "attempt-2", "attempt-2", "cancel", "attempt-2"),
                bench.backup.written().stream()
                        .map(key -> key.substring(folder.length()))
                        .toList());
    }

    @Test
    void anAttemptThatHasEndedPermitsAndWritesNothingMore() {
        // Given
        attempt.require();
        attempt.finish(progressTracker.read(), OperationFixture.ending(OperationState.FAILED));
        String ended = bench.text("attempt-1");

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::require);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 has ended", stop.getMessage());
        assertThrows(FencedException.class, () -> attempt.beat(progressTracker.read()));
        assertFalse(attempt.finish(progressTracker.read(), OperationFixture.succeeded()));
        assertEquals(ended, bench.text("attempt-1"));
    }

    @Test
    void anAttemptWhoseEndCouldNotBeRecordedPermitsNothingMore() {
        // Given
        attempt.require();
        bench.failOn(Operation.PUT);

        // When
        assertThrows(
                ObjectStoreException.class, () -> attempt.finish(progressTracker.read(), OperationFixture.succeeded()));

        // Then
        bench.mend();
        assertThrows(FencedException.class, attempt::require);
    }

    @Test
    void howFarItIsIsOnRecordAndReadAsItWasWritten() {
        // Given
        progressTracker.phase("copying");
        progressTracker.expect(40, 4_000);
        progressTracker.done(10, 1_500);
        for (int blob = 0; blob < 150; blob++) {
            progressTracker.found(new Finding(FindingCode.BLOB_MISSING, "sha256:" + blob, "\"it\" is missing"));
        }
        progressTracker.found(new Finding(FindingCode.TAG_DIFFERS, "team/app:1.0", "points elsewhere"));
        bench.clock.pass(Duration.ofSeconds(4));

        // When
        attempt.beat(progressTracker.read());

        // Then
        AttemptRecord read = bench.status().attempt().orElseThrow();
        assertEquals(progressTracker.read(), read.reading());
        assertEquals(Duration.ofSeconds(4), read.elapsed());
        assertTrue(
                bench.text("attempt-1").contains("\"rate\":{\"objectsPerSecond\":2.5,\"bytesPerSecond\":375.0}"),
                bench.text("attempt-1"));
    }

    @Test
    void findingsThatOnlyANewerProgramKnowsHinderNothing() {
        // Given
        progressTracker.found(new Finding(FindingCode.BLOB_MISSING, "a", "missing"));
        attempt.beat(progressTracker.read());
        bench.seed("attempt-1", bench.text("attempt-1").replace("BLOB_MISSING", "BLOB_HAUNTED"));

        // When
        ProgressTracker.Reading read = bench.status().attempt().orElseThrow().reading();

        // Then
        assertEquals(new ProgressTracker().read(), read);
    }

    @Test
    void theEndIsOnRecordInFull() {
        // Given
        bench.clock.pass(Duration.ofMinutes(5));

        // When
        attempt.finish(progressTracker.read(), OperationFixture.succeeded());

        // Then
        AttemptRecord read = bench.status().attempt().orElseThrow();
        assertEquals(Optional.of(bench.clock.instant()), read.ended());
        assertEquals(Optional.of(OperationFixture.summary()), read.summary());
        assertEquals(Optional.empty(), read.reason());
    }
}
