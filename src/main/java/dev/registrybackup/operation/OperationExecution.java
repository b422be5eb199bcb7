package dev.registrybackup.operation;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.AttemptRecord.AttemptOutcome;
import dev.registrybackup.operation.OperationHandler.OperationResult;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Carries operations out in this process: begins an attempt, shows life while its work goes on, records how it ended. */
public final class OperationExecution {
    /** A sign of life comes this often. */
    static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(15);

    private static final System.Logger LOGGER = System.getLogger(OperationExecution.class.getName());

    private final Operations operations;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final Map<OperationKind, OperationHandler> handlers;

    private final Duration heartbeat;

    /** Carries out the kinds that there is work for. */
    public OperationExecution(
            Operations operations, WorkerPools workerPools, Clock clock, Map<OperationKind, OperationHandler> work) {
        this(operations, workerPools, clock, work, HEARTBEAT_INTERVAL);
    }

    OperationExecution(
            Operations operations,
            WorkerPools workerPools,
            Clock clock,
            Map<OperationKind, OperationHandler> work,
            Duration beat) {
        this.heartbeat = beat;
        this.operations = operations;
        this.workerPools = workerPools;
        this.clock = clock;
        this.handlers = Map.copyOf(work);
    }

    /**
     * Makes an attempt at the operation, on the caller's thread, and returns when that has ended.
     *
     * @param runner where it runs, for a human
     * @return how the operation stands for this attempt. {@link OperationState#LOST}: another attempt carries it on, and
     *     this one is nobody's concern any more. A state that an earlier attempt reached, where there was nothing to begin
     * @throws NoSuchOperationException if there is no such operation
     * @throws ObjectStoreException if the bucket could not be asked, so that nothing was begun
     */
    public OperationState run(OperationId id, String runner) {
        Instant begun = clock.instant();
        OperationRequest request = operations.requireRequest(id);
        OperationState state;
        String reason;
        try {
            Attempt attempt = operations.startAttempt(request, runner);
            ProgressTracker progressTracker = new ProgressTracker();
            AttemptOutcome attemptOutcome = runHandler(request, attempt, progressTracker);
            state = finish(request, attempt, progressTracker, attemptOutcome);
            reason = attemptOutcome.reason().orElse("");
        } catch (FencedException e) {
            state = e.state();
            reason = String.valueOf(e.getMessage());
        }
        LogEvent.of("operation-finished")
                .with("id", id)
                .with("kind", request.kind().label())
                .with("state", state.label())
                .with("millis", Duration.between(begun, clock.instant()).toMillis())
                .with("reason", reason)
                .log(LOGGER, Level.INFO);
        return state;
    }

    private AttemptOutcome runHandler(OperationRequest request, Attempt attempt, ProgressTracker progressTracker) {
        try (WorkerPools.ScheduledTask beating =
                workerPools.scheduleAtFixedRate(heartbeat, () -> heartbeat(attempt, progressTracker))) {
            attempt.takeSlot();
            OperationHandler asked = handlers.get(request.kind());
            if (asked == null) {
                throw new IllegalStateException(
                        "This process cannot " + request.kind().label() + ": it was built without");
            }
            OperationResult operationResult = asked.run(request, attempt, progressTracker);
            return new AttemptOutcome(
                    operationResult.state(), Optional.of(operationResult.summary()), Optional.empty());
        } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
            return attempt.stopReason()
                    .map(stopReason ->
                            new AttemptOutcome(stopReason.state(), Optional.empty(), Optional.of(stopReason.reason())))
                    .orElseGet(() -> failedOutcome(request, e));
        }
    }

    private static AttemptOutcome failedOutcome(OperationRequest request, Throwable failure) {
        LogEvent.of("operation-failed").with("id", request.id()).log(LOGGER, Level.ERROR, failure);
        return new AttemptOutcome(OperationState.FAILED, Optional.empty(), Optional.of(rootMessage(failure)));
    }

    /** That it has to stop is told to the work by its permit; nobody listens here. */
    private static void heartbeat(Attempt attempt, ProgressTracker progressTracker) {
        if (attempt.stopReason().isEmpty()) {
            attempt.heartbeat(progressTracker.progress());
        }
    }

    /** Without a record of its end the operation shows as lost after a while: it is then resumed, and finds it all done. */
    private static OperationState finish(
            OperationRequest request, Attempt attempt, ProgressTracker progressTracker, AttemptOutcome attemptOutcome) {
        try {
            return attempt.finish(progressTracker.progress(), attemptOutcome)
                    ? attemptOutcome.state()
                    : OperationState.LOST;
        } catch (ObjectStoreException e) {
            LogEvent.of("operation-result-not-recorded")
                    .with("id", request.id())
                    .with("state", attemptOutcome.state().label())
                    .with("reason", e.getMessage())
                    .with("next", "it shows as lost, and can be resumed")
                    .log(LOGGER, Level.ERROR);
            return attemptOutcome.state();
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName());
    }
}
