package dev.registrybackup.operation;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.operation.RunRecord.RunOutcome;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One process's run of an operation. Each {@link #heartbeat} records its progress and checks whether it was cancelled
 * or replaced; from then on {@link #check} throws. Safe for use by many threads.
 */
final class OperationRun implements Fence {
    private final OperationRequest request;
    private final String token;
    private final OperationStore store;
    private final OperationLock lock;
    private final Clock clock;
    private final SingleVersionRecord record;
    /** Guarded by this: the record's content. */
    private RunRecord content;
    /** Written under this object's lock, read without. */
    private volatile @Nullable StopReason stopReason;

    /** Why it must stop. {@link OperationState#LOST}: another process runs the operation and writes its record. */
    record StopReason(OperationState state, String reason) {}

    private OperationRun(
            OperationRequest request,
            String token,
            OperationStore store,
            OperationLock lock,
            Clock clock,
            SingleVersionRecord record,
            RunRecord content) {
        this.request = request;
        this.token = token;
        this.store = store;
        this.lock = lock;
        this.clock = clock;
        this.record = record;
        this.content = content;
    }

    /**
     * Records that this process runs the operation, in place of the record of any process before it.
     *
     * @param token distinguishes this run from others of the same operation
     * @param runner where it runs, for people
     * @throws ObjectStoreException if that cannot be recorded
     */
    static OperationRun start(
            OperationRequest request,
            String token,
            String runner,
            OperationStore store,
            OperationLock lock,
            Clock clock) {
        RunRecord content = RunRecord.started(runner, clock.instant());
        SingleVersionRecord record = store.runWriter(request.id());
        record.write(content.json().toString());
        return new OperationRun(request, token, store, lock, clock, record, content);
    }

    /**
     * Takes the lock for this run, before any of its work.
     *
     * @throws ConflictException if another operation has it
     */
    void acquireLock() {
        lock.acquire(request, token, OperationStore.key(request.id(), OperationStore.RUN), silent -> false);
    }

    @Override
    public void check() {
        StopReason stopped = stopReason;
        if (stopped != null) {
            throw new FencedException(stopped.reason());
        }
    }

    /**
     * Records the progress, unless the run must stop. A failure does not affect the run: the next heartbeat tries
     * again.
     *
     * @throws ObjectStoreException if the bucket did not answer
     */
    synchronized void heartbeat(ProgressTracker.Progress progress) {
        if (stopReason == null) {
            stopReason = findStopReason().orElse(null);
        }
        if (stopReason == null) {
            content = content.withHeartbeat(clock.instant(), progress);
            record.write(content.json().toString());
        }
    }

    /**
     * Records the end; from then on {@link #check} throws.
     *
     * @return false if another process runs the operation: nothing is recorded then
     * @throws ObjectStoreException if the bucket did not answer
     */
    synchronized boolean finish(ProgressTracker.Progress progress, RunOutcome outcome) {
        stopReason = new StopReason(outcome.state(), "This run of operation %s has ended".formatted(request.id()));
        if (findStopReason().filter(stop -> stop.state() == OperationState.LOST).isPresent()) {
            return false;
        }
        content = content.finished(clock.instant(), progress, outcome);
        record.write(content.json().toString());
        return true;
    }

    /** Why it must stop; empty if it may continue. */
    Optional<StopReason> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    private Optional<StopReason> findStopReason() {
        OperationId id = request.id();
        Optional<OperationStore.Listing> listing = store.find(id);
        if (listing.isEmpty()) {
            return Optional.of(new StopReason(
                    OperationState.LOST,
                    "Operation %s is missing from %s: it was deleted".formatted(id, store.bucket())));
        }
        if (!lock.isHeldBy(request, token)) {
            return Optional.of(
                    lock.isHeldByOperation(request)
                            ? new StopReason(OperationState.LOST, "Another process runs operation %s now".formatted(id))
                            : new StopReason(
                                    OperationState.FAILED,
                                    "Another operation started to %s %s, because %s had sent no heartbeat for %d s"
                                            .formatted(
                                                    request.kind().label(),
                                                    request.slot(),
                                                    id,
                                                    StatusResolver.HEARTBEAT_TIMEOUT.toSeconds())));
        }
        return listing.filter(OperationStore.Listing::isCancelled)
                .map(cancelled -> new StopReason(OperationState.CANCELLED, store.cancellationReason(id)));
    }
}
