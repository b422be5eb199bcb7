package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.OperationHandler.Result;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OperationExecutionTest {
    private final OperationFixture bench = new OperationFixture();
    private final OperationRequest request = bench.restore();
    private final WorkerPools workerPools = new WorkerPools(1, 1);

    @AfterEach
    void close() {
        workerPools.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "INCOMPLETE"})
    void workThatIsDoneIsOnRecord(OperationState state) {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> {
            fence.require();
            progressTracker.done(3, 300);
            return new Result(state, OperationFixture.summary());
        });

        // When
        OperationState ended = execution.run(request.id(), "pod-1");

        // Then
        assertEquals(state, ended);
        AttemptRecord record = bench.status().attempt().orElseThrow();
        assertEquals(state, record.state());
        assertEquals("pod-1", record.runner());
        assertEquals(3, record.reading().objectsDone());
        assertEquals(Optional.of(OperationFixture.summary()), record.summary());
    }

    @ParameterizedTest
    @EnumSource(names = {"PENDING", "RUNNING", "FAILED", "CANCELLED", "LOST"})
    void workDoesNotEndAsItLikes(OperationState state) {
        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class, () -> new Result(state, JsonNodeFactory.instance.objectNode()));

        // Then
        assertEquals("Work ends as succeeded or incomplete, or throws; not as " + state.label(), refusal.getMessage());
    }

    @Test
    void workGetsWhatWasAskedFor() {
        // Given
        CompletableFuture<OperationRequest> got = new CompletableFuture<>();
        OperationExecution execution = executing((asked, fence, progressTracker) -> {
            got.complete(asked);
            return done();
        });

        // When
        execution.run(request.id(), "pod-1");

        // Then
        assertEquals(request, got.join());
    }

    @Test
    void aFailureIsOnRecordWithItsReasonAndWhatWasDoneBefore() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> {
            progressTracker.done(3, 300);
            progressTracker.found(new Finding(FindingCode.COULD_NOT_TELL, "a", "the store is down"));
            throw new IllegalStateException("the disk is full");
        });

        // When
        OperationState ended = execution.run(request.id(), "pod-1");

        // Then
        assertEquals(OperationState.FAILED, ended);
        OperationStatus status = bench.status();
        assertEquals(OperationState.FAILED, status.state());
        assertEquals(Optional.of("the disk is full"), status.reason());
        assertEquals(3, status.attempt().orElseThrow().reading().objectsDone());
        assertEquals(1, status.attempt().orElseThrow().reading().first().size());
    }

    @Test
    void theReasonIsTheCauseAndNotItsWrapping() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> {
            throw new CompletionException(new CompletionException(new IllegalStateException("the disk is full")));
        });

        // When
        execution.run(request.id(), "pod-1");

        // Then
        assertEquals(Optional.of("the disk is full"), bench.status().reason());
    }

    @Test
    void aFailureWithoutAMessageIsNamed() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> {
            throw new NullPointerException();
        });

        // When
        execution.run(request.id(), "pod-1");

        // Then
        assertEquals(
                Optional.of("java.lang.NullPointerException"), bench.status().reason());
    }

    @Test
    void whatIsMissingFromTheProgramIsAFailureToo() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> {
            throw new NoClassDefFoundError("dev/registrybackup/Gone");
        });

        // When
        OperationState ended = execution.run(request.id(), "pod-1");

        // Then
        assertEquals(OperationState.FAILED, ended);
        assertEquals(Optional.of("dev/registrybackup/Gone"), bench.status().reason());
    }

    @Test
    void aKindWithoutWorkIsAFailureOnRecord() {
        // Given
        OperationExecution execution = new OperationExecution(bench.operations, workerPools, bench.clock, Map.of());

        // When
        OperationState ended = execution.run(request.id(), "pod-1");

        // Then
        assertEquals(OperationState.FAILED, ended);
        assertEquals(
                Optional.of("This process cannot restore: it was built without"),
                bench.status().reason());
    }

    @Test
    void lifeIsShownWhileTheWorkGoesOn() throws Exception {
        // Given
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<OperationState> running = begin((asked, fence, progressTracker) -> {
            progressTracker.phase("copying");
            await(release);
            return done();
        });

        // When
        Awaitility.await()
                .until(() -> attempt()
                        .filter(attempt -> attempt.reading().phase().equals("copying"))
                        .isPresent());

        // Then
        assertEquals(OperationState.RUNNING, bench.state());
        release.countDown();
        assertEquals(OperationState.SUCCEEDED, running.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aSignOfLifeThatFailsIsNoEndOfTheWork() throws Exception {
        // Given
        CountDownLatch failed = new CountDownLatch(3);
        CompletableFuture<OperationState> running = begin((asked, fence, progressTracker) -> {
            bench.backup.before((operation, key) -> {
                if (operation == Operation.PUT && failed.getCount() > 0) {
                    failed.countDown();
                    throw new IllegalStateException("The store is down");
                }
            });
            await(failed);
            return done();
        });

        // When
        OperationState ended = running.get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(OperationState.SUCCEEDED, bench.state());
    }

    @Test
    void whatIsCancelledStopsAtItsNextWriteAndSaysSo() throws Exception {
        // Given
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<OperationState> running = begin((asked, fence, progressTracker) -> {
            begun.countDown();
            return untilStopped(fence);
        });
        await(begun);

        // When
        bench.operations.cancel(request.id(), "bob");

        // Then
        assertEquals(OperationState.CANCELLED, running.get(10, TimeUnit.SECONDS));
        assertEquals(OperationState.CANCELLED, bench.state());
        assertEquals(
                Optional.of("Cancelled by bob at 2026-03-04T05:06:07Z"),
                bench.status().reason());
        assertEquals(
                OperationState.CANCELLED, bench.status().attempt().orElseThrow().state());
    }

    @Test
    void whatIsCancelledIsSoWhateverItsWorkMakesOfThePermitsAnswer() throws Exception {
        // Given
        CompletableFuture<OperationState> running = begin((asked, fence, progressTracker) -> {
            bench.operations.cancel(asked.id(), "bob");
            try {
                return untilStopped(fence);
            } catch (FencedException e) {
                throw new IllegalStateException("3 objects could not be written", e);
            }
        });

        // When
        OperationState ended = running.get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(OperationState.CANCELLED, ended);
        assertEquals(OperationState.CANCELLED, bench.state());
    }

    @Test
    void whatIsReplacedStopsAndSaysNothing() throws Exception {
        // Given
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<OperationState> running = begin((asked, fence, progressTracker) -> {
            begun.countDown();
            return untilStopped(fence);
        });
        await(begun);

        // When
        bench.operations.begin(request, "pod-2");

        // Then
        assertEquals(OperationState.LOST, running.get(10, TimeUnit.SECONDS));
        assertEquals("pod-2", bench.status().attempt().orElseThrow().runner());
        assertTrue(bench.text("attempt-1").startsWith("{\"state\":\"running\""), bench.text("attempt-1"));
    }

    @Test
    void whatIsReplacedUnawaresSaysNothingEither() {
        // Given
        OperationExecution execution = new OperationExecution(
                bench.operations,
                workerPools,
                bench.clock,
                Map.of(OperationKind.RESTORE, (asked, fence, progressTracker) -> {
                    bench.operations.begin(asked, "pod-2");
                    return done();
                }));

        // When
        OperationState ended = execution.run(request.id(), "pod-1");

        // Then
        assertEquals(OperationState.LOST, ended);
        assertEquals(OperationState.RUNNING, bench.state());
    }

    @Test
    void whatWasCancelledBeforehandIsNotBegun() {
        // Given
        bench.operations.cancel(request.id(), "bob");
        OperationExecution execution = executing((asked, fence, progressTracker) -> done());

        // When
        OperationState ended = execution.run(request.id(), "pod-1");

        // Then
        assertEquals(OperationState.CANCELLED, ended);
        assertEquals(List.of("cancel", "request"), bench.names());
    }

    @Test
    void whatIsDoneIsNotDoneAgain() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> done());
        execution.run(request.id(), "pod-1");

        // When
        OperationState again = execution.run(request.id(), "pod-2");

        // Then
        assertEquals(OperationState.SUCCEEDED, again);
        assertEquals(List.of("attempt-1", "request"), bench.names());
    }

    @Test
    void anotherAttemptIsMadeAtWhatFailed() {
        // Given
        bench.operations
                .begin(request, "pod-1")
                .finish(new ProgressTracker().read(), OperationFixture.ending(OperationState.FAILED));
        OperationExecution execution = executing((asked, fence, progressTracker) -> done());

        // When
        OperationState ended = execution.run(request.id(), "pod-2");

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(2, bench.status().attempt().orElseThrow().number());
    }

    @Test
    void whatIsNotThereIsNotRun() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> done());
        bench.operations.withdraw(request);

        // When
        NoSuchOperationException refusal =
                assertThrows(NoSuchOperationException.class, () -> execution.run(request.id(), "pod-1"));

        // Then
        assertEquals(
                "There is no operation 20260304T050607Z-00000001 in backup: it was dropped after 90 days, or asked for"
                        + " with another backup bucket",
                refusal.getMessage());
        assertEquals(0, bench.bucket.versionCount(""));
    }

    @Test
    void withoutItsRecordsNothingIsBegun() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> done());
        bench.failOn(Operation.PUT);

        // When
        assertThrows(ObjectStoreException.class, () -> execution.run(request.id(), "pod-1"));

        // Then
        bench.mend();
        assertEquals(OperationState.PENDING, bench.state());
    }

    @Test
    void anEndThatCannotBeRecordedIsStillTheEnd() {
        // Given
        OperationExecution execution = executing((asked, fence, progressTracker) -> {
            bench.failOn(Operation.PUT);
            return done();
        });

        // When
        OperationState ended = execution.run(request.id(), "pod-1");

        // Then
        bench.mend();
        bench.clock.pass(StatusResolver.SILENCE);
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(OperationState.LOST, bench.state());
    }

    private OperationExecution executing(OperationHandler operationHandler) {
        return new OperationExecution(
                bench.operations,
                workerPools,
                bench.clock,
                Map.of(OperationKind.RESTORE, operationHandler),
                Duration.ofMillis(5));
    }

    private CompletableFuture<OperationState> begin(OperationHandler operationHandler) {
        OperationExecution execution = executing(operationHandler);
        CompletableFuture<OperationState> ended = new CompletableFuture<>();
        workerPools.operation(() -> ended.complete(execution.run(request.id(), "pod-1")));
        return ended;
    }

    private Optional<AttemptRecord> attempt() {
        return bench.status().attempt();
    }

    private static Result done() {
        return new Result(OperationState.SUCCEEDED, OperationFixture.summary());
    }

    /** As work that writes for ever would. */
    private static Result untilStopped(Fence fence) {
        while (!Thread.currentThread().isInterrupted()) {
            fence.require();
            Thread.onSpinWait();
        }
        throw new IllegalStateException("interrupted");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
