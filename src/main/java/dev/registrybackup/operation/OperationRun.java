package dev.registrybackup.operation;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.operation.RunRecord.RunOutcome;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One process's run of an operation. Each {@link #heartbeat} records its progress and checks whether it was cancelled
 * or replaced; from then on {@link #check} throws. The indexes of a divided operation hold its lock together, each with
 * a record of its own. Safe for use by many threads.
 */
final class OperationRun implements Fence {
    /** In place of a token in the lock that all indexes of an operation hold. */
    private static final String INDEXES = "indexes";

    private final OperationRequest request;
    private final CompletionIndex index;
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
            CompletionIndex index,
            String token,
            OperationStore store,
            OperationLock lock,
            Clock clock,
            SingleVersionRecord record,
            RunRecord content) {
        this.request = request;
        this.index = index;
        this.token = index.isOnly() ? token : INDEXES;
        this.store = store;
        this.lock = lock;
        this.clock = clock;
        this.record = record;
        this.content = content;
    }

    /**
     * Records that this process runs the operation, in place of the record of any process before it.
     *
     * @param index which share of the operation it runs
     * @param token distinguishes this run from others of the same operation
     * @param runner where it runs, for people
     * @throws ObjectStoreException if that cannot be recorded
     */
    static OperationRun start(
            OperationRequest request,
            CompletionIndex index,
            String token,
            String runner,
            OperationStore store,
            OperationLock lock,
            Clock clock) {
        RunRecord content = RunRecord.started(runner, clock.instant());
        SingleVersionRecord record = store.runWriter(request.id(), OperationStore.runName(index));
        record.write(content.json().toString());
        return new OperationRun(request, index, token, store, lock, clock, record, content);
    }

    /**
     * Takes the lock for this run, before any of its work.
     *
     * @throws ConflictException if another operation has it
     */
    void acquireLock() {
        String written = OperationStore.key(request.id(), OperationStore.runName(index));
        for (int attempt = 1; ; attempt++) {
            try {
                lock.acquire(request, token, written, silent -> false);
                return;
            } catch (ConflictException e) {
                // Without versions, each other index may once delete our lock instead of the void one it found.
                if (!e.running().equals(request.id()) || attempt == index.completions()) {
                    throw e;
                }
            }
        }
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
     * Records the end, of the operation too if all its indexes are done; from then on {@link #check} throws.
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
        boolean isMerged = outcome.state() == OperationState.SUCCEEDED || outcome.state() == OperationState.INCOMPLETE;
        if (!index.isOnly() && isMerged) {
            Instant first = store.find(request.id())
                    .flatMap(store::readRun)
                    .map(RunRecord::startedAt)
                    .orElse(content.startedAt());
            String whole = content.startedAt(first).json().toString();
            store.runWriter(request.id(), OperationStore.RUN).write(whole);
        }
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
        StopReason replaced =
                new StopReason(OperationState.LOST, "Another process runs operation %s now".formatted(id));
        if (!lock.isHeldBy(request, token)) {
            return Optional.of(
                    lock.isHeldByOperation(request)
                            ? replaced
                            : new StopReason(
                                    OperationState.FAILED,
                                    "Another operation started to %s %s, because %s had sent no heartbeat for %d s"
                                            .formatted(
                                                    request.kind().label(),
                                                    request.slot(),
                                                    id,
                                                    StatusResolver.HEARTBEAT_TIMEOUT.toSeconds())));
        }
        // The lock does not tell two processes of one index apart.
        if (!index.isOnly() && !store.readRun(id, index).map(content::isSameRun).orElse(true)) {
            return Optional.of(replaced);
        }
        return listing.filter(OperationStore.Listing::isCancelled)
                .map(cancelled -> new StopReason(OperationState.CANCELLED, store.cancellationReason(id)));
    }
}
