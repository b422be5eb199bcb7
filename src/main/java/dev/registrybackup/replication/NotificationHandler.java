package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.notification.ObjectCreated;
import dev.registrybackup.replication.NotificationFilter.Decoded;
import dev.registrybackup.replication.ReplicationListener.Occasion;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingWriter;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Takes events in the replicate role. Each is answered in time: what is not durable {@link #TO_RECORD} before the answer
 * is due is recorded as owed while its copy goes on. Safe for use by many threads; holds none while it waits.
 */
public final class NotificationHandler {
    /** How long before the answer is due an unfinished copy is recorded as owed. */
    public static final Duration TO_RECORD = Duration.ofSeconds(2);

    /** How long before the answer is due it is given, whatever it is. */
    static final Duration TO_ANSWER = Duration.ofMillis(200);

    private final NotificationFilter notificationFilter;
    private final ReplicationService replicationService;
    private final PendingWriter owed;
    private final WorkerPools workerPools;
    private final ReplicationListener replicationListener;
    private final int mostInFlight;
    private final Semaphore places;

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
        this.owed = owed;
        this.workerPools = workerPools;
        this.replicationListener = replicationListener;
        this.mostInFlight = mostInFlight;
        this.places = new Semaphore(mostInFlight);
    }

    /**
     * Takes one event.
     *
     * @param payload its data
     * @param left how much time there is to answer
     * @return the answer, within that time; never failed
     * @throws dev.registrybackup.notification.NotJsonException if the payload is no JSON at all
     */
    public CompletableFuture<EventResult> take(byte[] payload, Duration left) {
        Decoded decoded = notificationFilter.decode(payload);
        CompletableFuture<EventResult> all = CompletableFuture.completedFuture(decoded.rejectionsAsReply());
        for (ObjectCreated object : decoded.objects()) {
            all = all.thenCombine(take(new PendingKey(object.key(), object.eventTime()), left), EventResult::plus);
        }
        return all;
    }

    /** How many keys are in flight now. */
    public int inFlight() {
        return mostInFlight - places.availablePermits();
    }

    private CompletableFuture<EventResult> take(PendingKey key, Duration left) {
        CompletableFuture<EventResult> reply = new CompletableFuture<>();
        if (places.tryAcquire()) {
            copy(key, left, reply);
        } else {
            owe(key, true, reply, EventResult.NOT_TAKEN);
        }
        if (!reply.isDone()) {
            Future<?> late = workerPools.after(left.minus(TO_ANSWER), () -> reply.complete(EventResult.NOT_TAKEN));
            reply.whenComplete((answer, failure) -> late.cancel(false));
        }
        return reply;
    }

    private void copy(PendingKey key, Duration left, CompletableFuture<EventResult> reply) {
        CompletableFuture<ReplicationResult> copying = replicationService.forEvent(key);
        copying.whenComplete((replicationResult, failure) -> {
            places.release();
            if (failure == null) {
                reply.complete(ReplicationService.reply(key, replicationResult));
            } else {
                owe(key, false, reply, EventResult.NOT_TAKEN);
            }
        });
        if (!copying.isDone()) {
            Future<?> late = workerPools.after(left.minus(TO_RECORD), () -> {
                if (!copying.isDone()) {
                    // A failure to record it is no answer yet: the copy may still be in time.
                    owe(key, true, reply, null);
                }
            });
            copying.whenComplete((replicationResult, failure) -> late.cancel(false));
        }
    }

    private void owe(
            PendingKey key,
            boolean worthTryingAtOnce,
            CompletableFuture<EventResult> reply,
            @Nullable EventResult otherwise) {
        owed.owe(key, worthTryingAtOnce).whenComplete((done, failure) -> {
            if (failure == null) {
                reply.complete(EventResult.DONE);
            } else {
                replicationListener.failed(Occasion.OWED, key.key(), failure);
                if (otherwise != null) {
                    reply.complete(otherwise);
                }
            }
        });
    }
}
