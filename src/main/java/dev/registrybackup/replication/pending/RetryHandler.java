package dev.registrybackup.replication.pending;

import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Whoever can settle an owed key. */
@FunctionalInterface
public interface RetryHandler {
    /**
     * Looks at the key again, from a read of the registry that begins after this call.
     *
     * @return done when the backup has what the registry has; with a rejection where that can never be; failed where it
     *     may be later
     */
    CompletableFuture<Optional<Rejection>> retry(PendingKey key);
}
