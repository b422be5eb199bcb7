package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.OperationHandler.Result;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InProcessRunnerTest {
    private final OperationFixture bench = new OperationFixture();
    private final OperationRequest request = bench.restore();
    private final WorkerPools workerPools = new WorkerPools(1, 1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final OperationHandler untilReleased = (asked, fence, progressTracker) -> {
        await(release);
        return new Result(OperationState.SUCCEEDED, OperationFixture.summary());
    };
    private final InProcessRunner runner = new InProcessRunner(
            new OperationExecution(
                    bench.operations,
                    workerPools,
                    bench.clock,
                    Map.of(OperationKind.RESTORE, untilReleased, OperationKind.VERIFY, untilReleased)),
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
        untilGone(request);
        assertEquals(OperationState.SUCCEEDED, bench.state());
        assertEquals("pod-1", bench.status().attempt().orElseThrow().runner());
    }

    @Test
    void theSecondOfAKindAndSlotIsToldOfTheFirst() {
        // Given
        OperationRequest second = bench.restore();
        runner.start(request);

        // When
        ConflictException refusal = assertThrows(ConflictException.class, () -> runner.start(second));

        // Then
        assertEquals(request.id(), refusal.running());
        assertEquals(
                "Failed to start to restore registry: operation 20260304T050607Z-00000001 does so already. Wait for its"
                        + " end, or cancel it",
                refusal.getMessage());
        assertEquals(Liveness.Kind.GONE, runner.liveness(second).kind());
    }

    @Test
    void anOperationIsNotStartedTwice() {
        // Given
        runner.start(request);

        // When
        ConflictException refusal = assertThrows(ConflictException.class, () -> runner.start(request));

        // Then
        assertEquals(request.id(), refusal.running());
    }

    @Test
    void othersRunBesideIt() {
        // Given
        OperationRequest otherKind =
                bench.operations.create(OperationKind.VERIFY, "registry", OperationFixture.parameters(), "bob");
        OperationRequest otherSlot =
                bench.operations.create(OperationKind.RESTORE, "another", OperationFixture.parameters(), "bob");
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
    void theSlotIsFreeAfterTheEnd() {
        // Given
        runner.start(request);
        release.countDown();
        untilGone(request);

        // When
        OperationRequest second = bench.restore();

        // Then
        assertDoesNotThrow(() -> runner.start(second));
    }

    @Test
    void theSlotIsFreeAfterWhateverHappens() {
        // Given
        bench.failOn(Operation.OPEN);
        runner.start(request);
        untilGone(request);
        bench.mend();

        // When
        OperationRequest second = bench.restore();

        // Then
        assertDoesNotThrow(() -> runner.start(second));
        assertEquals(OperationState.PENDING, bench.state());
    }

    @Test
    void theSlotIsFreeThoughThereWasNoThreadForIt() {
        // Given
        workerPools.close();

        // When
        OperationNotStartedException failure =
                assertThrows(OperationNotStartedException.class, () -> runner.start(request));

        // Then
        assertEquals(
                "Failed to start operation 20260304T050607Z-00000001: this process is about to end. Ask again",
                failure.getMessage());
        assertEquals(Liveness.Kind.GONE, runner.liveness(request).kind());
    }

    @Test
    void whatThisProcessRunsIsNotLostHoweverSilent() {
        // Given
        runner.start(request);
        Awaitility.await().until(() -> bench.status().attempt().isPresent());
        bench.clock.pass(Duration.ofHours(1));

        // When
        OperationState here =
                bench.operations.status(request.id(), runner).orElseThrow().state();

        // Then
        assertEquals(OperationState.RUNNING, here);
    }

    @Test
    void whatThisProcessDoesNotRunIsLostWhenItIsSilent() {
        // Given
        bench.operations.begin(request, "a pod that is gone");
        bench.clock.pass(StatusResolver.SILENCE);

        // When
        OperationStatus status = bench.operations.status(request.id(), runner).orElseThrow();

        // Then
        assertEquals(OperationState.LOST, status.state());
        assertEquals(
                "No process has shown that it works on it for 120 s. Resume it",
                status.reason().orElseThrow());
    }

    private void untilGone(OperationRequest started) {
        Awaitility.await().until(() -> runner.liveness(started).kind() == Liveness.Kind.GONE);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
