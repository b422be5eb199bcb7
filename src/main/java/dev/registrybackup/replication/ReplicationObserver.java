package dev.registrybackup.replication;

import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.pending.PendingKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Tells the journal what becomes of each copy. */
public final class ReplicationObserver {
    private final ReplicationListener replicationListener;
    private final Clock clock;

    /** Tells that journal, in that clock's time. */
    public ReplicationObserver(ReplicationListener replicationListener, Clock clock) {
        this.replicationListener = replicationListener;
        this.clock = clock;
    }

    /** A link is tried again since what it waited for has come. */
    public void observeUnblocked(String key, CompletableFuture<ReplicationResult> copying) {
        observe(Trigger.UNBLOCKED, new PendingKey(key, Optional.empty()), copying);
    }

    CompletableFuture<ReplicationResult> observe(
            Trigger trigger, PendingKey key, CompletableFuture<ReplicationResult> copying) {
        Instant begun = clock.instant();
        return copying.whenComplete((replicationResult, failure) -> {
            if (failure == null) {
                Duration took = Duration.between(begun, clock.instant());
                replicationListener.finished(
                        trigger, key.key(), replicationResult, key.eventTime().orElse(begun), took);
            } else {
                replicationListener.failed(trigger, key.key(), failure);
            }
        });
    }
}
