package dev.registrybackup.function;

import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.OperationExecution;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.Work;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Attempts at operations made in this process, with a look at how far the last one is. */
final class Attempts {
    private final OperationExecution execution;
    private final String runner;
    /** Written by the attempt, read by whoever shows progress; volatile so that it is seen. */
    private volatile @Nullable Meter meter;

    /**
     * Attempts of these kinds of work.
     *
     * @param execution makes an execution of the work given
     * @param runner this process's name, for a human
     */
    Attempts(
            Map<OperationKind, Work> work,
            Function<Map<OperationKind, Work>, OperationExecution> execution,
            String runner) {
        this.runner = runner;
        this.execution = execution.apply(work.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> watched(entry.getValue()))));
    }

    private Work watched(Work work) {
        return (request, permit, running) -> {
            meter = running;
            return work.run(request, permit, running);
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
    Optional<Meter.Reading> reading() {
        return Optional.ofNullable(meter).map(Meter::read);
    }
}
