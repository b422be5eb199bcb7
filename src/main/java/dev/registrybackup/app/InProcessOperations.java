package dev.registrybackup.app;

import dev.registrybackup.operation.OperationExecution;
import dev.registrybackup.operation.OperationHandler;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.ProgressTracker;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Attempts at operations made in this process, with a look at how far the last one is. */
final class InProcessOperations {
    private final OperationExecution execution;
    private final String runner;
    /** Written by the attempt, read by whoever shows progress; volatile so that it is seen. */
    private volatile @Nullable ProgressTracker progressTracker;

    /**
     * Attempts of these kinds of work.
     *
     * @param execution makes an execution of the work given
     * @param runner this process's name, for a human
     */
    InProcessOperations(
            Map<OperationKind, OperationHandler> work,
            Function<Map<OperationKind, OperationHandler>, OperationExecution> execution,
            String runner) {
        this.runner = runner;
        this.execution = execution.apply(work.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> watched(entry.getValue()))));
    }

    private OperationHandler watched(OperationHandler operationHandler) {
        return (request, fence, running) -> {
            progressTracker = running;
            return operationHandler.run(request, fence, running);
        };
    }

    OperationExecution execution() {
        return execution;
    }

    /** Makes an attempt, and returns when it has ended. */
    void run(OperationId id) {
        execution.run(id, runner);
    }

    /** How far the last one is; empty before it has begun. */
    Optional<ProgressTracker.Progress> reading() {
        return Optional.ofNullable(progressTracker).map(ProgressTracker::progress);
    }
}
