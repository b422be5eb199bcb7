package dev.registrybackup.replication;

import dev.registrybackup.replication.ReplicationListener.Occasion;
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
    public void woken(String key, CompletableFuture<ReplicationResult> copying) {
        over(Occasion.WOKEN, new PendingKey(key, Optional.empty()), copying);
    }

    CompletableFuture<ReplicationResult> over(
            Occasion occasion, PendingKey key, CompletableFuture<ReplicationResult> copying) {
        Instant begun = clock.instant();
        return copying.whenComplete((replicationResult, failure) -> {
            if (failure == null) {
                Duration took = Duration.between(begun, clock.instant());
                replicationListener.finished(
                        occasion, key.key(), replicationResult, key.eventTime().orElse(begun), took);
            } else {
                replicationListener.failed(occasion, key.key(), failure);
            }
        });
    }
}
