package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AttemptTest {
    private static final Duration STOOD_STILL = Duration.ofMinutes(3);

    private final OperationBench bench = new OperationBench();
    private final OperationRequest request = bench.restore();
    private final Attempt attempt = bench.operations.begin(request, "pod-1");
    private final Meter meter = new Meter();

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
        attempt.beat(meter.read());
        bench.backup.forget();

        // When
        attempt.require();

        // Then
        assertEquals(List.of(), bench.backup.requests());
    }

    @Test
    void anAttemptThatStoodStillWritesNothingAfterANewerOneBegan() {
        // Given
        attempt.beat(meter.read());
        attempt.require();
        bench.clock.pass(STOOD_STILL);
        bench.operations.begin(bench.operations.requireResumable(request.id(), bench.runner), "pod-2");
        bench.backup.forget();

        // When
        NoLongerPermittedException stop = assertThrows(NoLongerPermittedException.class, attempt::require);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is carried on by attempt 2", stop.getMessage());
        assertEquals(OperationState.LOST, stop.became());
        assertThrows(NoLongerPermittedException.class, () -> attempt.beat(meter.read()));
        assertFalse(attempt.finish(meter.read(), OperationBench.succeeded()));
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
        attempt.beat(meter.read());

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
        NoLongerPermittedException stop = assertThrows(NoLongerPermittedException.class, attempt::require);

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
        attempt.beat(meter.read());
        bench.operations.begin(request, "pod-2");
        String before = bench.text("attempt-1");
        bench.clock.pass(OperationExecution.BEAT);

        // When
        assertThrows(NoLongerPermittedException.class, () -> attempt.beat(meter.read()));

        // Then
        assertThrows(NoLongerPermittedException.class, attempt::require);
        assertEquals(before, bench.text("attempt-1"));
    }

    @Test
    void anAttemptThatIsReplacedUnawaresDoesNotRecordItsEnd() {
        // Given
        attempt.require();
        bench.operations.begin(request, "pod-2");
        String before = bench.text("attempt-1");

        // When
        boolean recorded = attempt.finish(meter.read(), OperationBench.succeeded());

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
        NoLongerPermittedException stop = assertThrows(NoLongerPermittedException.class, attempt::require);

        // Then
        assertEquals(OperationState.LOST, stop.became());
    }

    @Test
    void anAttemptWhoseRecordIsAnothersStops() {
        // Given
        bench.seed("attempt-1", bench.text("attempt-1").replace("\"token\":\"00000002\"", "\"token\":\"ffffffff\""));
        bench.backup.forget();

        // When
        NoLongerPermittedException stop = assertThrows(NoLongerPermittedException.class, attempt::require);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 is another process's", stop.getMessage());
        assertFalse(attempt.finish(meter.read(), OperationBench.succeeded()));
        assertEquals(List.of(), bench.backup.written());
    }

    @Test
    void anAttemptWhoseRecordIsGoneStops() {
        // Given
        bench.bucket.remove(OperationBench.PREFIX + request.id() + "/attempt-1", Optional.empty());

        // When
        assertThrows(NoLongerPermittedException.class, attempt::require);

        // Then
        assertFalse(attempt.finish(meter.read(), OperationBench.succeeded()));
        assertEquals(List.of("request"), bench.names());
    }

    @Test
    void anAttemptAtADroppedOperationStopsAndLeavesNothing() {
        // Given
        bench.operations.withdraw(request);

        // When
        NoLongerPermittedException stop = assertThrows(NoLongerPermittedException.class, attempt::require);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is gone from backup: it was dropped", stop.getMessage());
        assertThrows(NoLongerPermittedException.class, () -> attempt.beat(meter.read()));
        assertFalse(attempt.finish(meter.read(), OperationBench.succeeded()));
        assertEquals(0, bench.bucket.versionCount(""));
    }

    @Test
    void anAttemptThatIsCancelledStopsAndRecordsThat() {
        // Given
        bench.operations.cancel(request.id(), "bob");

        // When
        NoLongerPermittedException stop = assertThrows(NoLongerPermittedException.class, attempt::require);

        // Then
        assertEquals("Cancelled by bob at 2026-03-04T05:06:07Z", stop.getMessage());
        assertEquals(OperationState.CANCELLED, stop.became());
        assertTrue(attempt.finish(meter.read(), OperationBench.ending(OperationState.CANCELLED)));
        assertEquals(OperationState.CANCELLED, bench.state());
    }

    @Test
    void anAttemptThatIsCancelledStopsAtItsNextSignOfLife() {
        // Given
        attempt.require();
        bench.operations.cancel(request.id(), "bob");

        // When
        assertThrows(NoLongerPermittedException.class, () -> attempt.beat(meter.read()));

        // Then
        assertThrows(NoLongerPermittedException.class, attempt::require);
    }

    @Test
    void anAttemptThatIsCancelledAndThenReplacedDoesNotRecordItsEnd() {
        // Given
        bench.operations.cancel(request.id(), "bob");
        assertThrows(NoLongerPermittedException.class, attempt::require);
        bench.bucket.seed(
                OperationBench.PREFIX + request.id() + "/attempt-2",
                bench.bucket.bytes(OperationBench.PREFIX + request.id() + "/attempt-1"));

        // When
        boolean recorded = attempt.finish(meter.read(), OperationBench.ending(OperationState.CANCELLED));

        // Then
        assertFalse(recorded);
    }

    @Test
    void whatWasDoneBeforeTheCancelWasSeenIsDone() {
        // Given
        bench.operations.cancel(request.id(), "bob");

        // When
        boolean recorded = attempt.finish(meter.read(), OperationBench.succeeded());

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
        assertThrows(ObjectStoreException.class, () -> attempt.beat(meter.read()));
        bench.mend();
        bench.clock.pass(Duration.ofMinutes(1));

        // When
        attempt.beat(meter.read());

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
            attempt.beat(meter.read());
        }
        attempt.finish(meter.read(), OperationBench.succeeded());

        // Then
        assertEquals(2, bench.bucket.versionCount(OperationBench.PREFIX));
    }

    @Test
    void eachObjectHasOneWriter() {
        // Given
        bench.backup.forget();

        // When
        attempt.beat(meter.read());
        Attempt second = bench.operations.begin(request, "pod-2");
        second.beat(meter.read());
        bench.operations.cancel(request.id(), "bob");
        attempt.finish(meter.read(), OperationBench.ending(OperationState.FAILED));
        second.finish(meter.read(), OperationBench.ending(OperationState.CANCELLED));

        // Then
        String folder = OperationBench.PREFIX + request.id() + "/";
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
        attempt.finish(meter.read(), OperationBench.ending(OperationState.FAILED));
        String ended = bench.text("attempt-1");

        // When
        NoLongerPermittedException stop = assertThrows(NoLongerPermittedException.class, attempt::require);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 has ended", stop.getMessage());
        assertThrows(NoLongerPermittedException.class, () -> attempt.beat(meter.read()));
        assertFalse(attempt.finish(meter.read(), OperationBench.succeeded()));
        assertEquals(ended, bench.text("attempt-1"));
    }

    @Test
    void anAttemptWhoseEndCouldNotBeRecordedPermitsNothingMore() {
        // Given
        attempt.require();
        bench.failOn(Operation.PUT);

        // When
        assertThrows(ObjectStoreException.class, () -> attempt.finish(meter.read(), OperationBench.succeeded()));

        // Then
        bench.mend();
        assertThrows(NoLongerPermittedException.class, attempt::require);
    }

    @Test
    void howFarItIsIsOnRecordAndReadAsItWasWritten() {
        // Given
        meter.phase("copying");
        meter.expect(40, 4_000);
        meter.done(10, 1_500);
        for (int blob = 0; blob < 150; blob++) {
            meter.found(new Finding(FindingCode.BLOB_MISSING, "sha256:" + blob, "\"it\" is missing"));
        }
        meter.found(new Finding(FindingCode.TAG_DIFFERS, "team/app:1.0", "points elsewhere"));
        bench.clock.pass(Duration.ofSeconds(4));

        // When
        attempt.beat(meter.read());

        // Then
        AttemptRecord read = bench.status().attempt().orElseThrow();
        assertEquals(meter.read(), read.reading());
        assertEquals(Duration.ofSeconds(4), read.elapsed());
        assertTrue(
                bench.text("attempt-1").contains("\"rate\":{\"objectsPerSecond\":2.5,\"bytesPerSecond\":375.0}"),
                bench.text("attempt-1"));
    }

    @Test
    void findingsThatOnlyANewerProgramKnowsHinderNothing() {
        // Given
        meter.found(new Finding(FindingCode.BLOB_MISSING, "a", "missing"));
        attempt.beat(meter.read());
        bench.seed("attempt-1", bench.text("attempt-1").replace("BLOB_MISSING", "BLOB_HAUNTED"));

        // When
        Meter.Reading read = bench.status().attempt().orElseThrow().reading();

        // Then
        assertEquals(new Meter().read(), read);
    }

    @Test
    void theEndIsOnRecordInFull() {
        // Given
        bench.clock.pass(Duration.ofMinutes(5));

        // When
        attempt.finish(meter.read(), OperationBench.succeeded());

        // Then
        AttemptRecord read = bench.status().attempt().orElseThrow();
        assertEquals(Optional.of(bench.clock.instant()), read.ended());
        assertEquals(Optional.of(OperationBench.summary()), read.summary());
        assertEquals(Optional.empty(), read.reason());
    }
}
