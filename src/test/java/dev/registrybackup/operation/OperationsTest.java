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
    private static final Duration ALMOST_SILENT = Duration.ofSeconds(119);

    private final OperationFixture bench = new OperationFixture();
    private final Operations operations = bench.operations;

    @Test
    void whatIsAskedForIsOnRecordOnce() {
        // When
        OperationRequest asked = bench.restore();

        // Then
        assertEquals(OperationFixture.FIRST, asked.id());
        assertEquals(List.of("request"), bench.names());
        assertEquals(
                "{\"id\":\"20260304T050607Z-00000001\",\"kind\":\"restore\",\"slot\":\"registry\","
                        + "\"parameters\":{\"image\":\"team/app:1.0\"},\"askedBy\":\"alice\","
                        + "\"asked\":\"2026-03-04T05:06:07Z\"}",
                bench.text("request"));
        assertEquals(Optional.of(asked), operations.request(asked.id()));
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
        Operations unsure = new Operations(new Forgetful(bench.bucket), bench.clock, () -> "00000001");

        // When
        OperationRequest asked =
                unsure.create(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "alice");
        Attempt attempt = unsure.begin(asked, "pod-1");
        attempt.beat(new ProgressTracker().read());

        // Then
        assertEquals(OperationState.RUNNING, bench.state());
        assertEquals(2, bench.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void twoOperationsOfOneIdAreNotTakenForEachOther() {
        // Given
        Operations drawsTheSame = new Operations(bench.backup, bench.clock, () -> "00000001");
        bench.restore();

        // When
        IllegalStateException failure = assertThrows(
                IllegalStateException.class,
                () -> drawsTheSame.create(OperationKind.RESTORE, "registry", OperationFixture.parameters(), "bob"));

        // Then
        assertEquals(
                "Failed to record operation 20260304T050607Z-00000001: there is another one of that id. Ask again",
                failure.getMessage());
        assertEquals("alice", bench.status().request().askedBy());
    }

    @Test
    void whatWasWithdrawnWasNeverThere() {
        // Given
        OperationRequest asked = bench.restore();

        // When
        operations.withdraw(asked);

        // Then
        assertEquals(Optional.empty(), operations.status(asked.id(), bench.runner));
        assertEquals(0, bench.bucket.versionCount(""));
    }

    @Test
    void anOperationThatIsNotThereHasNoStatus() {
        // When
        Optional<OperationStatus> status = operations.status(OperationFixture.FIRST, bench.runner);

        // Then
        assertEquals(Optional.empty(), status);
        assertEquals(Optional.empty(), operations.request(OperationFixture.FIRST));
    }

    @Test
    void aBucketThatCannotBeAskedIsNeverAnAbsentOperation() {
        // Given
        bench.restore();

        // When
        bench.bucket.setExists(false);

        // Then
        assertThrows(ObjectStoreException.class, bench::status);
        assertThrows(ObjectStoreException.class, () -> operations.request(OperationFixture.FIRST));
        assertThrows(ObjectStoreException.class, () -> operations.newest(10, bench.runner));
    }

    @Test
    void whatNobodyHasBegunIsPending() {
        // Given
        bench.restore();

        // When
        bench.clock.pass(ALMOST_SILENT);

        // Then
        assertEquals(OperationState.PENDING, bench.state());
        assertEquals(List.of(), bench.runner.asked());
    }

    @Test
    void whatNobodyHasBegunIsLostAfterTwoMinutesIfItsRunnerHasNot() {
        // Given
        bench.restore();
        bench.clock.pass(StatusResolver.SILENCE);

        // When
        OperationStatus status = bench.status();

        // Then
        assertEquals(OperationState.LOST, status.state());
        assertEquals(Optional.of("its process is gone"), status.reason());
    }

    @Test
    void whatItsRunnerIsAboutToBeginStaysPending() {
        // Given
        bench.restore();
        bench.clock.pass(Duration.ofHours(1));

        // When
        bench.runner.says(Liveness.RUNNING);

        // Then
        assertEquals(OperationState.PENDING, bench.state());
    }

    @Test
    void whatShowsLifeIsRunning() {
        // Given
        Attempt attempt = operations.begin(bench.restore(), "pod-1");
        bench.clock.pass(Duration.ofHours(1));
        attempt.beat(new ProgressTracker().read());
        bench.clock.pass(ALMOST_SILENT);

        // When
        OperationStatus status = bench.status();

        // Then
        assertEquals(OperationState.RUNNING, status.state());
        assertEquals(List.of(), bench.runner.asked());
        assertEquals("pod-1", status.attempt().orElseThrow().runner());
    }

    @Test
    void whatShowsNoLifeForTwoMinutesIsLost() {
        // Given
        operations.begin(bench.restore(), "pod-1");
        bench.clock.pass(StatusResolver.SILENCE);

        // When
        OperationStatus status = bench.status();

        // Then
        assertEquals(OperationState.LOST, status.state());
        assertEquals(Optional.of("its process is gone"), status.reason());
    }

    @Test
    void whatItsRunnerSeesAtWorkIsNotLostHoweverSilent() {
        // Given
        operations.begin(bench.restore(), "pod-1");
        bench.clock.pass(Duration.ofHours(1));

        // When
        bench.runner.says(Liveness.RUNNING);

        // Then
        assertEquals(OperationState.RUNNING, bench.state());
    }

    @Test
    void whatItsRunnerCannotTellIsNotLost() {
        // Given
        operations.begin(bench.restore(), "pod-1");
        bench.clock.pass(Duration.ofHours(1));
        bench.runner.says(Liveness.unknown("the API did not answer"));

        // When
        OperationStatus status = bench.status();

        // Then
        assertEquals(OperationState.RUNNING, status.state());
        assertEquals(Optional.of("the API did not answer"), status.reason());
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "INCOMPLETE", "FAILED", "CANCELLED"})
    void whatHasEndedStaysSoForEver(OperationState state) {
        // Given
        Attempt attempt = operations.begin(bench.restore(), "pod-1");
        attempt.finish(new ProgressTracker().read(), OperationFixture.ending(state));
        bench.clock.pass(Duration.ofDays(30));

        // When
        OperationStatus status = bench.status();

        // Then
        assertEquals(state, status.state());
        assertEquals(Optional.of("because"), status.reason());
        assertEquals(List.of(), bench.runner.asked());
    }

    @Test
    void theNewestAttemptIsTheState() {
        // Given
        OperationRequest asked = bench.restore();
        for (int attempt = 1; attempt <= 11; attempt++) {
            operations
                    .begin(asked, "pod-" + attempt)
                    .finish(new ProgressTracker().read(), OperationFixture.ending(OperationState.FAILED));
        }

        // When
        operations.begin(asked, "pod-12");

        // Then
        assertEquals(OperationState.RUNNING, bench.state());
        assertEquals(12, bench.status().attempt().orElseThrow().number());
    }

    @Test
    void anAttemptThatCannotBeReadHindersNothing() {
        // Given
        OperationRequest asked = bench.restore();
        bench.seed("attempt-1", "not JSON");
        bench.clock.pass(StatusResolver.SILENCE);
        OperationState before = bench.state();

        // When
        operations.begin(operations.requireResumable(asked.id(), bench.runner), "pod-2");

        // Then
        assertEquals(OperationState.LOST, before);
        assertEquals(OperationState.RUNNING, bench.state());
        assertEquals(2, bench.status().attempt().orElseThrow().number());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[]",
                "{\"kind\":\"make coffee\",\"slot\":\"a\",\"parameters\":{},\"askedBy\":\"b\","
                        + "\"asked\":\"2026-03-04T05:06:07Z\"}",
                "{\"kind\":\"verify\",\"slot\":\"a\",\"parameters\":{},\"askedBy\":\"b\",\"asked\":\"yesterday\"}",
                "{\"kind\":\"verify\",\"slot\":\"a\",\"askedBy\":\"b\",\"asked\":\"2026-03-04T05:06:07Z\"}"
            })
    void aRequestThatCannotBeReadIsNoOperationAndHindersNoOther(String content) {
        // Given
        bench.seed("request", content);
        bench.clock.pass(Duration.ofSeconds(1));
        OperationRequest other =
                operations.create(OperationKind.VERIFY, "backup", OperationFixture.parameters(), "bob");

        // When
        List<OperationStatus> all = operations.newest(10, bench.runner);

        // Then
        assertEquals(
                List.of(other.id()),
                all.stream().map(status -> status.request().id()).toList());
    }

    @Test
    void theNewestAreListedNewestFirst() {
        // Given
        for (int day = 0; day < 5; day++) {
            operations.begin(
                    operations.create(OperationKind.VERIFY, "day " + day, OperationFixture.parameters(), "bob"),
                    "pod-1");
            bench.clock.pass(Duration.ofDays(1));
        }
        bench.bucket.seed(OperationFixture.PREFIX + "notes.txt", new byte[0]);
        bench.bucket.seed(OperationFixture.PREFIX + "zzz/request", new byte[0]);

        // When
        List<OperationStatus> newest = operations.newest(3, bench.runner);

        // Then
        assertEquals(
                List.of("day 4", "day 3", "day 2"),
                newest.stream().map(status -> status.request().slot()).toList());
    }

    @Test
    void whatNobodyHasBegunIsCancelledAtOnce() {
        // Given
        OperationRequest asked = bench.restore();

        // When
        operations.cancel(asked.id(), "bob");

        // Then
        assertEquals(OperationState.CANCELLED, bench.state());
        assertEquals(
                Optional.of("Cancelled by bob at 2026-03-04T05:06:07Z"),
                bench.status().reason());
        FencedException refusal = assertThrows(FencedException.class, () -> operations.begin(asked, "pod-1"));
        assertEquals("Cancelled by bob at 2026-03-04T05:06:07Z", refusal.getMessage());
        assertEquals(OperationState.CANCELLED, refusal.became());
        assertEquals(List.of("cancel", "request"), bench.names());
    }

    @Test
    void whatIsAtWorkIsCancelledOnlyWhenItHasStopped() {
        // Given
        operations.begin(bench.restore(), "pod-1");

        // When
        operations.cancel(OperationFixture.FIRST, "bob");

        // Then
        assertEquals(OperationState.RUNNING, bench.state());
        assertEquals(List.of("attempt-1", "cancel", "request"), bench.names());
    }

    @Test
    void whatIsLostIsCancelledAtOnce() {
        // Given
        operations.begin(bench.restore(), "pod-1");
        bench.clock.pass(StatusResolver.SILENCE);

        // When
        operations.cancel(OperationFixture.FIRST, "bob");

        // Then
        assertEquals(OperationState.CANCELLED, bench.state());
        assertEquals(
                Optional.of("Cancelled by bob at 2026-03-04T05:08:07Z"),
                bench.status().reason());
    }

    @Test
    void theFirstToCancelIsTheOneWhoDidWhateverTheStoreHeeds() {
        // Given
        bench.restore();
        Operations heedless = new Operations(new Heedless(bench.bucket), bench.clock, () -> "0000000a");
        heedless.cancel(OperationFixture.FIRST, "bob");
        bench.clock.pass(Duration.ofMinutes(1));

        // When
        heedless.cancel(OperationFixture.FIRST, "carol");

        // Then
        assertEquals("{\"by\":\"bob\",\"at\":\"2026-03-04T05:06:07Z\"}", bench.text("cancel"));
        assertEquals(2, bench.bucket.versionCount(OperationFixture.PREFIX));
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "INCOMPLETE", "FAILED", "CANCELLED"})
    void whatHasEndedIsNotCancelled(OperationState state) {
        // Given
        operations.begin(bench.restore(), "pod-1").finish(new ProgressTracker().read(), OperationFixture.ending(state));

        // When
        operations.cancel(OperationFixture.FIRST, "bob");

        // Then
        assertEquals(List.of("attempt-1", "request"), bench.names());
        assertEquals(state, bench.state());
    }

    @Test
    void whatIsNotThereIsNotCancelled() {
        // When
        operations.cancel(OperationFixture.FIRST, "bob");

        // Then
        assertEquals(0, bench.bucket.versionCount(""));
    }

    @ParameterizedTest
    @EnumSource(names = {"INCOMPLETE", "FAILED"})
    void whatHasSomethingLeftToDoIsResumed(OperationState state) {
        // Given
        operations.begin(bench.restore(), "pod-1").finish(new ProgressTracker().read(), OperationFixture.ending(state));

        // When
        operations.begin(operations.requireResumable(OperationFixture.FIRST, bench.runner), "pod-2");

        // Then
        assertEquals(OperationState.RUNNING, bench.state());
        assertEquals(List.of("attempt-1", "attempt-2", "request"), bench.names());
    }

    @Test
    void whatIsLostIsResumedWhetherItWasBegunOrNot() {
        // Given
        OperationRequest begun = bench.restore();
        operations.begin(begun, "pod-1");
        OperationRequest pending = bench.restore();
        bench.clock.pass(StatusResolver.SILENCE);

        // When
        List<OperationRequest> resumed = List.of(
                operations.requireResumable(begun.id(), bench.runner),
                operations.requireResumable(pending.id(), bench.runner));

        // Then
        assertEquals(List.of(begun, pending), resumed);
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "CANCELLED"})
    void whatIsOverForGoodIsNotResumed(OperationState state) {
        // Given
        OperationRequest asked = bench.restore();
        operations.begin(asked, "pod-1").finish(new ProgressTracker().read(), OperationFixture.ending(state));

        // When
        NotResumableException refusal =
                assertThrows(NotResumableException.class, () -> operations.requireResumable(asked.id(), bench.runner));

        // Then
        assertEquals(
                "Operation 20260304T050607Z-00000001 is %s and cannot be resumed. Ask for a new one"
                        .formatted(state.label()),
                refusal.getMessage());
        FencedException denial = assertThrows(FencedException.class, () -> operations.begin(asked, "pod-2"));
        assertEquals(state, denial.became());
        assertEquals(List.of("attempt-1", "request"), bench.names());
    }

    @Test
    void whatIsAtWorkOrAboutToBeIsNotResumed() {
        // Given
        OperationRequest running = bench.restore();
        operations.begin(running, "pod-1");
        OperationRequest pending = bench.restore();

        // When
        NotResumableException ofRunning = assertThrows(
                NotResumableException.class, () -> operations.requireResumable(running.id(), bench.runner));
        NotResumableException ofPending = assertThrows(
                NotResumableException.class, () -> operations.requireResumable(pending.id(), bench.runner));

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
        Attempt attempt = operations.begin(bench.restore(), "pod-1");
        operations.cancel(OperationFixture.FIRST, "bob");
        attempt.finish(new ProgressTracker().read(), OperationFixture.ending(OperationState.FAILED));

        // When
        NotResumableException refusal = assertThrows(
                NotResumableException.class, () -> operations.requireResumable(OperationFixture.FIRST, bench.runner));

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
                () -> operations.requireResumable(OperationFixture.FIRST, bench.runner));

        // Then
        assertEquals(
                "There is no operation 20260304T050607Z-00000001 in backup: it was dropped after 90 days, or asked for"
                        + " with another backup bucket",
                refusal.getMessage());
    }

    @Test
    void ofTwoThatBeginAtOnceOneDoes() {
        // Given
        OperationRequest asked = bench.restore();
        bench.backup.before((operation, key) -> {
            if (operation == Operation.PUT) {
                bench.mend();
                operations.begin(asked, "the other");
            }
        });

        // When
        FencedException refusal = assertThrows(FencedException.class, () -> operations.begin(asked, "this one"));

        // Then
        assertEquals(
                "Attempt 1 at operation 20260304T050607Z-00000001 was begun by another process", refusal.getMessage());
        assertEquals(OperationState.LOST, refusal.became());
        assertEquals(List.of("attempt-1", "request"), bench.names());
        assertEquals("the other", bench.status().attempt().orElseThrow().runner());
    }

    @Test
    void inAStoreThatHeedsNoConditionTheFirstOfTwoNoticesBeforeItWrites() {
        // Given
        ObjectStore heedless = new Heedless(bench.bucket);
        OperationRequest asked = bench.restore();
        Attempt first = new Operations(heedless, bench.clock, () -> "0000000a").begin(asked, "first");
        new Operations(new Blind(heedless), bench.clock, () -> "0000000b").begin(asked, "second");

        // When
        FencedException stop = assertThrows(FencedException.class, first::require);

        // Then
        assertEquals("Attempt 1 at operation 20260304T050607Z-00000001 is another process's", stop.getMessage());
        assertEquals("second", bench.status().attempt().orElseThrow().runner());
    }

    @Test
    void theTimeIsKeptInFull() {
        // Given
        bench.clock.pass(Duration.ofMillis(123));

        // When
        OperationRequest asked = bench.restore();

        // Then
        assertEquals(SettableClock.START.plusMillis(123), asked.asked());
        assertEquals(Optional.of(asked), operations.request(asked.id()));
        assertTrue(asked.id().asked().isBefore(asked.asked()));
    }

    /** Writes, and is told that somebody else had: as when the answer is lost and the client sends the request again. */
    private static final class Forgetful extends ForwardingObjectStore {
        Forgetful(ObjectStore below) {
            super(below);
        }

        @Override
        public boolean putIfAbsent(String key, ContentSource content) {
            super.putIfAbsent(key, content);
            return false;
        }
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

    /** Sees of an operation its request alone, as whoever looked before the attempt was there. */
    private static final class Blind extends ForwardingObjectStore {
        Blind(ObjectStore below) {
            super(below);
        }

        @Override
        @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
        public Stream<ObjectInfo> list(String prefix) {
            return super.list(prefix).filter(object -> object.key().endsWith("/request"));
        }
    }
}
