package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OperationsTest {
    private static final Duration ALMOST_TIMED_OUT = Duration.ofSeconds(119);

    private final OperationFixture fixture = new OperationFixture();
    private final Operations operations = fixture.operations;

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
        assertEquals(Optional.of(asked), operations.findRequest(asked.id()));
    }

    @Test
    void aRequestKeepsWhatWasAskedForWhateverBecomesOfTheArguments() {
        // Given
        ObjectNode parameters = OperationFixture.parameters();
        OperationRequest asked = operations.create(OperationKind.VERIFY, "backup", parameters, "bob");

        // When
        parameters.put("image", "another");
        asked.parameters().put("image", "another");

        // Then
        assertEquals(OperationFixture.parameters(), asked.parameters());
    }

    @Test
    void aWriteWhoseAnswerWasLostIsFoundToBeOurs() {
        // Given
        Operations unsure = new Operations(new LostResponseStore(fixture.bucket), fixture.clock, () -> "00000001");

        // When
        OperationRequest asked =
                unsure.create(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "alice");
        Attempt attempt = unsure.startAttempt(asked, "pod-1");
        attempt.heartbeat(new ProgressTracker().progress());

        // Then
        assertEquals(OperationState.RUNNING, fixture.state());
        assertEquals(2, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void twoOperationsOfOneIdAreNotTakenForEachOther() {
        // Given
        Operations drawsTheSame = new Operations(fixture.backup, fixture.clock, () -> "00000001");
        fixture.createRestore();

        // When
        IllegalStateException failure = assertThrows(
                IllegalStateException.class,
                () -> drawsTheSame.create(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "bob"));

        // Then
        assertEquals(
                "Failed to record operation 20260304T050607Z-00000001: there is another one of that id. Ask again",
                failure.getMessage());
        assertEquals("alice", fixture.status().request().requestedBy());
    }

    @Test
    void whatWasDiscardedIsNotThere() {
        // Given
        OperationRequest asked = fixture.createRestore();

        // When
        operations.discard(asked);

        // Then
        assertEquals(Optional.empty(), operations.status(asked.id(), fixture.runner));
        assertEquals(0, fixture.bucket.versionCount(""));
    }

    @Test
    void anOperationThatIsNotThereHasNoStatus() {
        // When
        Optional<OperationStatus> status = operations.status(OperationFixture.FIRST_ID, fixture.runner);

        // Then
        assertEquals(Optional.empty(), status);
        assertEquals(Optional.empty(), operations.findRequest(OperationFixture.FIRST_ID));
    }

    @Test
    void aBucketThatCannotBeAskedIsNeverAnAbsentOperation() {
        // Given
        fixture.createRestore();

        // When
        fixture.bucket.setExists(false);

        // Then
        assertThrows(ObjectStoreException.class, fixture::status);
        assertThrows(ObjectStoreException.class, () -> operations.findRequest(OperationFixture.FIRST_ID));
        assertThrows(ObjectStoreException.class, () -> operations.listNewest(10, fixture.runner));
    }

    @Test
    void whatNobodyHasBegunIsPending() {
        // Given
        fixture.createRestore();

        // When
        fixture.clock.advance(ALMOST_TIMED_OUT);

        // Then
        assertEquals(OperationState.PENDING, fixture.state());
        assertEquals(List.of(), fixture.runner.livenessRequests());
    }

    @Test
    void whatNobodyHasBegunIsLostAfterTwoMinutesIfItsRunnerHasNot() {
        // Given
        fixture.createRestore();
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(OperationState.LOST, status.state());
        assertEquals(Optional.of("its process is gone"), status.reason());
    }

    @Test
    void whatItsRunnerIsAboutToBeginStaysPending() {
        // Given
        fixture.createRestore();
        fixture.clock.advance(Duration.ofHours(1));

        // When
        fixture.runner.setLiveness(Liveness.RUNNING);

        // Then
        assertEquals(OperationState.PENDING, fixture.state());
    }

    @Test
    void whatHasAFreshHeartbeatIsRunning() {
        // Given
        Attempt attempt = operations.startAttempt(fixture.createRestore(), "pod-1");
        fixture.clock.advance(Duration.ofHours(1));
        attempt.heartbeat(new ProgressTracker().progress());
        fixture.clock.advance(ALMOST_TIMED_OUT);

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(OperationState.RUNNING, status.state());
        assertEquals(List.of(), fixture.runner.livenessRequests());
        assertEquals("pod-1", status.attempt().orElseThrow().runner());
    }

    @Test
    void whatHasNoHeartbeatForTwoMinutesIsLost() {
        // Given
        operations.startAttempt(fixture.createRestore(), "pod-1");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(OperationState.LOST, status.state());
        assertEquals(Optional.of("its process is gone"), status.reason());
    }

    @Test
    void whatItsRunnerSeesAtWorkIsNotLostHoweverOldItsHeartbeat() {
        // Given
        operations.startAttempt(fixture.createRestore(), "pod-1");
        fixture.clock.advance(Duration.ofHours(1));

        // When
        fixture.runner.setLiveness(Liveness.RUNNING);

        // Then
        assertEquals(OperationState.RUNNING, fixture.state());
    }

    @Test
    void whatItsRunnerDoesNotKnowIsNotLost() {
        // Given
        operations.startAttempt(fixture.createRestore(), "pod-1");
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
    void whatHasEndedStaysSoForEver(OperationState state) {
        // Given
        Attempt attempt = operations.startAttempt(fixture.createRestore(), "pod-1");
        attempt.finish(new ProgressTracker().progress(), OperationFixture.outcome(state));
        fixture.clock.advance(Duration.ofDays(30));

        // When
        OperationStatus status = fixture.status();

        // Then
        assertEquals(state, status.state());
        assertEquals(Optional.of("because"), status.reason());
        assertEquals(List.of(), fixture.runner.livenessRequests());
    }

    @Test
    void theNewestAttemptIsTheState() {
        // Given
        OperationRequest asked = fixture.createRestore();
        for (int attempt = 1; attempt <= 11; attempt++) {
            operations
                    .startAttempt(asked, "pod-" + attempt)
                    .finish(new ProgressTracker().progress(), OperationFixture.outcome(OperationState.FAILED));
        }

        // When
        operations.startAttempt(asked, "pod-12");

        // Then
        assertEquals(OperationState.RUNNING, fixture.state());
        assertEquals(12, fixture.status().attempt().orElseThrow().number());
    }

    @Test
    void anAttemptThatCannotBeReadIsIgnored() {
        // Given
        OperationRequest asked = fixture.createRestore();
        fixture.seed("attempt-1", "not JSON");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        OperationState before = fixture.state();

        // When
        operations.startAttempt(operations.requireResumable(asked.id(), fixture.runner), "pod-2");

        // Then
        assertEquals(OperationState.LOST, before);
        assertEquals(OperationState.RUNNING, fixture.state());
        assertEquals(2, fixture.status().attempt().orElseThrow().number());
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
        OperationRequest other =
                operations.create(OperationKind.VERIFY, "backup", OperationFixture.parameters(), "bob");

        // When
        List<OperationStatus> all = operations.listNewest(10, fixture.runner);

        // Then
        assertEquals(
                List.of(other.id()),
                all.stream().map(status -> status.request().id()).toList());
    }

    @Test
    void theNewestAreListedNewestFirst() {
        // Given
        for (int day = 0; day < 5; day++) {
            operations.startAttempt(
                    operations.create(OperationKind.VERIFY, "day " + day, OperationFixture.parameters(), "bob"),
                    "pod-1");
            fixture.clock.advance(Duration.ofDays(1));
        }
        fixture.bucket.seed(OperationFixture.PREFIX + "notes.txt", new byte[0]);
        fixture.bucket.seed(OperationFixture.PREFIX + "zzz/request", new byte[0]);

        // When
        List<OperationStatus> newest = operations.listNewest(3, fixture.runner);

        // Then
        assertEquals(
                List.of("day 4", "day 3", "day 2"),
                newest.stream().map(status -> status.request().slot()).toList());
    }

    @Test
    void whatNobodyHasBegunIsCancelledAtOnce() {
        // Given
        OperationRequest asked = fixture.createRestore();

        // When
        operations.cancel(asked.id(), "bob");

        // Then
        assertEquals(OperationState.CANCELLED, fixture.state());
        assertEquals(
                Optional.of("Cancelled by bob at 2026-03-04T05:06:07Z"),
                fixture.status().reason());
        FencedException refusal = assertThrows(FencedException.class, () -> operations.startAttempt(asked, "pod-1"));
        assertEquals("Cancelled by bob at 2026-03-04T05:06:07Z", refusal.getMessage());
        assertEquals(OperationState.CANCELLED, refusal.state());
        assertEquals(List.of("cancel", "request"), fixture.names());
    }

    @Test
    void whatIsAtWorkIsCancelledOnlyWhenItHasStopped() {
        // Given
        operations.startAttempt(fixture.createRestore(), "pod-1");

        // When
        operations.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(OperationState.RUNNING, fixture.state());
        assertEquals(List.of("attempt-1", "cancel", "request"), fixture.names());
    }

    @Test
    void whatIsLostIsCancelledAtOnce() {
        // Given
        operations.startAttempt(fixture.createRestore(), "pod-1");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        operations.cancel(OperationFixture.FIRST_ID, "bob");

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
        Operations heedless = new Operations(new UnconditionalStore(fixture.bucket), fixture.clock, () -> "0000000a");
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
    void whatHasEndedIsNotCancelled(OperationState state) {
        // Given
        operations
                .startAttempt(fixture.createRestore(), "pod-1")
                .finish(new ProgressTracker().progress(), OperationFixture.outcome(state));

        // When
        operations.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(List.of("attempt-1", "request"), fixture.names());
        assertEquals(state, fixture.state());
    }

    @Test
    void whatIsNotThereIsNotCancelled() {
        // When
        operations.cancel(OperationFixture.FIRST_ID, "bob");

        // Then
        assertEquals(0, fixture.bucket.versionCount(""));
    }

    @ParameterizedTest
    @EnumSource(names = {"INCOMPLETE", "FAILED"})
    void whatHasSomethingLeftToDoIsResumed(OperationState state) {
        // Given
        operations
                .startAttempt(fixture.createRestore(), "pod-1")
                .finish(new ProgressTracker().progress(), OperationFixture.outcome(state));

        // When
        operations.startAttempt(operations.requireResumable(OperationFixture.FIRST_ID, fixture.runner), "pod-2");

        // Then
        assertEquals(OperationState.RUNNING, fixture.state());
        assertEquals(List.of("attempt-1", "attempt-2", "request"), fixture.names());
    }

    @Test
    void whatIsLostIsResumedWhetherItWasBegunOrNot() {
        // Given
        OperationRequest begun = fixture.createRestore();
        operations.startAttempt(begun, "pod-1");
        OperationRequest pending = fixture.createRestore();
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // When
        List<OperationRequest> resumed = List.of(
                operations.requireResumable(begun.id(), fixture.runner),
                operations.requireResumable(pending.id(), fixture.runner));

        // Then
        assertEquals(List.of(begun, pending), resumed);
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "CANCELLED"})
    void whatIsOverForGoodIsNotResumed(OperationState state) {
        // Given
        OperationRequest asked = fixture.createRestore();
        operations
                .startAttempt(asked, "pod-1")
                .finish(new ProgressTracker().progress(), OperationFixture.outcome(state));

        // When
        NotResumableException refusal = assertThrows(
                NotResumableException.class, () -> operations.requireResumable(asked.id(), fixture.runner));

        // Then
        assertEquals(
                "Operation 20260304T050607Z-00000001 is %s and cannot be resumed. Ask for a new one"
                        .formatted(state.label()),
                refusal.getMessage());
        FencedException denial = assertThrows(FencedException.class, () -> operations.startAttempt(asked, "pod-2"));
        assertEquals(state, denial.state());
        assertEquals(List.of("attempt-1", "request"), fixture.names());
    }

    @Test
    void whatIsAtWorkOrAboutToBeIsNotResumed() {
        // Given
        OperationRequest running = fixture.createRestore();
        operations.startAttempt(running, "pod-1");
        OperationRequest pending = fixture.createRestore();

        // When
        NotResumableException ofRunning = assertThrows(
                NotResumableException.class, () -> operations.requireResumable(running.id(), fixture.runner));
        NotResumableException ofPending = assertThrows(
                NotResumableException.class, () -> operations.requireResumable(pending.id(), fixture.runner));

        // Then
        assertEquals(
                "Operation %s is running and cannot be resumed. Wait for its end, or cancel it".formatted(running.id()),
                ofRunning.getMessage());
        assertEquals(
                "Operation %s is pending and cannot be resumed. Wait for its end, or cancel it".formatted(pending.id()),
                ofPending.getMessage());
    }

    @Test
    void whatFailedWhileItWasBeingCancelledIsNotResumed() {
        // Given
        Attempt attempt = operations.startAttempt(fixture.createRestore(), "pod-1");
        operations.cancel(OperationFixture.FIRST_ID, "bob");
        attempt.finish(new ProgressTracker().progress(), OperationFixture.outcome(OperationState.FAILED));

        // When
        NotResumableException refusal = assertThrows(
                NotResumableException.class,
                () -> operations.requireResumable(OperationFixture.FIRST_ID, fixture.runner));

        // Then
        assertEquals(
                "Operation 20260304T050607Z-00000001 is cancelled and cannot be resumed. Ask for a new one",
                refusal.getMessage());
    }

    @Test
    void whatIsNotThereIsNotResumed() {
        // When
        NoSuchOperationException refusal = assertThrows(
                NoSuchOperationException.class,
                () -> operations.requireResumable(OperationFixture.FIRST_ID, fixture.runner));

        // Then
        assertEquals(
                "There is no operation 20260304T050607Z-00000001 in backup: it was dropped after 90 days, or asked for"
                        + " with another backup bucket",
                refusal.getMessage());
    }

    @Test
    void ofTwoThatBeginAtOnceOneDoes() {
        // Given
        OperationRequest asked = fixture.createRestore();
        fixture.backup.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT) {
                fixture.clearFailures();
                operations.startAttempt(asked, "the other");
            }
        });

        // When
        FencedException refusal = assertThrows(FencedException.class, () -> operations.startAttempt(asked, "this one"));

        // Then
        assertEquals(
                "Attempt 1 at operation 20260304T050607Z-00000001 was begun by another process", refusal.getMessage());
        assertEquals(OperationState.LOST, refusal.state());
        assertEquals(List.of("attempt-1", "request"), fixture.names());
        assertEquals("the other", fixture.status().attempt().orElseThrow().runner());
    }

    @Test
    void withoutConditionalWritesTheFirstOfTwoNoticesBeforeItWrites() {
        // Given
        ObjectStore heedless = new UnconditionalStore(fixture.bucket);
        OperationRequest asked = fixture.createRestore();
        Attempt first = new Operations(heedless, fixture.clock, () -> "0000000a").startAttempt(asked, "first");
        new Operations(new AttemptHidingStore(heedless), fixture.clock, () -> "0000000b").startAttempt(asked, "second");

        // When
        FencedException stop = assertThrows(FencedException.class, first::check);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 is another process's", stop.getMessage());
        assertEquals("second", fixture.status().attempt().orElseThrow().runner());
    }

    @Test
    void theTimeIsKeptInFull() {
        // Given
        fixture.clock.advance(Duration.ofMillis(123));

        // When
        OperationRequest asked = fixture.createRestore();

        // Then
        assertEquals(SettableClock.START.plusMillis(123), asked.requestedAt());
        assertEquals(Optional.of(asked), operations.findRequest(asked.id()));
        assertTrue(asked.id().requestedAt().isBefore(asked.requestedAt()));
    }

    /** Writes, and is told that somebody else had: as when the answer is lost and the client sends the request again. */
    private static final class LostResponseStore extends ForwardingObjectStore {
        LostResponseStore(ObjectStore below) {
            super(below);
        }

        @Override
        public boolean putIfAbsent(String key, ContentSource content) {
            super.putIfAbsent(key, content);
            return false;
        }
    }

    /** Knows no conditional writes. */
    private static final class UnconditionalStore extends ForwardingObjectStore {
        UnconditionalStore(ObjectStore below) {
            super(below);
        }

        @Override
        public boolean putIfAbsent(String key, ContentSource content) {
            put(key, content, Map.of());
            return true;
        }
    }

    /** Sees of an operation its request alone, as whoever looked before the attempt was there. */
    private static final class AttemptHidingStore extends ForwardingObjectStore {
        AttemptHidingStore(ObjectStore below) {
            super(below);
        }

        @Override
        @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
        public Stream<ObjectInfo> list(String prefix) {
            return super.list(prefix).filter(object -> object.key().endsWith("/request"));
        }
    }
}
