package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.notification.ObjectCreated;
import dev.registrybackup.replication.NotificationFilter.FilteredNotification;
import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingWriter;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Takes events in the replicate role. Each is answered in time: what is not durable {@link #PENDING_MARGIN} before the answer
 * is due is recorded as owed while its copy goes on. Safe for use by many threads; holds none while it waits.
 */
public final class NotificationHandler {
    /** How long before the answer is due an unfinished copy is recorded as owed. */
    public static final Duration PENDING_MARGIN = Duration.ofSeconds(2);

    /** How long before the answer is due it is given, whatever it is. */
    static final Duration RESPONSE_MARGIN = Duration.ofMillis(200);

    private final NotificationFilter notificationFilter;
    private final ReplicationService replicationService;
    private final PendingWriter pendingWriter;
    private final WorkerPools workerPools;
    private final ReplicationListener replicationListener;
    private final int maxInFlight;
    private final Semaphore permits;

    /**
     * Takes events about one bucket.
     *
     * @param mostInFlight how many keys may be in flight at once; more are recorded as owed without being begun
     */
    public NotificationHandler(
            String registryBucket,
            ReplicationService replicationService,
            PendingWriter owed,
            WorkerPools workerPools,
            ReplicationListener replicationListener,
            int mostInFlight) {
        this.notificationFilter = new NotificationFilter(registryBucket, replicationListener);
        this.replicationService = replicationService;
        this.pendingWriter = owed;
        this.workerPools = workerPools;
        this.replicationListener = replicationListener;
        this.maxInFlight = mostInFlight;
        this.permits = new Semaphore(mostInFlight);
    }

    /**
     * Takes one event.
     *
     * @param payload its data
     * @param left how much time there is to answer
     * @return the answer, within that time; never failed
     * @throws dev.registrybackup.notification.NotJsonException if the payload is no JSON at all
     */
    public CompletableFuture<EventResult> handle(byte[] payload, Duration left) {
        FilteredNotification filteredNotification = notificationFilter.decode(payload);
        CompletableFuture<EventResult> all = CompletableFuture.completedFuture(filteredNotification.toEventResult());
        for (ObjectCreated object : filteredNotification.objects()) {
            all = all.thenCombine(handle(new PendingKey(object.key(), object.eventTime()), left), EventResult::plus);
        }
        return all;
    }

    /** How many keys are in flight now. */
    public int keysInFlight() {
        return maxInFlight - permits.availablePermits();
    }

    private CompletableFuture<EventResult> handle(PendingKey key, Duration left) {
        CompletableFuture<EventResult> reply = new CompletableFuture<>();
        if (permits.tryAcquire()) {
            replicate(key, left, reply);
        } else {
            savePending(key, true, reply, EventResult.RETRY);
        }
        workerPools.scheduleUnlessDone(reply, left.minus(RESPONSE_MARGIN), () -> reply.complete(EventResult.RETRY));
        return reply;
    }

    private void replicate(PendingKey key, Duration left, CompletableFuture<EventResult> reply) {
        CompletableFuture<ReplicationResult> copying = replicationService.replicateForEvent(key);
        copying.whenComplete((replicationResult, failure) -> {
            permits.release();
            if (failure == null) {
                reply.complete(ReplicationService.toEventResult(key, replicationResult));
            } else {
                savePending(key, false, reply, EventResult.RETRY);
            }
        });
        // A failure to record it is no answer yet: the copy may still be in time.
        workerPools.scheduleUnlessDone(copying, left.minus(PENDING_MARGIN), () -> savePending(key, true, reply, null));
    }

    private void savePending(
            PendingKey key,
            boolean worthTryingAtOnce,
            CompletableFuture<EventResult> reply,
            @Nullable EventResult otherwise) {
        pendingWriter.submit(key, worthTryingAtOnce).whenComplete((done, failure) -> {
            if (failure == null) {
                reply.complete(EventResult.ACK);
            } else {
                replicationListener.failed(Trigger.RETRY, key.key(), failure);
                if (otherwise != null) {
                    reply.complete(otherwise);
                }
            }
        });
    }
}
