package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingWriter;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Handles events in the role replicate. Every event is answered in time: if a copy is not finished {@link
 * #PENDING_MARGIN} before the answer is due, its key is recorded as pending while the copy continues. Safe for use by
 * many threads; does not block one while it waits.
 */
public final class NotificationHandler {
    /** How long before the answer is due an unfinished copy is recorded as pending. */
    public static final Duration PENDING_MARGIN = Duration.ofSeconds(2);

    /** How long before the answer is due the sender is asked to retry, if there is no other answer. */
    static final Duration RESPONSE_MARGIN = Duration.ofMillis(200);

    private final NotificationFilter notificationFilter;
    private final ReplicationService replicationService;
    private final PendingWriter pendingWriter;
    private final WorkerPools workerPools;
    private final ReplicationListener replicationListener;
    private final int maxInFlight;
    private final Semaphore permits;

    /**
     * Handles events about one bucket.
     *
     * @param maxInFlight how many keys may be in flight at once; further keys are recorded as pending and not started
     */
    public NotificationHandler(
            String registryBucket,
            ReplicationService replicationService,
            PendingWriter pendingWriter,
            WorkerPools workerPools,
            ReplicationListener replicationListener,
            int maxInFlight) {
        this.notificationFilter = new NotificationFilter(registryBucket, replicationListener);
        this.replicationService = replicationService;
        this.pendingWriter = pendingWriter;
        this.workerPools = workerPools;
        this.replicationListener = replicationListener;
        this.maxInFlight = maxInFlight;
        this.permits = new Semaphore(maxInFlight);
    }

    /**
     * Handles one event.
     *
     * @param payload the event's data
     * @param timeLeft the time until the answer is due
     * @return the answer, within that time; never failed
     * @throws dev.registrybackup.notification.NotJsonException if the payload is not JSON
     */
    public CompletableFuture<EventResult> handle(byte[] payload, Duration timeLeft) {
        return notificationFilter.decode(payload).handleEach(key -> handle(key, timeLeft));
    }

    /** How many keys are in flight now. */
    public int keysInFlight() {
        return maxInFlight - permits.availablePermits();
    }

    private CompletableFuture<EventResult> handle(PendingKey key, Duration timeLeft) {
        CompletableFuture<EventResult> reply = new CompletableFuture<>();
        if (permits.tryAcquire()) {
            replicate(key, timeLeft, reply);
        } else {
            savePending(key, false, reply, EventResult.RETRY);
        }
        workerPools.scheduleUnlessDone(reply, timeLeft.minus(RESPONSE_MARGIN), () -> reply.complete(EventResult.RETRY));
        return reply;
    }

    private void replicate(PendingKey key, Duration timeLeft, CompletableFuture<EventResult> reply) {
        CompletableFuture<EventResult> copying = replicationService.replicate(Trigger.EVENT, key);
        copying.whenComplete((result, failure) -> {
            permits.release();
            if (failure == null) {
                reply.complete(result);
            } else {
                savePending(key, true, reply, EventResult.RETRY);
            }
        });
        // If recording fails, do not answer yet: the copy may still finish in time.
        workerPools.scheduleUnlessDone(
                copying, timeLeft.minus(PENDING_MARGIN), () -> savePending(key, false, reply, null));
    }

    private void savePending(
            PendingKey key, boolean justFailed, CompletableFuture<EventResult> reply, @Nullable EventResult onFailure) {
        pendingWriter.submit(key, justFailed).whenComplete((done, failure) -> {
            if (failure == null) {
                reply.complete(EventResult.ACK);
            } else {
                replicationListener.failed(Trigger.RETRY, key.key(), failure);
                if (onFailure != null) {
                    reply.complete(onFailure);
                }
            }
        });
    }
}
