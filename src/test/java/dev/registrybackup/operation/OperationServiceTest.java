package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OperationServiceTest {
    private final OperationFixture bench = new OperationFixture();
    private final OperationService desk = new OperationService(bench.operations, bench.runner);

    @Test
    void whatIsAskedForIsOnRecordAndStarted() {
        // When
        OperationStatus status = ask();

        // Then
        assertEquals(OperationState.PENDING, status.state());
        assertEquals(List.of(status.request()), bench.runner.started());
        assertEquals(Optional.of(status), desk.status(OperationFixture.FIRST));
        assertEquals(List.of(status), desk.newest(10));
    }

    @Test
    void whatCannotBeStartedIsForgotten() {
        // Given
        OperationNotStartedException failure = new OperationNotStartedException("no room");
        bench.runner.fails(failure);

        // When
        OperationNotStartedException thrown = assertThrows(OperationNotStartedException.class, this::ask);

        // Then
        assertSame(failure, thrown);
        assertEquals(0, bench.bucket.versionCount(""));
    }

    @Test
    void whatCannotBeForgottenEitherIsStillTheFirstFailure() {
        // Given
        OperationNotStartedException failure = new OperationNotStartedException("no room");
        bench.runner.fails(failure);
        bench.failOn(Operation.REMOVE);

        // When
        OperationNotStartedException thrown = assertThrows(OperationNotStartedException.class, this::ask);

        // Then
        assertSame(failure, thrown);
        assertEquals("The store is down", thrown.getSuppressed()[0].getMessage());
    }

    @Test
    void whatCannotBeRecordedIsNotStarted() {
        // Given
        bench.failOn(Operation.PUT);

        // When
        assertThrows(RuntimeException.class, this::ask);

        // Then
        assertEquals(List.of(), bench.runner.started());
    }

    @Test
    void whatIsLostIsStartedAgain() {
        // Given
        OperationStatus asked = ask();
        bench.clock.pass(StatusResolver.SILENCE);

        // When
        OperationStatus resumed = desk.resume(OperationFixture.FIRST, "carol");

        // Then
        assertEquals(OperationState.PENDING, resumed.state());
        assertEquals(List.of(asked.request(), asked.request()), bench.runner.started());
    }

    @Test
    void whatCannotBeStartedAgainIsNotForgotten() {
        // Given
        ask();
        bench.clock.pass(StatusResolver.SILENCE);
        bench.runner.fails(new OperationNotStartedException("no room"));

        // When
        assertThrows(OperationNotStartedException.class, () -> desk.resume(OperationFixture.FIRST, "carol"));

        // Then
        assertEquals(OperationState.LOST, bench.state());
    }

    @Test
    void whatIsAtWorkIsNotStartedAgain() {
        // Given
        OperationStatus asked = ask();
        bench.operations.begin(asked.request(), "pod-1");

        // When
        assertThrows(NotResumableException.class, () -> desk.resume(OperationFixture.FIRST, "carol"));

        // Then
        assertEquals(1, bench.runner.started().size());
    }

    @Test
    void whatIsCancelledBeforeItBeginsNeedNotBegin() {
        // Given
        OperationStatus asked = ask();

        // When
        Optional<OperationStatus> status = desk.cancel(OperationFixture.FIRST, "bob");

        // Then
        assertEquals(Optional.of(OperationState.CANCELLED), status.map(OperationStatus::state));
        assertEquals(List.of(asked.request()), bench.runner.abandoned());
    }

    @Test
    void whatIsCancelledAtWorkIsLeftToEndItself() {
        // Given
        bench.operations.begin(ask().request(), "pod-1");

        // When
        Optional<OperationStatus> status = desk.cancel(OperationFixture.FIRST, "bob");

        // Then
        assertEquals(Optional.of(OperationState.RUNNING), status.map(OperationStatus::state));
        assertEquals(List.of(), bench.runner.abandoned());
    }

    @Test
    void whatIsNotThereIsNotCancelled() {
        // When
        Optional<OperationStatus> status = desk.cancel(OperationFixture.FIRST, "bob");

        // Then
        assertEquals(Optional.empty(), status);
        assertEquals(0, bench.bucket.versionCount(""));
    }

    private OperationStatus ask() {
        return desk.ask(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "alice");
    }
}
