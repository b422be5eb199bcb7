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
    static final Duration SILENCE = Duration.ofMinutes(2);

    private final OperationStore folder;
    private final Clock clock;

    StatusResolver(OperationStore folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
    }

    /** Empty if it is dropped meanwhile, or its request cannot be read. */
    Optional<OperationStatus> of(OperationListing contents, OperationRunner operationRunner) {
        return folder.request(contents.id()).map(request -> {
            Optional<AttemptRecord> newest = contents.newestAttempt() == 0
                    ? Optional.empty()
                    : folder.attempt(contents.id(), contents.newestAttempt());
            return newest.filter(attempt -> attempt.state().isOver())
                    .map(attempt -> new OperationStatus(request, attempt.state(), newest, attempt.reason()))
                    .orElseGet(() -> open(request, contents, newest, operationRunner));
        });
    }

    private OperationStatus open(
            OperationRequest request,
            OperationListing contents,
            Optional<AttemptRecord> newest,
            OperationRunner operationRunner) {
        OperationState shown = contents.newestAttempt() == 0 ? OperationState.PENDING : OperationState.RUNNING;
        if (contents.isCancelled() && shown == OperationState.PENDING) {
            return cancelled(request, newest);
        }
        if (!isSilent(newest.map(AttemptRecord::heartbeat).orElse(request.asked()))) {
            return new OperationStatus(request, shown, newest, Optional.empty());
        }
        Liveness liveness = operationRunner.liveness(request);
        return switch (liveness.kind()) {
            case RUNNING -> new OperationStatus(request, shown, newest, Optional.empty());
            case UNKNOWN -> new OperationStatus(request, shown, newest, Optional.of(liveness.reason()));
            case GONE ->
                contents.isCancelled()
                        ? cancelled(request, newest)
                        : new OperationStatus(request, OperationState.LOST, newest, Optional.of(liveness.reason()));
        };
    }

    private OperationStatus cancelled(OperationRequest request, Optional<AttemptRecord> newest) {
        return new OperationStatus(
                request, OperationState.CANCELLED, newest, Optional.of(folder.cancellation(request.id())));
    }

    private boolean isSilent(Instant lastSign) {
        return Duration.between(lastSign, clock.instant()).compareTo(SILENCE) >= 0;
    }
}
