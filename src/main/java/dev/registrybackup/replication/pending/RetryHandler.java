package dev.registrybackup.replication.pending;

import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Replicates a pending key. */
@FunctionalInterface
public interface RetryHandler {
    /**
     * Replicates the key. The read of the registry begins after this call.
     *
     * @return done when the backup has what the registry has; contains a rejection if that can never succeed; fails if
     *     a retry may succeed
     */
    CompletableFuture<Optional<Rejection>> retry(PendingKey key);
}
