package dev.registrybackup.operation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Determines the status of operations from their records, and from their runner if there is no recent heartbeat.
 * Heartbeats have the time of the process that sends them: if two clocks differ by more than the timeout, a running
 * operation may show as lost.
 */
final class StatusResolver {
    /** Without a heartbeat for this long, an operation may be lost. */
    static final Duration HEARTBEAT_TIMEOUT = Duration.ofMinutes(2);

    private final OperationStore store;
    private final OperationRunner runner;
    private final Clock clock;

    StatusResolver(OperationStore store, OperationRunner runner, Clock clock) {
        this.store = store;
        this.runner = runner;
        this.clock = clock;
    }

    /** Empty if it was deleted meanwhile, or its request cannot be read. */
    Optional<OperationStatus> resolve(OperationStore.Listing listing) {
        return store.readRequest(listing.id()).map(request -> resolve(request, listing, store.readRun(listing)));
    }

    private OperationStatus resolve(OperationRequest request, OperationStore.Listing listing, Optional<RunRecord> run) {
        Optional<RunRecord> end = run.filter(recorded -> recorded.state().isFinished());
        if (end.isPresent()) {
            return new OperationStatus(
                    request, end.get().state(), run, end.get().reason());
        }
        if (listing.isCancelled() && !listing.hasRun()) {
            return cancelled(request, run);
        }
        OperationState shown = listing.hasRun() ? OperationState.RUNNING : OperationState.PENDING;
        Instant lastSign = run.map(RunRecord::heartbeatAt).orElse(request.requestedAt());
        if (Duration.between(lastSign, clock.instant()).compareTo(HEARTBEAT_TIMEOUT) < 0) {
            return new OperationStatus(request, shown, run, Optional.empty());
        }
        Liveness liveness = runner.liveness(request);
        return switch (liveness.kind()) {
            case RUNNING -> new OperationStatus(request, shown, run, Optional.empty());
            case UNKNOWN -> new OperationStatus(request, shown, run, Optional.of(liveness.reason()));
            case DEAD ->
                listing.isCancelled()
                        ? cancelled(request, run)
                        : new OperationStatus(
                                request, OperationState.LOST, run, Optional.of(lossReason(liveness, run)));
        };
    }

    /** A Job ends because one of its indexes failed too often; what that recorded says more than the Job's end. */
    private static String lossReason(Liveness liveness, Optional<RunRecord> run) {
        return run.flatMap(RunRecord::reason)
                .map(why -> "%s. An index failed: %s".formatted(liveness.reason(), why))
                .orElse(liveness.reason());
    }

    private OperationStatus cancelled(OperationRequest request, Optional<RunRecord> run) {
        return new OperationStatus(
                request, OperationState.CANCELLED, run, Optional.of(store.cancellationReason(request.id())));
    }
}
