package dev.registrybackup.operation;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

/** Runs operations in this process, each on a thread of its own. */
public final class InProcessRunner implements OperationRunner {
    private static final System.Logger LOGGER = System.getLogger(InProcessRunner.class.getName());

    private final OperationExecution execution;
    private final WorkerPools workerPools;
    private final String runnerName;
    private final Set<OperationId> running = ConcurrentHashMap.newKeySet();

    /**
     * Runs operations through this execution.
     *
     * @param runnerName this process's name, for people
     */
    public InProcessRunner(OperationExecution execution, WorkerPools workerPools, String runnerName) {
        this.execution = execution;
        this.workerPools = workerPools;
        this.runnerName = runnerName;
    }

    @Override
    public void start(OperationRequest request) {
        running.add(request.id());
        try {
            workerPools.submitOperation(() -> run(request));
        } catch (RejectedExecutionException e) {
            running.remove(request.id());
            throw new OperationNotStartedException(
                    "Failed to start operation %s: this process is stopping. Retry".formatted(request.id()), e);
        }
    }

    private void run(OperationRequest request) {
        try {
            execution.run(request.id(), runnerName, new ProgressTracker());
        } catch (RuntimeException e) {
            LogEvent.of("operation-not-started")
                    .with("id", request.id())
                    .with("kind", request.kind().label())
                    .with("reason", e.getMessage())
                    .with("next", "it shows as lost: submit the same request again")
                    .log(LOGGER, Level.ERROR);
        } finally {
            running.remove(request.id());
        }
    }

    /** Does nothing: a started operation runs at once. */
    @Override
    public void abandon(OperationRequest request) {}

    @Override
    public Liveness liveness(OperationRequest request) {
        return running.contains(request.id())
                ? Liveness.RUNNING
                : Liveness.dead("No process has sent a heartbeat for %d s. Submit the same request again"
                        .formatted(StatusResolver.HEARTBEAT_TIMEOUT.toSeconds()));
    }
}
