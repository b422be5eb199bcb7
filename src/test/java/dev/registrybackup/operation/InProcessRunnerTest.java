package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.OperationHandler.OperationResult;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InProcessRunnerTest {
    private final OperationFixture fixture = new OperationFixture();
    private final OperationRequest request = fixture.createRestore();
    private final WorkerPools workerPools = new WorkerPools(1, 1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final OperationHandler blockingHandler = (asked, fence, progressTracker) -> {
        OperationFixture.await(release);
        return new OperationResult(OperationState.SUCCEEDED, OperationFixture.summary());
    };
    private final InProcessRunner runner = new InProcessRunner(
            fixture.execution(
                    workerPools, Map.of(OperationKind.RESTORE, blockingHandler, OperationKind.VERIFY, blockingHandler)),
            workerPools,
            "pod-1");

    @AfterEach
    void close() {
        release.countDown();
        workerPools.close();
    }

    @Test
    void anOperationRunsAfterWhoeverAskedIsAnswered() {
        // When
        runner.start(request);
        release.countDown();

        // Then
        awaitDead(request);
        assertEquals(OperationState.SUCCEEDED, fixture.state());
        assertEquals("pod-1", fixture.status().run().orElseThrow().runner());
    }

    @Test
    void othersRunBesideIt() {
        // Given
        OperationRequest otherKind =
                fixture.service.create(OperationKind.VERIFY, "registry", OperationFixture.parameters(), "bob");
        OperationRequest otherSlot = fixture.createRestore("another");
        runner.start(request);

        // When
        runner.start(otherKind);
        runner.start(otherSlot);

        // Then
        assertEquals(Liveness.RUNNING, runner.liveness(request));
        assertEquals(Liveness.RUNNING, runner.liveness(otherKind));
        assertEquals(Liveness.RUNNING, runner.liveness(otherSlot));
    }

    @Test
    void anOperationThatCouldNotStartIsNotRunning() {
        // Given
        fixture.failOn(Operation.OPEN);

        // When
        runner.start(request);

        // Then
        awaitDead(request);
        fixture.backup.heal();
        assertEquals(OperationState.PENDING, fixture.state());
    }

    @Test
    void withoutAThreadNothingIsStarted() {
        // Given
        workerPools.close();

        // When
        OperationNotStartedException failure =
                assertThrows(OperationNotStartedException.class, () -> runner.start(request));

        // Then
        assertEquals(
                "Failed to start operation 20260304T050607Z-00000001: this process is stopping. Retry",
                failure.getMessage());
        assertEquals(Liveness.Kind.DEAD, runner.liveness(request).kind());
    }

    @Test
    void anOperationOfThisProcessIsNotLostHoweverOldItsHeartbeat() {
        // Given
        runner.start(request);
        Awaitility.await().until(() -> fixture.status().run().isPresent());
        fixture.clock.advance(Duration.ofHours(1));

        // When
        OperationState here = statusHere().state();

        // Then
        assertEquals(OperationState.RUNNING, here);
    }

    @Test
    void anOperationOfAnotherProcessIsLostAfterTheHeartbeatTimeout() {
        // Given
        fixture.startRun(request, "a pod that is gone");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        OperationStatus status = statusHere();

        // Then
        assertEquals(OperationState.LOST, status.state());
        assertEquals(
                "No process has sent a heartbeat for 120 s. Submit the same request again",
                status.reason().orElseThrow());
    }

    private OperationStatus statusHere() {
        return new OperationService(fixture.backup, runner, fixture.clock, () -> "0000000a")
                .status(request.id())
                .orElseThrow();
    }

    private void awaitDead(OperationRequest started) {
        Awaitility.await().until(() -> runner.liveness(started).kind() == Liveness.Kind.DEAD);
    }
}
