package dev.registrybackup.operation;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.OperationHandler.OperationResult;
import dev.registrybackup.operation.RunRecord.RunOutcome;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Runs operations in this process: takes the lock, sends heartbeats while the handler works, records the result. */
public final class OperationExecution {
    /** With the heartbeat's own requests, a run that was cancelled or replaced notices within 15 s. */
    static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(10);

    private static final System.Logger LOGGER = System.getLogger(OperationExecution.class.getName());

    private final OperationStore store;
    private final OperationLock lock;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final Supplier<String> random;
    private final Map<OperationKind, OperationHandler> handlers;
    private final CompletionIndex index;
    private final Duration heartbeatInterval;

    /**
     * Runs the operations of this bucket.
     *
     * @param random supplies a new random text with each call
     * @param handlers the kinds that this process can run
     * @param index which share of each operation this process runs
     */
    public OperationExecution(
            ObjectStore backup,
            WorkerPools workerPools,
            Clock clock,
            Supplier<String> random,
            Map<OperationKind, OperationHandler> handlers,
            CompletionIndex index) {
        this(backup, workerPools, clock, random, handlers, index, HEARTBEAT_INTERVAL);
    }

    OperationExecution(
            ObjectStore backup,
            WorkerPools workerPools,
            Clock clock,
            Supplier<String> random,
            Map<OperationKind, OperationHandler> handlers,
            CompletionIndex index,
            Duration heartbeatInterval) {
        this.store = new OperationStore(backup);
        this.lock = new OperationLock(backup, store);
        this.workerPools = workerPools;
        this.clock = clock;
        this.random = random;
        this.handlers = Map.copyOf(handlers);
        this.index = index;
        this.heartbeatInterval = heartbeatInterval;
    }

    /**
     * Runs the operation on the caller's thread and returns when it has finished. Runs a failed or lost operation
     * again, but not one that is done or cancelled.
     *
     * @param runner where it runs, for people
     * @param progress receives counts and findings
     * @return the result. {@link OperationState#LOST}: another process runs it now. {@link OperationState#RUNNING}: the
     *     share of this index is done, and another index will finish the operation
     * @throws NoSuchOperationException if there is no such operation
     * @throws ObjectStoreException if the bucket did not answer; nothing was started
     */
    public OperationState run(OperationId id, String runner, ProgressTracker progress) {
        Instant startedAt = clock.instant();
        OperationRequest request =
                store.readRequest(id).orElseThrow(() -> new NoSuchOperationException(id, store.bucket()));
        RunOutcome outcome = findEnd(id).orElseGet(() -> runOnce(request, runner, progress));
        LogEvent.of("operation-finished")
                .with("id", id)
                .with("kind", request.kind().label())
                .with("state", outcome.state().label())
                .with("millis", Duration.between(startedAt, clock.instant()).toMillis())
                .with("reason", outcome.reason().orElse(""))
                .log(LOGGER, Level.INFO);
        return outcome.state();
    }

    /** The recorded result of an operation that must not run again. */
    private Optional<RunOutcome> findEnd(OperationId id) {
        if (store.find(id).filter(OperationStore.Listing::isCancelled).isPresent()) {
            return Optional.of(new RunOutcome(
                    OperationState.CANCELLED, Optional.empty(), Optional.of(store.cancellationReason(id))));
        }
        return store.readRun(id)
                .map(RunRecord::state)
                .filter(state -> state.isFinished() && state != OperationState.FAILED)
                .map(state -> new RunOutcome(
                        state,
                        Optional.empty(),
                        Optional.of("Operation %s is already %s".formatted(id, state.label()))));
    }

    private RunOutcome runOnce(OperationRequest request, String runner, ProgressTracker progress) {
        OperationRun run = OperationRun.start(request, index, random.get(), runner, store, lock, clock);
        RunOutcome outcome;
        try {
            run.acquireLock();
            outcome = handle(request, run, progress);
        } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
            outcome = run.stopReason()
                    .map(stop -> new RunOutcome(stop.state(), Optional.empty(), Optional.of(stop.reason())))
                    .orElseGet(() -> failure(request, e));
        }
        try {
            boolean isRecorded = run.finish(progress.progress(), outcome);
            return isRecorded ? outcome : new RunOutcome(OperationState.LOST, Optional.empty(), outcome.reason());
        } catch (ObjectStoreException e) {
            LogEvent.of("operation-result-not-recorded")
                    .with("id", request.id())
                    .with("state", outcome.state().label())
                    .with("reason", e.getMessage())
                    .with("next", "it shows as lost: submit the same request again")
                    .log(LOGGER, Level.ERROR);
            return outcome;
        }
    }

    private RunOutcome handle(OperationRequest request, OperationRun run, ProgressTracker progress) {
        OperationHandler handler = handlers.get(request.kind());
        if (handler == null) {
            throw new IllegalStateException(
                    "This process cannot " + request.kind().label() + ": it has no handler for this kind of operation");
        }
        try (WorkerPools.ScheduledTask heartbeats = workerPools.scheduleAtFixedRate(
                "operation heartbeat", heartbeatInterval, () -> run.heartbeat(progress.progress()))) {
            OperationResult result = handler.run(request, run, progress);
            return new RunOutcome(result.state(), Optional.of(result.summary()), Optional.empty());
        }
    }

    private static RunOutcome failure(OperationRequest request, Throwable failure) {
        Throwable cause = WorkerPools.unwrap(failure);
        String reason =
                Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName());
        LogEvent.of("operation-failed")
                .with("id", request.id())
                .with("kind", request.kind().label())
                .with("reason", reason)
                .log(LOGGER, Level.ERROR, failure);
        return new RunOutcome(OperationState.FAILED, Optional.empty(), Optional.of(reason));
    }
}
