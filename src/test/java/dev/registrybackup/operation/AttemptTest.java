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
    private static final Duration PAUSE = Duration.ofMinutes(3);

    private final OperationFixture fixture = new OperationFixture();
    private final OperationRequest request = fixture.createRestore();
    private final Attempt attempt = fixture.operations.startAttempt(request, "pod-1");
    private final ProgressTracker progressTracker = new ProgressTracker();

    @Test
    void anAttemptMayWrite() {
        assertDoesNotThrow(attempt::check);
    }

    @Test
    void theBucketIsAskedBeforeTheFirstWriteAndThenNotAgainForTwentySeconds() {
        // Given
        fixture.backup.clearRequests();
        attempt.check();
        int first = fixture.backup.requests().size();
        fixture.clock.advance(Duration.ofSeconds(19));

        // When
        for (int write = 0; write < 1_000; write++) {
            attempt.check();
        }

        // Then
        assertEquals(2, first);
        assertEquals(first, fixture.backup.requests().size());
    }

    @Test
    void theBucketIsAskedAgainAfterTwentySeconds() {
        // Given
        attempt.check();
        fixture.backup.clearRequests();
        fixture.clock.advance(Attempt.FENCE_TTL);

        // When
        attempt.check();

        // Then
        assertEquals(2, fixture.backup.requests().size());
    }

    @Test
    void theBucketIsAskedAgainWhereTheClockWasSetBack() {
        // Given
        attempt.check();
        fixture.backup.clearRequests();
        fixture.clock.advance(Duration.ofHours(-1));

        // When
        attempt.check();

        // Then
        assertEquals(2, fixture.backup.requests().size());
    }

    @Test
    void aHeartbeatCountsAsACheck() {
        // Given
        attempt.heartbeat(progressTracker.progress());
        fixture.backup.clearRequests();

        // When
        attempt.check();

        // Then
        assertEquals(List.of(), fixture.backup.requests());
    }

    @Test
    void anAttemptThatWasPausedWritesNothingAfterANewerOneBegan() {
        // Given
        attempt.heartbeat(progressTracker.progress());
        attempt.check();
        fixture.clock.advance(PAUSE);
        fixture.operations.startAttempt(fixture.operations.requireResumable(request.id(), fixture.runner), "pod-2");
        fixture.backup.clearRequests();

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::check);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is carried on by attempt 2", stop.getMessage());
        assertEquals(OperationState.LOST, stop.state());
        assertThrows(FencedException.class, () -> attempt.heartbeat(progressTracker.progress()));
        assertFalse(attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));
        assertEquals(List.of(), fixture.backup.writtenKeys());
        assertEquals("pod-2", fixture.status().attempt().orElseThrow().runner());
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @Test
    void anAttemptThatWasPausedAndWasNotReplacedGoesOn() {
        // Given
        attempt.check();
        fixture.clock.advance(PAUSE);
        OperationState meanwhile = fixture.state();

        // When
        attempt.check();
        attempt.heartbeat(progressTracker.progress());

        // Then
        assertEquals(OperationState.LOST, meanwhile);
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @Test
    void anAttemptThatWasPausedWhileItCheckedChecksAgain() {
        // Given
        fixture.backup.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN) {
                fixture.clearFailures();
                fixture.clock.advance(PAUSE);
                fixture.operations.startAttempt(request, "pod-2");
            }
        });

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::check);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is carried on by attempt 2", stop.getMessage());
    }

    @Test
    void aBucketThatTakesTooLongToAnswerAllowsNothing() {
        // Given
        fixture.backup.beforeRequest((operation, key) -> fixture.clock.advance(Attempt.FENCE_TTL));

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, attempt::check);

        // Then
        assertEquals(
                "Failed to tell whether operation 20260304T050607Z-00000001 may go on: backup took more than 20 s to"
                        + " answer",
                failure.getMessage());
    }

    @Test
    void anAttemptThatIsReplacedStopsAtItsNextHeartbeatAndShowsNone() {
        // Given
        attempt.heartbeat(progressTracker.progress());
        fixture.operations.startAttempt(request, "pod-2");
        String before = fixture.text("attempt-1");
        fixture.clock.advance(OperationExecution.HEARTBEAT_INTERVAL);

        // When
        assertThrows(FencedException.class, () -> attempt.heartbeat(progressTracker.progress()));

        // Then
        assertThrows(FencedException.class, attempt::check);
        assertEquals(before, fixture.text("attempt-1"));
    }

    @Test
    void anAttemptThatIsReplacedUnnoticedDoesNotRecordItsEnd() {
        // Given
        attempt.check();
        fixture.operations.startAttempt(request, "pod-2");
        String before = fixture.text("attempt-1");

        // When
        boolean recorded = attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome());

        // Then
        assertFalse(recorded);
        assertEquals(before, fixture.text("attempt-1"));
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @Test
    void anAttemptThatIsReplacedAndCancelledTooIsReplaced() {
        // Given
        fixture.operations.startAttempt(request, "pod-2");
        fixture.operations.cancel(request.id(), "bob");

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::check);

        // Then
        assertEquals(OperationState.LOST, stop.state());
    }

    @Test
    void anAttemptWhoseRecordIsAnothersStops() {
        // Given
        fixture.seed(
                "attempt-1", fixture.text("attempt-1").replace("\"token\":\"00000002\"", "\"token\":\"ffffffff\""));
        fixture.backup.clearRequests();

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::check);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 is another process's", stop.getMessage());
        assertFalse(attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));
        assertEquals(List.of(), fixture.backup.writtenKeys());
    }

    @Test
    void anAttemptWhoseRecordIsGoneStops() {
        // Given
        fixture.bucket.delete(OperationFixture.PREFIX + request.id() + "/attempt-1", Optional.empty());

        // When
        assertThrows(FencedException.class, attempt::check);

        // Then
        assertFalse(attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));
        assertEquals(List.of("request"), fixture.names());
    }

    @Test
    void anAttemptAtADeletedOperationStopsAndLeavesNothing() {
        // Given
        fixture.operations.discard(request);

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::check);

        // Then
        assertEquals("Operation 20260304T050607Z-00000001 is gone from backup: it was dropped", stop.getMessage());
        assertThrows(FencedException.class, () -> attempt.heartbeat(progressTracker.progress()));
        assertFalse(attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));
        assertEquals(0, fixture.bucket.versionCount(""));
    }

    @Test
    void anAttemptThatIsCancelledStopsAndRecordsThat() {
        // Given
        fixture.operations.cancel(request.id(), "bob");

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::check);

        // Then
        assertEquals("Cancelled by bob at 2026-03-04T05:06:07Z", stop.getMessage());
        assertEquals(OperationState.CANCELLED, stop.state());
        assertTrue(attempt.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.CANCELLED)));
        assertEquals(OperationState.CANCELLED, fixture.state());
    }

    @Test
    void anAttemptThatIsCancelledStopsAtItsNextHeartbeat() {
        // Given
        attempt.check();
        fixture.operations.cancel(request.id(), "bob");

        // When
        assertThrows(FencedException.class, () -> attempt.heartbeat(progressTracker.progress()));

        // Then
        assertThrows(FencedException.class, attempt::check);
    }

    @Test
    void anAttemptThatIsCancelledAndThenReplacedDoesNotRecordItsEnd() {
        // Given
        fixture.operations.cancel(request.id(), "bob");
        assertThrows(FencedException.class, attempt::check);
        fixture.bucket.seed(
                OperationFixture.PREFIX + request.id() + "/attempt-2",
                fixture.bucket.bytes(OperationFixture.PREFIX + request.id() + "/attempt-1"));

        // When
        boolean recorded =
                attempt.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.CANCELLED));

        // Then
        assertFalse(recorded);
    }

    @Test
    void whatWasDoneBeforeTheCancelWasSeenIsDone() {
        // Given
        fixture.operations.cancel(request.id(), "bob");

        // When
        boolean recorded = attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome());

        // Then
        assertTrue(recorded);
        assertEquals(OperationState.SUCCEEDED, fixture.state());
    }

    @ParameterizedTest
    @EnumSource(names = {"LIST", "OPEN"})
    void whoeverCannotAskMayNotWrite(Operation failing) {
        // Given
        attempt.check();
        fixture.clock.advance(PAUSE);
        fixture.failOn(failing);

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, attempt::check);

        // Then
        assertEquals("The store is down", failure.getMessage());
        fixture.clearFailures();
        assertDoesNotThrow(attempt::check);
    }

    @Test
    void aHeartbeatThatCannotBeWrittenIsAFailureAndTheAttemptGoesOn() {
        // Given
        fixture.failOn(Operation.PUT);
        assertThrows(ObjectStoreException.class, () -> attempt.heartbeat(progressTracker.progress()));
        fixture.clearFailures();
        fixture.clock.advance(Duration.ofMinutes(1));

        // When
        attempt.heartbeat(progressTracker.progress());

        // Then
        assertEquals(
                fixture.clock.instant(),
                fixture.status().attempt().orElseThrow().heartbeatAt());
        assertDoesNotThrow(attempt::check);
    }

    @Test
    void heartbeatsLeaveOneVersionHoweverManyThereAre() {
        // When
        for (int beat = 0; beat < 10; beat++) {
            fixture.clock.advance(OperationExecution.HEARTBEAT_INTERVAL);
            attempt.heartbeat(progressTracker.progress());
        }
        attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome());

        // Then
        assertEquals(2, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void eachObjectHasOneWriter() {
        // Given
        fixture.backup.clearRequests();

        // When
        attempt.heartbeat(progressTracker.progress());
        Attempt second = fixture.operations.startAttempt(request, "pod-2");
        second.heartbeat(progressTracker.progress());
        fixture.operations.cancel(request.id(), "bob");
        attempt.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.FAILED));
        second.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.CANCELLED));

        // Then
        String folder = OperationFixture.PREFIX + request.id() + "/";
        assertEquals(
                List.of("attempt-1", "attempt-2", "attempt-2", "cancel", "attempt-2"),
                fixture.backup.writtenKeys().stream()
                        .map(key -> key.substring(folder.length()))
                        .toList());
    }

    @Test
    void anAttemptThatHasEndedAllowsAndWritesNothingMore() {
        // Given
        attempt.check();
        attempt.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.FAILED));
        String ended = fixture.text("attempt-1");

        // When
        FencedException stop = assertThrows(FencedException.class, attempt::check);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 has ended", stop.getMessage());
        assertThrows(FencedException.class, () -> attempt.heartbeat(progressTracker.progress()));
        assertFalse(attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));
        assertEquals(ended, fixture.text("attempt-1"));
    }

    @Test
    void anAttemptWhoseEndCouldNotBeRecordedAllowsNothingMore() {
        // Given
        attempt.check();
        fixture.failOn(Operation.PUT);

        // When
        assertThrows(
                ObjectStoreException.class,
                () -> attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));

        // Then
        fixture.clearFailures();
        assertThrows(FencedException.class, attempt::check);
    }

    @Test
    void howFarItIsIsOnRecordAndReadAsItWasWritten() {
        // Given
        progressTracker.phase("copying");
        progressTracker.addExpected(40, 4_000);
        progressTracker.addDone(10, 1_500);
        for (int blob = 0; blob < 150; blob++) {
            progressTracker.addFinding(new Finding(FindingCode.BLOB_MISSING, "sha256:" + blob, "\"it\" is missing"));
        }
        progressTracker.addFinding(new Finding(FindingCode.TAG_DIFFERS, "team/app:1.0", "points elsewhere"));
        fixture.clock.advance(Duration.ofSeconds(4));

        // When
        attempt.heartbeat(progressTracker.progress());

        // Then
        AttemptRecord read = fixture.status().attempt().orElseThrow();
        assertEquals(progressTracker.progress(), read.progress());
        assertEquals(Duration.ofSeconds(4), read.elapsed());
        assertTrue(
                fixture.text("attempt-1").contains("\"rate\":{\"objectsPerSecond\":2.5,\"bytesPerSecond\":375.0}"),
                fixture.text("attempt-1"));
    }

    @Test
    void findingsWithUnknownCodesAreIgnored() {
        // Given
        progressTracker.addFinding(new Finding(FindingCode.BLOB_MISSING, "a", "missing"));
        attempt.heartbeat(progressTracker.progress());
        fixture.seed("attempt-1", fixture.text("attempt-1").replace("BLOB_MISSING", "BLOB_HAUNTED"));

        // When
        ProgressTracker.Progress read = fixture.status().attempt().orElseThrow().progress();

        // Then
        assertEquals(new ProgressTracker().progress(), read);
    }

    @Test
    void theEndIsOnRecordInFull() {
        // Given
        fixture.clock.advance(Duration.ofMinutes(5));

        // When
        attempt.finish(progressTracker.progress(), OperationFixture.succeededOutcome());

        // Then
        AttemptRecord read = fixture.status().attempt().orElseThrow();
        assertEquals(Optional.of(fixture.clock.instant()), read.finishedAt());
        assertEquals(Optional.of(OperationFixture.summary()), read.summary());
        assertEquals(Optional.empty(), read.reason());
    }
}
