package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.OperationHandler.OperationResult;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class OperationExecutionTest {
    private final OperationFixture fixture = new OperationFixture();
    private final OperationRequest request = fixture.createRestore();

    @AutoClose
    private final WorkerPools workerPools = new WorkerPools(1, 1);

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "INCOMPLETE"})
    void workThatIsDoneIsOnRecord(OperationState state) {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> {
            assertEquals(request, asked);
            fence.check();
            progressTracker.addDone(3, 300);
            return new OperationResult(state, OperationFixture.summary());
        });

        // When
        OperationState ended = run(execution);

        // Then
        assertEquals(state, ended);
        RunRecord record = fixture.status().run().orElseThrow();
        assertEquals(state, record.state());
        assertEquals("pod-1", record.runner());
        assertEquals(3, record.progress().objectsDone());
        assertEquals(Optional.of(fixture.clock.instant()), record.finishedAt());
        assertEquals(Optional.of(OperationFixture.summary()), record.summary());
        assertEquals(Optional.empty(), record.reason());
    }

    @ParameterizedTest
    @EnumSource(names = {"PENDING", "FAILED", "CANCELLED", "LOST"})
    void workDoesNotEndAsItLikes(OperationState state) {
        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> new OperationResult(state, JsonNodeFactory.instance.objectNode()));

        // Then
        assertEquals(
                "A handler's result must be succeeded, incomplete or running, not " + state.label(),
                refusal.getMessage());
    }

    @Test
    void aFailureIsOnRecordWithItsReasonAndWhatWasDoneBefore() {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> {
            progressTracker.addDone(3, 300);
            progressTracker.addFinding(new Finding(FindingCode.UNDETERMINED, "a", "the store is down"));
            throw new IllegalStateException("the disk is full");
        });

        // When
        OperationState ended = run(execution);

        // Then
        assertEquals(OperationState.FAILED, ended);
        OperationStatus status = fixture.status();
        assertEquals(OperationState.FAILED, status.state());
        assertEquals(Optional.of("the disk is full"), status.reason());
        assertEquals(3, status.run().orElseThrow().progress().objectsDone());
        assertEquals(1, status.run().orElseThrow().progress().firstFindings().size());
    }

    static Stream<Arguments> reasons() {
        IllegalStateException full = new IllegalStateException("the disk is full");
        return Stream.of(
                Arguments.of(
                        "its cause and not its wrapping",
                        new CompletionException(new CompletionException(full)),
                        "the disk is full"),
                Arguments.of(
                        "its class where it has no message",
                        new NullPointerException(),
                        "java.lang.NullPointerException"),
                Arguments.of(
                        "an error of the JVM",
                        new NoClassDefFoundError("dev/registrybackup/Gone"),
                        "dev/registrybackup/Gone"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("reasons")
    void whateverIsThrownIsAFailureWithItsReason(String what, Throwable thrown, String reason) {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> {
            if (thrown instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) thrown;
        });

        // When
        OperationState ended = run(execution);

        // Then
        assertEquals(OperationState.FAILED, ended, what);
        assertEquals(Optional.of(reason), fixture.status().reason());
    }

    @Test
    void aKindWithoutWorkIsAFailureOnRecord() {
        // Given
        OperationExecution execution = fixture.execution(workerPools, Map.of());

        // When
        OperationState ended = run(execution);

        // Then
        assertEquals(OperationState.FAILED, ended);
        assertEquals(
                Optional.of("This process cannot restore: it has no handler for this kind of operation"),
                fixture.status().reason());
    }

    @Test
    void heartbeatsAreWrittenWhileTheWorkGoesOn() throws Exception {
        // Given
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<OperationState> running = start((asked, fence, progressTracker) -> {
            progressTracker.phase("copying");
            OperationFixture.await(release);
            return succeeded();
        });

        // When
        Awaitility.await()
                .until(() -> fixture.status()
                        .run()
                        .filter(run -> run.progress().phase().equals("copying"))
                        .isPresent());

        // Then
        assertEquals(OperationState.RUNNING, fixture.state());
        release.countDown();
        assertEquals(OperationState.SUCCEEDED, running.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aHeartbeatThatFailsIsNoEndOfTheWork() throws Exception {
        // Given
        CountDownLatch failed = new CountDownLatch(3);
        CompletableFuture<OperationState> running = start((asked, fence, progressTracker) -> {
            fixture.backup.beforeRequest((operation, key) -> {
                if (operation == Operation.PUT && failed.getCount() > 0) {
                    failed.countDown();
                    throw new IllegalStateException("The store is down");
                }
            });
            OperationFixture.await(failed);
            return succeeded();
        });

        // When
        OperationState ended = running.get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(OperationState.SUCCEEDED, fixture.state());
    }

    @Test
    void aCancelledOperationStopsAfterItsNextHeartbeatAndSaysSo() throws Exception {
        // Given
        CompletableFuture<OperationState> running = startRunningUntilStopped();

        // When
        fixture.service.cancel(request.id(), "bob");

        // Then
        assertEquals(OperationState.CANCELLED, running.get(10, TimeUnit.SECONDS));
        assertEquals(OperationState.CANCELLED, fixture.state());
        assertEquals(
                Optional.of("Cancelled by bob at 2026-03-04T05:06:07Z"),
                fixture.status().reason());
        assertEquals(
                OperationState.CANCELLED, fixture.status().run().orElseThrow().state());
    }

    @Test
    void aCancelledOperationIsCancelledHoweverItsWorkHandlesTheFence() throws Exception {
        // Given
        CompletableFuture<OperationState> running = start((asked, fence, progressTracker) -> {
            fixture.service.cancel(asked.id(), "bob");
            try {
                return runUntilStopped(fence);
            } catch (FencedException e) {
                throw new IllegalStateException("3 objects could not be written", e);
            }
        });

        // When
        OperationState ended = running.get(10, TimeUnit.SECONDS);

        // Then
        assertEquals(OperationState.CANCELLED, ended);
        assertEquals(OperationState.CANCELLED, fixture.state());
    }

    @Test
    void aReplacedRunStopsAndRecordsNothing() throws Exception {
        // Given
        CompletableFuture<OperationState> running = startRunningUntilStopped();

        // When
        OperationRun second = fixture.startRun(request, "pod-2");

        // Then
        assertEquals(OperationState.LOST, running.get(10, TimeUnit.SECONDS));
        assertEquals(OperationState.RUNNING, fixture.state());
        // The first may have sent a heartbeat after the second was on record and before that had the lock.
        second.heartbeat(new ProgressTracker().progress());
        assertEquals("pod-2", fixture.status().run().orElseThrow().runner());
    }

    @Test
    void aRunReplacedUnnoticedRecordsNothingEither() {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> {
            fixture.startRun(asked, "pod-2");
            return succeeded();
        });

        // When
        OperationState ended = run(execution);

        // Then
        assertEquals(OperationState.LOST, ended);
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @Test
    void anOperationCancelledBeforehandIsNotStarted() {
        // Given
        fixture.service.cancel(request.id(), "bob");
        OperationExecution execution = execution((asked, fence, progressTracker) -> succeeded());

        // When
        OperationState ended = run(execution);

        // Then
        assertEquals(OperationState.CANCELLED, ended);
        assertEquals(List.of("cancel", "request"), fixture.names());
    }

    @Test
    void aFinishedOperationIsNotRunAgain() {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> succeeded());
        run(execution);

        // When
        OperationState again = execution.run(request.id(), "pod-2", new ProgressTracker());

        // Then
        assertEquals(OperationState.SUCCEEDED, again);
        assertEquals(List.of("request", "run"), fixture.names());
    }

    @Test
    void aFailedOperationRunsAgainUnderTheSameId() {
        // Given
        fixture.startRun(request, "pod-1")
                .finish(new ProgressTracker().progress(), OperationFixture.outcome(OperationState.FAILED));
        OperationExecution execution = execution((asked, fence, progressTracker) -> succeeded());

        // When
        OperationState ended = execution.run(request.id(), "pod-2", new ProgressTracker());

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals("pod-2", fixture.status().run().orElseThrow().runner());
        assertEquals(List.of("request", "run"), fixture.names());
    }

    @Test
    void aPodThatKubernetesRestartsRunsTheSameOperationAtOnce() {
        // Given
        fixture.startRun(request, "killed");
        OperationExecution execution = execution((asked, fence, progressTracker) -> succeeded());

        // When
        OperationState ended = execution.run(request.id(), "restarted", new ProgressTracker());

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals("restarted", fixture.status().run().orElseThrow().runner());
        assertEquals(2, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void aMissingOperationIsNotRun() {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> succeeded());
        fixture.discard(request);

        // When
        NoSuchOperationException refusal = assertThrows(NoSuchOperationException.class, () -> run(execution));

        // Then
        assertEquals(
                "There is no operation 20260304T050607Z-00000001 in backup: it was deleted after 90 days, or requested"
                        + " with another backup bucket",
                refusal.getMessage());
        assertEquals(0, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void withoutItsRecordsNothingIsBegun() {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> succeeded());
        fixture.failOn(Operation.PUT);

        // When
        assertThrows(ObjectStoreException.class, () -> run(execution));

        // Then
        fixture.backup.heal();
        assertEquals(OperationState.PENDING, fixture.state());
    }

    @Test
    void anEndThatCannotBeRecordedIsStillTheEnd() {
        // Given
        OperationExecution execution = execution((asked, fence, progressTracker) -> {
            fixture.failOn(Operation.PUT);
            return succeeded();
        });

        // When
        OperationState ended = run(execution);

        // Then
        fixture.backup.heal();
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(OperationState.LOST, fixture.state());
    }

    private OperationExecution execution(OperationHandler operationHandler) {
        return fixture.execution(workerPools, Map.of(OperationKind.RESTORE, operationHandler));
    }

    private OperationState run(OperationExecution execution) {
        return execution.run(request.id(), "pod-1", new ProgressTracker());
    }

    private CompletableFuture<OperationState> start(OperationHandler operationHandler) {
        OperationExecution execution = execution(operationHandler);
        CompletableFuture<OperationState> ended = new CompletableFuture<>();
        workerPools.submitOperation(() -> ended.complete(run(execution)));
        return ended;
    }

    /** Returns once the work has begun. */
    private CompletableFuture<OperationState> startRunningUntilStopped() {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<OperationState> running = start((asked, fence, progressTracker) -> {
            begun.countDown();
            return runUntilStopped(fence);
        });
        OperationFixture.await(begun);
        return running;
    }

    private static OperationResult succeeded() {
        return new OperationResult(OperationState.SUCCEEDED, OperationFixture.summary());
    }

    /** As work that writes for ever would. */
    private static OperationResult runUntilStopped(Fence fence) {
        while (!Thread.currentThread().isInterrupted()) {
            fence.check();
            Thread.onSpinWait();
        }
        throw new IllegalStateException("interrupted");
    }
}
