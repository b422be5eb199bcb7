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
     * Runs them through that execution.
     *
     * @param runnerName this process's name, for a human
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
                    "Failed to start operation %s: this process is about to end. Ask again".formatted(request.id()), e);
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
                    .with("next", "it shows as lost: ask for the same again")
                    .log(LOGGER, Level.ERROR);
        } finally {
            running.remove(request.id());
        }
    }

    /** Nothing waits here: whatever is started begins at once. */
    @Override
    public void abandon(OperationRequest request) {}

    @Override
    public Liveness liveness(OperationRequest request) {
        return running.contains(request.id())
                ? Liveness.RUNNING
                : Liveness.dead("No process has shown that it works on it for %d s. Ask for the same again"
                        .formatted(StatusResolver.HEARTBEAT_TIMEOUT.toSeconds()));
    }
}
