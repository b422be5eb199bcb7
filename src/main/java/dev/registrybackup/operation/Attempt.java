package dev.registrybackup.operation;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.AttemptRecord.AttemptOutcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One process's attempt at an operation, and the one writer of its record. Safe for use by many threads.
 *
 * <p>As a permit it answers from memory what the bucket said less than 20 seconds ago, and asks otherwise; a newer attempt
 * comes into being only after two minutes without a sign of life. So a process that stood still and goes on asks before the
 * first thing it writes. What it had handed to the network before it stood still, or was about to, nobody can call back: at
 * most one request for each of its threads, and those carry proved bytes.
 */
public final class Attempt implements Fence {
    /** For so long the bucket's last answer holds. */
    static final Duration FENCE_TTL = Duration.ofSeconds(20);

    private static final int MAX_CHECKS = 2;

    private final OperationRequest request;
    private final OperationId id;
    private final OperationStore store;
    private final OperationLock slot;
    private final SingleVersionRecord record;
    private final Clock clock;
    /** Guarded by this: what the record says. */
    private AttemptRecord attemptRecord;
    /** Guarded by this. */
    private boolean hasSlot;
    /** Guarded by this. */
    private boolean finished;
    /** Written under this object's lock, read without: when the look began that last found nothing against going on. */
    private volatile @Nullable Instant checkedAt;
    /** Written under this object's lock, read without. */
    private volatile @Nullable StopReason stopReason;

    /** Why it may not go on. */
    record StopReason(OperationState state, String reason) {}

    Attempt(
            OperationRequest request,
            OperationStore folder,
            OperationLock slot,
            SingleVersionRecord record,
            AttemptRecord first,
            Clock clock) {
        this.request = request;
        this.id = request.id();
        this.store = folder;
        this.slot = slot;
        this.record = record;
        this.attemptRecord = first;
        this.clock = clock;
    }

    /**
     * Takes what only one operation of its kind may have in the whole bucket, if it needs that; to be done before its work.
     *
     * @throws ConflictException if another operation at work has it
     */
    synchronized void takeSlot() {
        slot.take(request, OperationStore.key(id, OperationStore.ATTEMPT_PREFIX + attemptRecord.number()));
        hasSlot = true;
    }

    /**
     * {@inheritDoc}
     *
     * @throws ObjectStoreException if the bucket has to be asked and cannot be: then nothing may be written either
     */
    @Override
    public void check() {
        throwIfStopped();
        if (!isCheckFresh()) {
            checkUnlessFresh();
        }
    }

    /**
     * Shows life: puts on record how far it is.
     *
     * @throws FencedException if it may not go on; nothing is written then
     * @throws ObjectStoreException if the bucket could not be asked or written to
     */
    public synchronized void heartbeat(ProgressTracker.Progress far) {
        throwIfStopped();
        checkStore();
        throwIfStopped();
        attemptRecord = attemptRecord.withHeartbeat(clock.instant(), far);
        record.write(attemptRecord.json().toString());
    }

    /**
     * Puts its end on record, after which it permits nothing more.
     *
     * @return false if another attempt carries on the operation: nothing is written then
     * @throws ObjectStoreException if the bucket could not be asked or written to
     */
    public synchronized boolean finish(ProgressTracker.Progress far, AttemptOutcome attemptOutcome) {
        StopReason told = stopReason;
        boolean settled = finished || (told != null && told.state() == OperationState.LOST);
        finished = true;
        stopReason = new StopReason(
                attemptOutcome.state(), "Attempt %d at operation %s has ended".formatted(attemptRecord.number(), id));
        if (settled || supersededReason(store.find(id)).isPresent()) {
            return false;
        }
        attemptRecord = attemptRecord.finishedAt(clock.instant(), far, attemptOutcome);
        record.write(attemptRecord.json().toString());
        return true;
    }

    /** Why it may not go on, if it was told so. */
    Optional<StopReason> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    private void throwIfStopped() {
        StopReason told = stopReason;
        if (told != null) {
            throw new FencedException(told.state(), told.reason());
        }
    }

    /** A clock that was set back holds nothing. */
    private boolean isCheckFresh() {
        Instant last = checkedAt;
        if (last == null) {
            return false;
        }
        Duration ago = Duration.between(last, clock.instant());
        return !ago.isNegative() && ago.compareTo(FENCE_TTL) < 0;
    }

    /** A look during which the process stood still tells no more than none: then there is a second one. */
    private synchronized void checkUnlessFresh() {
        for (int looks = 0; looks < MAX_CHECKS && !isCheckFresh(); looks++) {
            checkStore();
            throwIfStopped();
        }
        if (!isCheckFresh()) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to tell whether operation %s may go on: %s took more than %d s to answer"
                            .formatted(id, store.bucket(), FENCE_TTL.toSeconds()));
        }
    }

    private synchronized void checkStore() {
        Instant begun = clock.instant();
        Optional<OperationListing> contents = store.find(id);
        supersededReason(contents)
                .or(() -> contents.filter(OperationListing::isCancelled)
                        .map(found -> new StopReason(OperationState.CANCELLED, store.cancellationReason(id))))
                .or(this::ousted)
                .ifPresentOrElse(told -> stopReason = told, () -> checkedAt = begun);
    }

    private synchronized Optional<StopReason> supersededReason(Optional<OperationListing> contents) {
        if (contents.isEmpty()) {
            return lost("Operation %s is gone from %s: it was dropped".formatted(id, store.bucket()));
        }
        int newest = contents.get().newestAttempt();
        if (newest > attemptRecord.number()) {
            return lost("Operation %s is carried on by attempt %d".formatted(id, newest));
        }
        boolean mine = store.readAttempt(id, attemptRecord.number())
                .filter(there -> there.token().equals(attemptRecord.token()))
                .isPresent();
        return mine
                ? Optional.empty()
                : lost("Attempt %d at operation %s is another process's".formatted(attemptRecord.number(), id));
    }

    private synchronized Optional<StopReason> ousted() {
        return !hasSlot || slot.isHeldBy(request)
                ? Optional.empty()
                : Optional.of(new StopReason(
                        OperationState.FAILED,
                        "Another operation began to %s, since %s had shown no life for %d s"
                                .formatted(request.kind().label(), id, StatusResolver.HEARTBEAT_TIMEOUT.toSeconds())));
    }

    private static Optional<StopReason> lost(String why) {
        return Optional.of(new StopReason(OperationState.LOST, why));
    }
}
