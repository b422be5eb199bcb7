package dev.registrybackup.operation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How operations stand, told from their records, and from their runner where the records have been silent for long. Signs of
 * life are in the clock of the process that gave them: where two clocks are further apart than the silence, an operation at
 * work may show as lost. Whoever resumes it then makes it stop, which costs time and nothing else.
 */
final class StatusResolver {
    /** Without a sign of life for so long, an operation may be lost. */
    static final Duration HEARTBEAT_TIMEOUT = Duration.ofMinutes(2);

    private final OperationStore store;
    private final Clock clock;

    StatusResolver(OperationStore folder, Clock clock) {
        this.store = folder;
        this.clock = clock;
    }

    /** Empty if it is dropped meanwhile, or its request cannot be read. */
    Optional<OperationStatus> resolve(OperationListing contents, OperationRunner operationRunner) {
        return store.readRequest(contents.id()).map(request -> {
            Optional<AttemptRecord> newest = contents.newestAttempt() == 0
                    ? Optional.empty()
                    : store.readAttempt(contents.id(), contents.newestAttempt());
            return newest.filter(attempt -> attempt.state().isFinished())
                    .map(attempt -> new OperationStatus(request, attempt.state(), newest, attempt.reason()))
                    .orElseGet(() -> resolveUnfinished(request, contents, newest, operationRunner));
        });
    }

    private OperationStatus resolveUnfinished(
            OperationRequest request,
            OperationListing contents,
            Optional<AttemptRecord> newest,
            OperationRunner operationRunner) {
        OperationState shown = contents.newestAttempt() == 0 ? OperationState.PENDING : OperationState.RUNNING;
        if (contents.isCancelled() && shown == OperationState.PENDING) {
            return cancelled(request, newest);
        }
        if (!isHeartbeatStale(newest.map(AttemptRecord::heartbeatAt).orElse(request.requestedAt()))) {
            return new OperationStatus(request, shown, newest, Optional.empty());
        }
        Liveness liveness = operationRunner.liveness(request);
        return switch (liveness.kind()) {
            case RUNNING -> new OperationStatus(request, shown, newest, Optional.empty());
            case UNKNOWN -> new OperationStatus(request, shown, newest, Optional.of(liveness.reason()));
            case DEAD ->
                contents.isCancelled()
                        ? cancelled(request, newest)
                        : new OperationStatus(request, OperationState.LOST, newest, Optional.of(liveness.reason()));
        };
    }

    private OperationStatus cancelled(OperationRequest request, Optional<AttemptRecord> newest) {
        return new OperationStatus(
                request, OperationState.CANCELLED, newest, Optional.of(store.cancellationReason(request.id())));
    }

    private boolean isHeartbeatStale(Instant lastSign) {
        return Duration.between(lastSign, clock.instant()).compareTo(HEARTBEAT_TIMEOUT) >= 0;
    }
}
