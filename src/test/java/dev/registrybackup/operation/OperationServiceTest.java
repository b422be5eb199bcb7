package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OperationServiceTest {
    private final OperationFixture fixture = new OperationFixture();
    private final OperationService operationService = new OperationService(fixture.operations, fixture.runner);

    @Test
    void aRequestIsOnRecordAndStarted() {
        // When
        OperationStatus status = submit();

        // Then
        assertEquals(OperationState.PENDING, status.state());
        assertEquals(List.of(status.request()), fixture.runner.started());
        assertEquals(Optional.of(status), operationService.status(OperationFixture.FIRST_ID));
        assertEquals(List.of(status), operationService.listNewest(10));
    }

    @Test
    void whatCannotBeStartedIsForgotten() {
        // Given
        OperationNotStartedException failure = new OperationNotStartedException("no room");
        fixture.runner.failWith(failure);

        // When
        OperationNotStartedException thrown = assertThrows(OperationNotStartedException.class, this::submit);

        // Then
        assertSame(failure, thrown);
        assertEquals(0, fixture.bucket.versionCount(""));
    }

    @Test
    void whatCannotBeForgottenEitherIsStillTheFirstFailure() {
        // Given
        OperationNotStartedException failure = new OperationNotStartedException("no room");
        fixture.runner.failWith(failure);
        fixture.failOn(Operation.DELETE);

        // When
        OperationNotStartedException thrown = assertThrows(OperationNotStartedException.class, this::submit);

        // Then
        assertSame(failure, thrown);
        assertEquals("The store is down", thrown.getSuppressed()[0].getMessage());
    }

    @Test
    void whatCannotBeRecordedIsNotStarted() {
        // Given
        fixture.failOn(Operation.PUT);

        // When
        assertThrows(RuntimeException.class, this::submit);

        // Then
        assertEquals(List.of(), fixture.runner.started());
    }

    @Test
    void whatIsLostIsResumed() {
        // Given
        OperationStatus asked = submit();
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        OperationStatus resumed = operationService.resume(OperationFixture.FIRST_ID, "carol");

        // Then
        assertEquals(OperationState.PENDING, resumed.state());
        assertEquals(List.of(asked.request(), asked.request()), fixture.runner.started());
    }

    @Test
    void whatCannotBeStartedAgainIsNotForgotten() {
        // Given
        submit();
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        fixture.runner.failWith(new OperationNotStartedException("no room"));

        // When
        assertThrows(
                OperationNotStartedException.class, () -> operationService.resume(OperationFixture.FIRST_ID, "carol"));

        // Then
        assertEquals(OperationState.LOST, fixture.state());
    }

    @Test
    void whatIsAtWorkIsNotStartedAgain() {
        // Given
        OperationStatus asked = submit();
        fixture.operations.startAttempt(asked.request(), "pod-1");

        // When
        assertThrows(NotResumableException.class, () -> operationService.resume(OperationFixture.FIRST_ID, "carol"));

        // Then
        assertEquals(1, fixture.runner.started().size());
    }

    @Test
    void whatIsCancelledBeforeItBeginsNeedNotBegin() {
        // Given
        OperationStatus asked = submit();

        // When
        Optional<OperationStatus> status = operationService.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(Optional.of(OperationState.CANCELLED), status.map(OperationStatus::state));
        assertEquals(List.of(asked.request()), fixture.runner.abandoned());
    }

    @Test
    void whatIsCancelledAtWorkIsLeftToEndItself() {
        // Given
        fixture.operations.startAttempt(submit().request(), "pod-1");

        // When
        Optional<OperationStatus> status = operationService.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(Optional.of(OperationState.RUNNING), status.map(OperationStatus::state));
        assertEquals(List.of(), fixture.runner.abandoned());
    }

    @Test
    void whatIsNotThereIsNotCancelled() {
        // When
        Optional<OperationStatus> status = operationService.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(Optional.empty(), status);
        assertEquals(0, fixture.bucket.versionCount(""));
    }

    private OperationStatus submit() {
        return operationService.submit(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "alice");
    }
}
