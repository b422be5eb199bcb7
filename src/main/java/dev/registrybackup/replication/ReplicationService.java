package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import dev.registrybackup.replication.pending.RetryHandler;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Replicates the keys of events and pending keys, and reports each to the listener. Safe for use by many threads. */
public final class ReplicationService implements RetryHandler {
    private final Replicator replicator;
    private final ReplicationListener replicationListener;
    private final CanaryProbe canaryProbe;
    private final WorkerPools workerPools;
    private final Clock clock;

    /** Replicates with this replicator. A canary is not copied; only its arrival is recorded. */
    public ReplicationService(
            Replicator replicator,
            ReplicationListener replicationListener,
            CanaryProbe canaryProbe,
            WorkerPools workerPools,
            Clock clock) {
        this.replicator = replicator;
        this.replicationListener = replicationListener;
        this.canaryProbe = canaryProbe;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /**
     * Replicates the key. A canary is not reported to the listener, so that no metric counts it; the replicator skips it.
     *
     * @return the answer to an event about the key; fails if a retry may succeed
     */
    CompletableFuture<EventResult> replicate(Trigger trigger, PendingKey key) {
        CompletableFuture<ReplicationResult> replicating = CanaryProbe.isCanary(key.key())
                ? workerPools
                        .submitMetadata(() -> canaryProbe.recordArrival(key))
                        .thenCompose(arrived -> replicator.replicate(key.key()))
                : replicationListener.observe(trigger, key, replicator.replicate(key.key()), clock);
        return replicating.thenApply(result -> switch (result.status()) {
            case COPIED, PRESENT, SOURCE_MISSING, SKIPPED, PARTIAL -> EventResult.ACK;
            case CORRUPT, SOURCE_CORRUPT, MALFORMED -> EventResult.reject(Rejection.ofKey(key.key(), result.problem()));
            case BLOCKED -> EventResult.BLOCKED;
        });
    }

    @Override
    public CompletableFuture<Optional<Rejection>> retry(PendingKey key) {
        return replicate(Trigger.RETRY, key)
                .thenApply(result -> result.rejections().stream().findFirst());
    }
}
