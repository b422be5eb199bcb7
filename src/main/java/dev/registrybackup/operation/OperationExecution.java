package dev.registrybackup.operation;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.AttemptRecord.Ending;
import dev.registrybackup.operation.OperationHandler.Result;
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
    static final Duration BEAT = Duration.ofSeconds(15);

    private static final System.Logger LOGGER = System.getLogger(OperationExecution.class.getName());

    private final Operations operations;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final Map<OperationKind, OperationHandler> work;

    private final Duration beat;

    /** Carries out the kinds that there is work for. */
    public OperationExecution(
            Operations operations, WorkerPools workerPools, Clock clock, Map<OperationKind, OperationHandler> work) {
        this(operations, workerPools, clock, work, BEAT);
    }

    OperationExecution(
            Operations operations,
            WorkerPools workerPools,
            Clock clock,
            Map<OperationKind, OperationHandler> work,
            Duration beat) {
        this.beat = beat;
        this.operations = operations;
        this.workerPools = workerPools;
        this.clock = clock;
        this.work = Map.copyOf(work);
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
        OperationRequest request = operations.require(id);
        OperationState state;
        String reason;
        try {
            Attempt attempt = operations.begin(request, runner);
            ProgressTracker progressTracker = new ProgressTracker();
            Ending ending = carryOut(request, attempt, progressTracker);
            state = finish(request, attempt, progressTracker, ending);
            reason = ending.reason().orElse("");
        } catch (FencedException e) {
            state = e.became();
            reason = String.valueOf(e.getMessage());
        }
        LOGGER.log(
                Level.INFO,
                "event=operation id={0} kind={1} state={2} millis={3,number,#} reason=\"{4}\"",
                id,
                request.kind().label(),
                state.label(),
                Duration.between(begun, clock.instant()).toMillis(),
                reason.replace("\n", "; "));
        return state;
    }

    private Ending carryOut(OperationRequest request, Attempt attempt, ProgressTracker progressTracker) {
        try (WorkerPools.Repeated beating = workerPools.every(beat, () -> beat(attempt, progressTracker))) {
            OperationHandler asked = work.get(request.kind());
            if (asked == null) {
                throw new IllegalStateException(
                        "This process cannot " + request.kind().label() + ": it was built without");
            }
            Result result = asked.run(request, attempt, progressTracker);
            return new Ending(result.state(), Optional.of(result.summary()), Optional.empty());
        } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
            return attempt.stopped()
                    .map(stop -> new Ending(stop.became(), Optional.empty(), Optional.of(stop.why())))
                    .orElseGet(() -> failed(request, e));
        }
    }

    private static Ending failed(OperationRequest request, Throwable failure) {
        LOGGER.log(Level.ERROR, "event=operation-work-failed id=" + request.id(), failure);
        return new Ending(OperationState.FAILED, Optional.empty(), Optional.of(message(failure)));
    }

    /** That it has to stop is told to the work by its permit; nobody listens here. */
    private static void beat(Attempt attempt, ProgressTracker progressTracker) {
        if (attempt.stopped().isEmpty()) {
            attempt.beat(progressTracker.read());
        }
    }

    /** Without a record of its end the operation shows as lost after a while: it is then resumed, and finds it all done. */
    private static OperationState finish(
            OperationRequest request, Attempt attempt, ProgressTracker progressTracker, Ending ending) {
        try {
            return attempt.finish(progressTracker.read(), ending) ? ending.state() : OperationState.LOST;
        } catch (ObjectStoreException e) {
            LOGGER.log(
                    Level.ERROR,
                    "event=operation-end-not-recorded id={0} state={1} reason=\"{2}\" next=\"it shows as lost, and can be"
                            + " resumed\"",
                    request.id(),
                    ending.state().label(),
                    e.getMessage());
            return ending.state();
        }
    }

    private static String message(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName());
    }
}
