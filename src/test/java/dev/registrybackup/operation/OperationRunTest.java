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

class OperationRunTest {
    private final OperationFixture fixture = new OperationFixture();
    private final OperationRequest request = fixture.createRestore();
    private final OperationRun run = fixture.startRun(request, "pod-1");
    private final ProgressTracker progressTracker = new ProgressTracker();

    private void heartbeat() {
        run.heartbeat(progressTracker.progress());
    }

    @Test
    void workIsNotHeldUpByTheBucket() {
        // Given
        fixture.backup.clearRequests();

        // When
        for (int write = 0; write < 1_000; write++) {
            run.check();
        }

        // Then
        assertEquals(List.of(), fixture.backup.requests());
    }

    @Test
    void aHeartbeatAsksForTheOperationAndTheLockAndReplacesTheRecord() {
        // Given
        fixture.backup.clearRequests();

        // When
        heartbeat();

        // Then
        assertEquals(
                List.of(Operation.LIST, Operation.OPEN, Operation.PUT, Operation.DELETE),
                fixture.backup.requests().stream().map(sent -> sent.operation()).toList());
    }

    @Test
    void aRunThatIsCancelledNoticesWithinFifteenSeconds() {
        // Given
        heartbeat();
        fixture.service.cancel(request.id(), "bob");
        fixture.clock.advance(OperationExecution.HEARTBEAT_INTERVAL);

        // When
        heartbeat();

        // Then
        FencedException stop = assertThrows(FencedException.class, run::check);
        assertEquals("Cancelled by bob at 2026-03-04T05:06:07Z", stop.getMessage());
        assertTrue(OperationExecution.HEARTBEAT_INTERVAL.compareTo(Duration.ofSeconds(15)) < 0);
        assertTrue(run.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.CANCELLED)));
        assertEquals(OperationState.CANCELLED, fixture.state());
    }

    @Test
    void aRunThatStoodStillAndWasReplacedNoticesWithinFifteenSecondsAndRecordsNothing() {
        // Given
        heartbeat();
        fixture.clock.advance(Duration.ofMinutes(3));
        fixture.startRun(request, "pod-2");
        fixture.backup.clearRequests();
        fixture.clock.advance(OperationExecution.HEARTBEAT_INTERVAL);

        // When
        heartbeat();

        // Then
        FencedException stop = assertThrows(FencedException.class, run::check);
        assertEquals("Another process runs operation 20260304T050607Z-00000001 now", stop.getMessage());
        assertFalse(run.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));
        assertEquals(List.of(), fixture.backup.writtenKeys());
        assertEquals("pod-2", fixture.status().run().orElseThrow().runner());
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @Test
    void aRunThatStoodStillAndWasNotReplacedGoesOn() {
        // Given
        fixture.clock.advance(Duration.ofMinutes(3));
        OperationState meanwhile = fixture.state();

        // When
        heartbeat();

        // Then
        assertDoesNotThrow(run::check);
        assertEquals(OperationState.LOST, meanwhile);
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @Test
    void oneOfTwoProcessesWithTheSameOperationContinuesInAnyOrderOfHeartbeats() {
        // Given
        OperationRun second = fixture.startRun(request, "pod-2");

        // When
        second.heartbeat(progressTracker.progress());
        heartbeat();
        second.heartbeat(progressTracker.progress());

        // Then
        assertThrows(FencedException.class, run::check);
        assertDoesNotThrow(second::check);
    }

    @Test
    void aRunThatIsReplacedAndCancelledTooIsReplaced() {
        // Given
        fixture.startRun(request, "pod-2");
        fixture.service.cancel(request.id(), "bob");

        // When
        heartbeat();

        // Then
        assertEquals(Optional.of(OperationState.LOST), run.stopReason().map(OperationRun.StopReason::state));
    }

    @Test
    void aRunOfADroppedOperationStopsAndLeavesNothing() {
        // Given
        fixture.discard(request);

        // When
        heartbeat();

        // Then
        FencedException stop = assertThrows(FencedException.class, run::check);
        assertEquals("Operation 20260304T050607Z-00000001 is missing from backup: it was deleted", stop.getMessage());
        assertFalse(run.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));
        assertEquals(List.of(), fixture.names());
    }

    @Test
    void anOperationFinishedBeforeItsCancelWasSeenSucceeds() {
        // Given
        fixture.service.cancel(request.id(), "bob");

        // When
        boolean recorded = run.finish(progressTracker.progress(), OperationFixture.succeededOutcome());

        // Then
        assertTrue(recorded);
        assertEquals(OperationState.SUCCEEDED, fixture.state());
    }

    @ParameterizedTest
    @EnumSource(names = {"LIST", "OPEN", "PUT"})
    void aHeartbeatThatFailsStopsNothingAndTheNextOneTriesAgain(Operation failing) {
        // Given
        fixture.failOn(failing);
        assertThrows(ObjectStoreException.class, this::heartbeat);
        fixture.backup.heal();
        fixture.clock.advance(Duration.ofMinutes(1));

        // When
        heartbeat();

        // Then
        assertDoesNotThrow(run::check);
        assertEquals(
                fixture.clock.instant(), fixture.status().run().orElseThrow().heartbeatAt());
    }

    @Test
    void heartbeatsLeaveOneVersionHoweverManyThereAre() {
        // When
        for (int beat = 0; beat < 10; beat++) {
            fixture.clock.advance(OperationExecution.HEARTBEAT_INTERVAL);
            heartbeat();
        }
        run.finish(progressTracker.progress(), OperationFixture.succeededOutcome());

        // Then
        assertEquals(2, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void aRunThatHasEndedAllowsAndWritesNothingMore() {
        // Given
        run.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.FAILED));
        String ended = fixture.text("run");

        // When
        heartbeat();

        // Then
        FencedException stop = assertThrows(FencedException.class, run::check);
        assertEquals("This run of operation 20260304T050607Z-00000001 has ended", stop.getMessage());
        assertEquals(ended, fixture.text("run"));
    }

    @Test
    void aRunWhoseEndCouldNotBeRecordedAllowsNothingMore() {
        // Given
        fixture.failOn(Operation.PUT);

        // When
        assertThrows(
                ObjectStoreException.class,
                () -> run.finish(progressTracker.progress(), OperationFixture.succeededOutcome()));

        // Then
        fixture.backup.heal();
        assertThrows(FencedException.class, run::check);
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
        run.heartbeat(progressTracker.progress());

        // Then
        RunRecord read = fixture.status().run().orElseThrow();
        assertEquals(progressTracker.progress(), read.progress());
        assertEquals(Duration.ofSeconds(4), read.elapsed());
        assertTrue(
                fixture.text("run").contains("\"rate\":{\"objectsPerSecond\":2.5,\"bytesPerSecond\":375.0}"),
                fixture.text("run"));
    }

    @Test
    void findingsWithUnknownCodesAreIgnored() {
        // Given
        progressTracker.addFinding(new Finding(FindingCode.BLOB_MISSING, "a", "missing"));
        run.heartbeat(progressTracker.progress());
        fixture.seed("run", fixture.text("run").replace("BLOB_MISSING", "BLOB_HAUNTED"));

        // When
        ProgressTracker.Progress read = fixture.status().run().orElseThrow().progress();

        // Then
        assertEquals(new ProgressTracker().progress(), read);
    }
}
