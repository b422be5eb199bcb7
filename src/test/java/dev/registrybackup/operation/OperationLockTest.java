package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two operations on one slot, in processes that know of each other by the bucket alone. */
class OperationLockTest {
    private static final String KEY = "registry-backup/locks/restore/registry";

    private final OperationFixture fixture = new OperationFixture();
    private final ProgressTracker progressTracker = new ProgressTracker();

    private static OperationRequest create(OperationService service, OperationKind kind) {
        return service.create(kind, "registry", OperationFixture.parameters(), "alice");
    }

    @ParameterizedTest
    @EnumSource
    void aSecondOfAKindOnASlotIsRefusedAndForgotten(OperationKind kind) {
        // Given
        OperationRequest first = create(fixture.service, kind);

        // When
        ConflictException refusal = assertThrows(ConflictException.class, () -> create(fixture.service, kind));

        // Then
        assertEquals(first.id(), refusal.running());
        assertEquals(
                "Failed to %s registry: operation 20260304T050607Z-00000001 already does so. Wait for it to finish, or"
                                .formatted(kind.label())
                        + " cancel it",
                refusal.getMessage());
        assertEquals(1, fixture.bucket.keys(OperationFixture.PREFIX).size());
    }

    @Test
    void aSecondIsRefusedAsLongAsTheFirstShowsLife() {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT.minusSeconds(1));

        // When
        ConflictException refusal = assertThrows(ConflictException.class, fixture::createRestore);

