package dev.registrybackup.replication;

import dev.registrybackup.replication.pending.PendingKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/** Receives the result of each key, for logs and metrics. Called on any thread; must not block. */
public interface ReplicationListener {
    /** Why a key was replicated. */
    enum Trigger {
        /** An event announced the object. */
        EVENT,
        /** The key was pending. */
        RETRY,
        /** A dependency that the link waited for is now in the backup. */
        UNBLOCKED
    }

    /**
     * A key was replicated, or can never be.
     *
     * @param key the key in the registry bucket
     * @param written when the registry wrote it, according to the event; otherwise when the replication started; UTC
     * @param took the time since the replication started
     */
    void finished(Trigger trigger, String key, ReplicationResult replicationResult, Instant written, Duration took);

    /** Replicating a key failed, or recording it as pending did. A retry may succeed. */
    void failed(Trigger trigger, String key, Throwable failure);

    /** An event, or one of its records, could not be decoded. */
    void undecodable(String reason);

    /** A new rejection was recorded. */
    void rejected(String reason);

    /** An event was about a bucket other than the registry bucket. */
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
