package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.OperationHandler.OperationResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two that reconcile, in processes of which none knows the other's runner. */
class OperationLockTest {
    private final OperationFixture bench = new OperationFixture();
    private final Operations operations = bench.operations;
    private final WorkerPools workerPools = new WorkerPools(1, 1);

    @AfterEach
    void close() {
        workerPools.close();
    }

    private static OperationRequest reconcile(Operations of) {
        return of.create(OperationKind.RECONCILE, "backup", JsonNodeFactory.instance.objectNode(), "alice");
    }

    private static OperationResult done() {
        return new OperationResult(OperationState.SUCCEEDED, OperationFixture.summary());
    }

    private OperationState run(OperationRequest request, OperationHandler operationHandler) {
        return new OperationExecution(operations, workerPools, bench.clock, Map.of(request.kind(), operationHandler))
                .run(request.id(), "pod");
    }

    private AttemptRecord attempt(OperationRequest request) {
        return operations
                .status(request.id(), bench.runner)
                .flatMap(OperationStatus::attempt)
                .orElseThrow();
    }

    @Test
    void aSecondIsRefusedAndForgottenWhileTheFirstIsAtWork() {
        // Given
        OperationRequest first = reconcile(operations);

        // When
        OperationState ended = run(first, (asked, fence, progressTracker) -> {
            bench.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT.minusSeconds(1));
            ConflictException refusal = assertThrows(ConflictException.class, () -> reconcile(operations));
            assertEquals(first.id(), refusal.running());
            assertEquals(
                    "Failed to start to reconcile backup: operation 20260304T050607Z-00000001 does so already. Wait for its end,"
                            + " or cancel it",
                    refusal.getMessage());
            fence.check();
            return done();
        });

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(List.of("attempt-1", "request"), bench.names());
        assertEquals(2, bench.bucket.keys(OperationFixture.PREFIX).size());
    }

    @Test
    void ofTwoThatWereAskedForAtOnceTheSecondFailsAndNamesTheFirst() {
        // Given
        OperationRequest first = reconcile(operations);
        OperationRequest second = reconcile(operations);

        // When
        OperationState ended = run(first, (asked, fence, progressTracker) -> {
            run(second, (other, its, own) -> {
                throw new IllegalStateException("both are at work");
            });
            fence.check();
            return done();
        });

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(OperationState.FAILED, attempt(second).state());
        assertEquals(
                Optional.of(
                        "Failed to start to reconcile backup: operation 20260304T050607Z-00000001 does so already. Wait for its end,"
                                + " or cancel it"),
                attempt(second).reason());
    }

    @Test
    void afterItsEndTheNextOneBegins() {
        // Given
        run(reconcile(operations), (asked, fence, progressTracker) -> done());
        OperationRequest second = reconcile(operations);

        // When
        OperationState ended = run(second, (asked, fence, progressTracker) -> {
            fence.check();
            return done();
        });

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(1, bench.bucket.versionCount(OperationLock.KEY));
    }

    @Test
    void whatHasShownNoLifeForTwoMinutesMakesWayAndStopsBeforeItsNextWrite() {
        // Given
        Attempt first = operations.startAttempt(reconcile(operations), "pod-1");
        first.takeSlot();
        bench.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        OperationState ended = run(reconcile(operations), (asked, fence, progressTracker) -> done());

        // When
        FencedException stop = assertThrows(FencedException.class, first::check);

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertEquals(OperationState.FAILED, stop.state());
        assertEquals(
                "Another operation began to reconcile, since 20260304T050607Z-00000001 had shown no life for 120 s",
                stop.getMessage());
    }

    @Test
    void aNewAttemptAtTheSameOperationNeedsNoWait() {
        // Given
        OperationRequest first = reconcile(operations);
        operations.startAttempt(first, "killed").takeSlot();

        // When
        OperationState ended = run(first, (asked, fence, progressTracker) -> done());

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
    }

    @Test
    void aProcessWhoseClockIsAheadTakesNobodyForDead() {
        // Given
        operations.startAttempt(reconcile(operations), "pod-1").takeSlot();
        SettableClock ahead = new SettableClock();
        ahead.advance(Duration.ofHours(1));
        Operations elsewhere = new Operations(bench.backup, ahead, () -> "0000000b");

        // When
        ConflictException refusal = assertThrows(ConflictException.class, () -> reconcile(elsewhere));

        // Then
        assertEquals(OperationFixture.FIRST_ID, refusal.running());
    }

    @Test
    void whatCannotBeToldIsRefusedAndForgotten() {
        // Given
        bench.failOn(Operation.OPEN);

        // When
        assertThrows(RuntimeException.class, () -> reconcile(operations));

        // Then
        assertEquals(List.of(), bench.bucket.keys(OperationFixture.PREFIX));
    }

    @Test
    void ofTwoThatFindItFreeAtOnceTheSecondToWriteIsRefused() {
        // Given
        Attempt first = operations.startAttempt(reconcile(operations), "pod-1");
        Attempt second = operations.startAttempt(reconcile(operations), "pod-2");
        takesWhenTheOtherWrites(first);

        // When
        ConflictException refusal = assertThrows(ConflictException.class, second::takeSlot);

        // Then
        assertEquals(OperationFixture.FIRST_ID, refusal.running());
        first.check();
    }

    @Test
    void inAStoreThatHeedsNoConditionTheFirstOfTwoNoticesBeforeItWrites() {
        // Given
        Operations heedless = new Operations(new Heedless(bench.backup), bench.clock, () -> "0000000b");
        Attempt first = operations.startAttempt(reconcile(operations), "pod-1");
        Attempt second = heedless.startAttempt(reconcile(heedless), "pod-2");
        takesWhenTheOtherWrites(first);
        second.takeSlot();

        // When
        FencedException stop = assertThrows(FencedException.class, first::check);

        // Then
        assertEquals(OperationState.FAILED, stop.state());
        second.check();
    }

    private void takesWhenTheOtherWrites(Attempt attempt) {
        List<String> written = new ArrayList<>();
        bench.backup.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.equals(OperationLock.KEY) && written.isEmpty()) {
                written.add(key);
                attempt.takeSlot();
            }
        });
    }

    @Test
    void othersAreNotHindered() {
        // Given
        operations.startAttempt(reconcile(operations), "pod-1").takeSlot();

        // When
        OperationState ended = run(bench.createRestore(), (asked, fence, progressTracker) -> done());

        // Then
        assertEquals(OperationState.SUCCEEDED, ended);
        assertFalse(bench.bucket.keys(OperationLock.KEY).isEmpty());
        assertTrue(operations.status(OperationFixture.FIRST_ID, bench.runner).isPresent());
    }

    /** Knows no conditional writes. */
    private static final class Heedless extends ForwardingObjectStore {
        Heedless(ObjectStore below) {
            super(below);
        }

        @Override
        public boolean putIfAbsent(String key, ContentSource content) {
            put(key, content, Map.of());
            return true;
        }
    }
}
