package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.replication.ReplicationListener.Occasion;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import dev.registrybackup.replication.pending.RetryHandler;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Has keys replicated, for events and for debts alike, with the journal told. Safe for use by many threads. */
public final class ReplicationService implements RetryHandler {
    private final Replicator replicator;
    private final ReplicationObserver replicationObserver;
    private final CanaryProbe canaryProbe;
    private final WorkerPools workerPools;

    /** Copies through the replicator, but for canaries, which are only put on record as having come. */
    public ReplicationService(
            Replicator replicator,
            ReplicationObserver replicationObserver,
            CanaryProbe canaryProbe,
            WorkerPools workerPools) {
        this.replicator = replicator;
        this.replicationObserver = replicationObserver;
        this.canaryProbe = canaryProbe;
        this.workerPools = workerPools;
    }

    CompletableFuture<ReplicationResult> forEvent(PendingKey key) {
        return copy(Occasion.EVENT, key);
    }

    /** A canary is passed over by the replicator, and no journal counts it. */
    private CompletableFuture<ReplicationResult> copy(Occasion occasion, PendingKey key) {
        return CanaryProbe.isCanary(key.key())
                ? workerPools
                        .record(() -> canaryProbe.arrived(key))
                        .thenCompose(arrived -> replicator.replicate(key.key()))
                : replicationObserver.over(occasion, key, replicator.replicate(key.key()));
    }

    @Override
    public CompletableFuture<Optional<Rejection>> settle(PendingKey key) {
        return copy(Occasion.OWED, key)
                .thenApply(replicationResult ->
                        reply(key, replicationResult).rejections().stream().findFirst());
    }

    static EventResult reply(PendingKey key, ReplicationResult replicationResult) {
        return switch (replicationResult.replicationStatus()) {
            case COPIED, PRESENT, GONE, PASSED_OVER, INCOMPLETE -> EventResult.DONE;
            case CORRUPT, MALFORMED -> EventResult.permanent(Rejection.ofKey(key.key(), replicationResult.problem()));
            case WITHHELD -> EventResult.WITHHELD;
        };
    }
}
