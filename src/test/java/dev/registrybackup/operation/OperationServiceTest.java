package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OperationServiceTest {
    private static final Duration ALMOST_TIMED_OUT = Duration.ofSeconds(119);

    private final OperationFixture fixture = new OperationFixture();
    private final OperationService service = fixture.service;

    @Test
    void aRequestIsOnRecordOnce() {
        // When
        OperationRequest asked = fixture.createRestore();

        // Then
        assertEquals(OperationFixture.FIRST_ID, asked.id());
        assertEquals(List.of("request"), fixture.names());
        assertEquals(
                "{\"id\":\"20260304T050607Z-00000001\",\"kind\":\"restore\",\"lock\":\"registry\","
                        + "\"parameters\":{\"image\":\"team/app:1.0\"},\"requestedBy\":\"alice\","
                        + "\"requestedAt\":\"2026-03-04T05:06:07Z\"}",
                fixture.text("request"));
        assertEquals(Optional.of(asked), fixture.store.readRequest(asked.id()));
    }

    @Test
    void aRequestKeepsWhatWasAskedForWhateverBecomesOfTheArguments() {
        // Given
        ObjectNode parameters = OperationFixture.parameters();
        OperationRequest asked = service.create(OperationKind.VERIFY, "backup", parameters, "bob");

        // When
        parameters.put("image", "another");
        asked.parameters().put("image", "another");

        // Then
        assertEquals(OperationFixture.parameters(), asked.parameters());
    }

    @Test
    void aWriteWhoseAnswerWasLostIsFoundToBeOurs() {
        // Given
        OperationService unsure = new OperationService(
                new LostResponseStore(fixture.bucket), fixture.runner, fixture.clock, () -> "00000001");

        // When
        OperationRequest asked =
                unsure.create(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "alice");
        OperationRun run = fixture.startRun(new LostResponseStore(fixture.bucket), asked, "pod-1");
        run.heartbeat(new ProgressTracker().progress());

        // Then
        assertEquals(OperationState.RUNNING, fixture.state());
        assertEquals(2, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void twoOperationsOfOneIdAreNotTakenForEachOther() {
        // Given
        OperationService drawsTheSame =
                new OperationService(fixture.backup, fixture.runner, fixture.clock, () -> "00000001");
        fixture.createRestore();

        // When
        IllegalStateException failure = assertThrows(
                IllegalStateException.class,
                () -> drawsTheSame.create(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "bob"));

        // Then
        assertEquals(
                "Failed to record operation 20260304T050607Z-00000001: another one has this id. Retry",
                failure.getMessage());
        assertEquals("alice", fixture.status().request().requestedBy());
    }

    @Test
    void anOperationThatIsNotThereHasNoStatus() {
        // When
        Optional<OperationStatus> status = service.status(OperationFixture.FIRST_ID);

        // Then
        assertEquals(Optional.empty(), status);
        assertEquals(Optional.empty(), fixture.store.readRequest(OperationFixture.FIRST_ID));
    }

    @Test
    void aBucketThatCannotBeAskedIsNeverAnAbsentOperation() {
        // Given
        fixture.createRestore();

        // When
        fixture.bucket.setExists(false);

        // Then
        assertThrows(ObjectStoreException.class, fixture::status);
        assertThrows(ObjectStoreException.class, () -> fixture.store.readRequest(OperationFixture.FIRST_ID));
        assertThrows(ObjectStoreException.class, () -> service.listNewest(10));
    }

    @Test
    void anOperationThatHasNotStartedIsPending() {
        // Given
        fixture.createRestore();

        // When
        fixture.clock.advance(ALMOST_TIMED_OUT);

        // Then
        assertEquals(OperationState.PENDING, fixture.state());
        assertEquals(List.of(), fixture.runner.livenessRequests());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anOperationWithoutAHeartbeatForTwoMinutesIsLost(boolean hasStarted) {
        // Given
        OperationRequest request = fixture.createRestore();
        if (hasStarted) {
            fixture.startRun(request, "pod-1");
        }
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(OperationState.LOST, status.state());
        assertEquals(Optional.of("its process is gone"), status.reason());
        assertEquals("lost", status.json().path("state").asText());
        assertEquals("its process is gone", status.json().path("reason").asText());
    }

    @ParameterizedTest
    @CsvSource({"false, PENDING", "true, RUNNING"})
    void anOperationThatItsRunnerSeesAliveIsNotLostHoweverOldItsHeartbeat(boolean hasStarted, OperationState state) {
        // Given
        OperationRequest request = fixture.createRestore();
        if (hasStarted) {
            fixture.startRun(request, "pod-1");
        }
        fixture.clock.advance(Duration.ofHours(1));

        // When
        fixture.runner.setLiveness(Liveness.RUNNING);

        // Then
        assertEquals(state, fixture.state());
    }

    @Test
    void anOperationWithAFreshHeartbeatIsRunning() {
        // Given
        OperationRun run = fixture.startRun(fixture.createRestore(), "pod-1");
        fixture.clock.advance(Duration.ofHours(1));
        run.heartbeat(new ProgressTracker().progress());
        fixture.clock.advance(ALMOST_TIMED_OUT);

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(OperationState.RUNNING, status.state());
        assertEquals(List.of(), fixture.runner.livenessRequests());
        assertEquals("pod-1", status.run().orElseThrow().runner());
    }

    @Test
    void anOperationUnknownToItsRunnerIsNotLost() {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1");
        fixture.clock.advance(Duration.ofHours(1));
        fixture.runner.setLiveness(Liveness.unknown("the API did not answer"));

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(OperationState.RUNNING, status.state());
        assertEquals(Optional.of("the API did not answer"), status.reason());
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "INCOMPLETE", "FAILED", "CANCELLED"})
    void aFinishedOperationStaysFinished(OperationState state) {
        // Given
        OperationRun run = fixture.startRun(fixture.createRestore(), "pod-1");
        run.finish(new ProgressTracker().progress(), OperationFixture.outcome(state));
        fixture.clock.advance(Duration.ofDays(30));

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(state, status.state());
        assertEquals(Optional.of("because"), status.reason());
        assertEquals(List.of(), fixture.runner.livenessRequests());
    }

    @Test
    void aRunThatCannotBeReadIsIgnored() {
        // Given
        OperationRequest asked = fixture.createRestore();
        fixture.seed("run", "not JSON");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        OperationState before = fixture.state();

        // When
        fixture.startRun(asked, "pod-2");

        // Then
        assertEquals(OperationState.LOST, before);
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[]",
                "{\"kind\":\"make coffee\",\"lock\":\"a\",\"parameters\":{},\"requestedBy\":\"b\","
                        + "\"requestedAt\":\"2026-03-04T05:06:07Z\"}",
                "{\"kind\":\"verify\",\"lock\":\"a\",\"parameters\":{},\"requestedBy\":\"b\",\"requestedAt\":\"yesterday\"}",
                "{\"kind\":\"verify\",\"lock\":\"a\",\"requestedBy\":\"b\",\"requestedAt\":\"2026-03-04T05:06:07Z\"}"
            })
    void aRequestThatCannotBeReadIsIgnored(String content) {
        // Given
        fixture.seed("request", content);
        fixture.clock.advance(Duration.ofSeconds(1));
        OperationRequest other = service.create(OperationKind.VERIFY, "backup", OperationFixture.parameters(), "bob");

        // When
        List<OperationStatus> all = service.listNewest(10);

        // Then
        assertEquals(
                List.of(other.id()),
                all.stream().map(status -> status.request().id()).toList());
    }

    @Test
    void theNewestAreListedNewestFirst() {
        // Given
        for (int day = 0; day < 5; day++) {
            fixture.startRun(
                    service.create(OperationKind.VERIFY, "day " + day, OperationFixture.parameters(), "bob"), "pod-1");
            fixture.clock.advance(Duration.ofDays(1));
        }
        fixture.bucket.seed(OperationFixture.PREFIX + "notes.txt", new byte[0]);
        fixture.bucket.seed(OperationFixture.PREFIX + "zzz/request", new byte[0]);

        // When
        List<OperationStatus> newest = service.listNewest(3);

        // Then
        assertEquals(
                List.of("day 4", "day 3", "day 2"),
                newest.stream().map(status -> status.request().slot()).toList());
    }

    @Test
    void anOperationThatHasNotStartedIsCancelledAtOnceAndNeedNotStart() {
        // Given
        OperationStatus asked = submit();

        // When
        Optional<OperationStatus> status = service.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(Optional.of(OperationState.CANCELLED), status.map(OperationStatus::state));
        assertEquals(status, Optional.of(fixture.status()));
        assertEquals(
                Optional.of("Cancelled by bob at 2026-03-04T05:06:07Z"),
                fixture.status().reason());
        assertEquals(List.of("cancel", "request"), fixture.names());
        assertEquals(List.of(asked.request()), fixture.runner.abandoned());
    }

    @Test
    void aRunningOperationIsLeftToStopItselfAndCancelledOnceItHas() {
        // Given
        fixture.startRun(submit().request(), "pod-1");

        // When
        Optional<OperationStatus> status = service.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(Optional.of(OperationState.RUNNING), status.map(OperationStatus::state));
        assertEquals(OperationState.RUNNING, fixture.state());
        assertEquals(List.of("cancel", "request", "run"), fixture.names());
        assertEquals(List.of(), fixture.runner.abandoned());
    }

    @Test
    void aLostOperationIsCancelledAtOnce() {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        service.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(OperationState.CANCELLED, fixture.state());
        assertEquals(
                Optional.of("Cancelled by bob at 2026-03-04T05:08:07Z"),
                fixture.status().reason());
    }

    @Test
    void theFirstToCancelIsOnRecordWithoutConditionalWritesToo() {
        // Given
        fixture.createRestore();
        OperationService heedless = fixture.service(new UnconditionalStore(fixture.bucket));
        heedless.cancel(OperationFixture.FIRST_ID, "bob");
        fixture.clock.advance(Duration.ofMinutes(1));

        // When
        heedless.cancel(OperationFixture.FIRST_ID, "carol");

        // Then
        assertEquals("{\"by\":\"bob\",\"at\":\"2026-03-04T05:06:07Z\"}", fixture.text("cancel"));
        assertEquals(2, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "INCOMPLETE", "FAILED", "CANCELLED"})
    void aFinishedOperationIsNotCancelled(OperationState state) {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1")
                .finish(new ProgressTracker().progress(), OperationFixture.outcome(state));

        // When
        service.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(List.of("request", "run"), fixture.names());
        assertEquals(state, fixture.state());
    }

    @Test
    void theTimeIsKeptInFull() {
        // Given
        fixture.clock.advance(Duration.ofMillis(123));

        // When
        OperationRequest asked = fixture.createRestore();

        // Then
        assertEquals(SettableClock.START.plusMillis(123), asked.requestedAt());
        assertEquals(Optional.of(asked), fixture.store.readRequest(asked.id()));
        assertTrue(asked.id().requestedAt().isBefore(asked.requestedAt()));
    }

    @Test
    void aSubmittedOperationIsRecordedAndStarted() {
        // When
        OperationStatus status = submit();

        // Then
        assertEquals(OperationState.PENDING, status.state());
        assertEquals(List.of(status.request()), fixture.runner.started());
        assertEquals(Optional.of(status), service.status(OperationFixture.FIRST_ID));
        assertEquals(List.of(status), service.listNewest(10));
    }

    @Test
    void anOperationThatCannotStartIsDeleted() {
        // Given
        OperationNotStartedException failure = new OperationNotStartedException("no room");
        fixture.runner.failWith(failure);

        // When
        OperationNotStartedException thrown = assertThrows(OperationNotStartedException.class, this::submit);

        // Then
        assertSame(failure, thrown);
        assertEquals(List.of(), fixture.names());
    }

    @Test
    void aFailedDeletionDoesNotHideTheFirstFailure() {
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
    void anOperationThatCannotBeRecordedIsNotStarted() {
        // Given
        fixture.failOn(Operation.PUT);

        // When
        assertThrows(RuntimeException.class, this::submit);

        // Then
        assertEquals(List.of(), fixture.runner.started());
    }

    @Test
    void aMissingOperationIsNotCancelled() {
        // When
        Optional<OperationStatus> status = service.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(Optional.empty(), status);
        assertEquals(List.of(), fixture.names());
    }

    private OperationStatus submit() {
        return service.submit(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "alice");
    }

    /** Writes, but reports a conflict: as if the answer was lost and the client sent the request again. */
    private static final class LostResponseStore extends ForwardingObjectStore {
        LostResponseStore(ObjectStore below) {
            super(below);
        }

        @Override
        public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
            super.putIfAbsent(key, content, metadata);
            return false;
        }
    }
}