        // Then
        assertEquals(OperationFixture.FIRST_ID, refusal.running());
    }

    @Test
    void otherKindsAndSlotsRunBesideIt() {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1");

        // When
        OperationRequest otherSlot = fixture.createRestore("host:/some/where");
        OperationRequest otherKind = create(fixture.service, OperationKind.VERIFY);

        // Then
        assertDoesNotThrow(() -> fixture.startRun(otherSlot, "pod-2"));
        assertDoesNotThrow(() -> fixture.startRun(otherKind, "pod-3"));
        assertEquals(
                List.of(
                        "registry-backup/locks/restore/host%3A%2Fsome%2Fwhere",
                        KEY, "registry-backup/locks/verify/registry"),
                fixture.bucket.keys(OperationLock.PREFIX));
    }

    @ParameterizedTest
    @EnumSource(names = {"SUCCEEDED", "INCOMPLETE", "FAILED", "CANCELLED"})
    void afterItsEndTheNextOneBegins(OperationState state) {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1")
                .finish(progressTracker.progress(), OperationFixture.outcome(state));

        // When
        OperationRun second = fixture.startRun(fixture.createRestore(), "pod-2");

        // Then
        second.heartbeat(progressTracker.progress());
        assertDoesNotThrow(second::check);
        assertEquals(1, fixture.bucket.versionCount(KEY));
    }

    @Test
    void aBucketThatLetsNoVersionGoHasItsNextOperationToo() {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1")
                .finish(progressTracker.progress(), OperationFixture.succeededOutcome());
        fixture.backup.failOn(Operation.DELETE, "", StoreError.FORBIDDEN, "Locked");

        // When
        OperationRun second = fixture.startRun(fixture.createRestore(), "pod-2");

        // Then
        second.heartbeat(progressTracker.progress());
        assertDoesNotThrow(second::check);
    }

    @Test
    void anOperationCancelledBeforeItsStartReleasesTheLock() {
        // Given
        fixture.createRestore();
        fixture.service.cancel(OperationFixture.FIRST_ID, "bob");

        // When
        OperationRequest second = fixture.createRestore();

        // Then
        assertDoesNotThrow(() -> fixture.startRun(second, "pod-2"));
    }

    @Test
    void anOperationThatCouldNotStartReleasesTheLock() {
        // Given
        fixture.discard(fixture.createRestore());

        // When
        OperationRequest second = fixture.createRestore();

        // Then
        assertDoesNotThrow(() -> fixture.startRun(second, "pod-2"));
    }

    @Test
    void anOperationSilentForTwoMinutesLosesTheLockAndStopsAtItsNextHeartbeat() {
        // Given
        OperationRun first = fixture.startRun(fixture.createRestore(), "pod-1");
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        fixture.startRun(fixture.createRestore(), "pod-2");

        // When
        first.heartbeat(progressTracker.progress());

        // Then
        FencedException stop = assertThrows(FencedException.class, first::check);
        assertEquals(
                "Another operation started to restore registry, because 20260304T050607Z-00000001 had sent no"
                        + " heartbeat for 120 s",
                stop.getMessage());
        first.finish(progressTracker.progress(), OperationFixture.outcome(OperationState.FAILED));
        assertEquals(OperationState.FAILED, fixture.state());
    }

    @Test
    void aJobThatWaitsForItsPodMakesNoWayHoweverLong() {
        // Given
        fixture.createRestore();
        fixture.clock.advance(Duration.ofHours(1));
        fixture.runner.setLiveness(Liveness.RUNNING);

        // When
        ConflictException refusal = assertThrows(ConflictException.class, fixture::createRestore);

        // Then
        assertEquals(OperationFixture.FIRST_ID, refusal.running());
    }

    @Test
    void aLateRunFindsTheLockTakenAndFails() {
        // Given
        OperationRequest late = fixture.createRestore();
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        OperationRequest second = fixture.createRestore();
        fixture.startRun(second, "pod-2");

        // When
        ConflictException refusal = assertThrows(ConflictException.class, () -> fixture.startRun(late, "pod-1"));

        // Then
        assertEquals(second.id(), refusal.running());
    }

    @Test
    void aProcessWhoseClockIsAheadTakesNobodyForDead() {
        // Given
        fixture.startRun(fixture.createRestore(), "pod-1");
        SettableClock ahead = new SettableClock();
        ahead.advance(Duration.ofHours(1));
        OperationService elsewhere = new OperationService(fixture.backup, fixture.runner, ahead, () -> "0000000b");

        // When
        ConflictException refusal =
                assertThrows(ConflictException.class, () -> create(elsewhere, OperationKind.RESTORE));

        // Then
        assertEquals(OperationFixture.FIRST_ID, refusal.running());
    }

    @Test
    void anUnknownDecisionIsDeniedAndNotCached() {
        // Given
        fixture.failOn(Operation.OPEN);

        // When
        assertThrows(RuntimeException.class, fixture::createRestore);

        // Then
        assertEquals(List.of(), fixture.bucket.keys(OperationFixture.PREFIX));
    }

    @Test
    void aLockThatCannotBeReadLocksNothing() {
        // Given
        fixture.bucket.seed(KEY, "not JSON".getBytes(java.nio.charset.StandardCharsets.UTF_8));

        // When
        OperationRequest request = fixture.createRestore();

        // Then
        assertDoesNotThrow(() -> fixture.startRun(request, "pod-1"));
        assertEquals(1, fixture.bucket.versionCount(KEY));
    }

    @Test
    void theSecondOfTwoThatFindTheLockFreeIsRefused() {
        // Given
        List<OperationRequest> first = new ArrayList<>();
        createWhenTheOtherWrites(first);

        // When
        ConflictException refusal = assertThrows(ConflictException.class, fixture::createRestore);

        // Then
        assertEquals(
                Optional.of(refusal.running()),
                first.stream().map(OperationRequest::id).findFirst());
        assertEquals(1, fixture.service.listNewest(10).size());
    }

    @Test
    void inAStoreThatHeedsNoConditionOneOfTwoGoesOn() {
        // Given
        ObjectStore heedless = new UnconditionalStore(fixture.backup);
        List<OperationRequest> first = new ArrayList<>();
        createWhenTheOtherWrites(first);
        OperationRequest second = create(fixture.service(heedless), OperationKind.RESTORE);
        OperationRun winner = fixture.startRun(heedless, second, "pod-2");

        // When
        ConflictException refusal =
                assertThrows(ConflictException.class, () -> fixture.startRun(heedless, first.get(0), "pod-1"));

        // Then
        assertEquals(second.id(), refusal.running());
        winner.heartbeat(progressTracker.progress());
        assertDoesNotThrow(winner::check);
    }

    private void createWhenTheOtherWrites(List<OperationRequest> created) {
        fixture.backup.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.equals(KEY)) {
                fixture.backup.heal();
                created.add(fixture.createRestore());
            }
        });
    }
}
