package dev.registrybackup.replication;

import dev.registrybackup.replication.pending.PendingKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/** Is told what became of each key, for logs and metrics. Called on any thread; must not block. */
public interface ReplicationListener {
    /** Why a key was looked at. */
    enum Trigger {
        EVENT,
        RETRY,
        UNBLOCKED
    }

    /**
     * A key was dealt with.
     *
     * @param key the registry key
     * @param written when the registry wrote it as the event said, or else when the event arrived; UTC
     * @param took how long it took from being begun
     */
    void finished(Trigger trigger, String key, ReplicationResult replicationResult, Instant written, Duration took);

    /** A key could not be dealt with now. */
    void failed(Trigger trigger, String key, Throwable failure);

    /** An event, or a part of one, said nothing that could be understood. */
    void undecodable(String reason);

    /** Something that will never succeed was put on record, which it was not before. */
    void rejected(String reason);

    /** An event spoke of a bucket that is not the registry's. */
    void otherBucket(String bucket);

    /**
     * Calls {@link #finished} or {@link #failed} when the copy ends.
     *
     * @param key the key that is being copied; without an event time, {@link #finished} gets the time of this call
     * @return the same result, completed after the listener was called
     */
    default CompletableFuture<ReplicationResult> observe(
            Trigger trigger, PendingKey key, CompletableFuture<ReplicationResult> copying, Clock clock) {
        Instant start = clock.instant();
        return copying.whenComplete((replicationResult, failure) -> {
            if (failure == null) {
                Duration took = Duration.between(start, clock.instant());
                finished(trigger, key.key(), replicationResult, key.eventTime().orElse(start), took);
            } else {
                failed(trigger, key.key(), failure);
            }
        });
    }
}
