package dev.registrybackup.intake;

import dev.registrybackup.event.ObjectNotice;
import dev.registrybackup.intake.Decoding.Decoded;
import dev.registrybackup.intake.Journal.Occasion;
import dev.registrybackup.ledger.OwedBatches;
import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.replicate.Outcome;
import dev.registrybackup.transfer.Lanes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Takes events in the replicate role. Each is answered in time: what is not durable {@link #TO_RECORD} before the answer
 * is due is recorded as owed while its copy goes on. Safe for use by many threads; holds none while it waits.
 */
public final class Intake {
    /** How long before the answer is due an unfinished copy is recorded as owed. */
    public static final Duration TO_RECORD = Duration.ofSeconds(2);

    /** How long before the answer is due it is given, whatever it is. */
    static final Duration TO_ANSWER = Duration.ofMillis(200);

    private final Decoding decoding;
    private final Copies copies;
    private final OwedBatches owed;
    private final Lanes lanes;
    private final Journal journal;
    private final int mostInFlight;
    private final Semaphore places;

    /**
     * Takes events about one bucket.
     *
     * @param mostInFlight how many keys may be in flight at once; more are recorded as owed without being begun
     */
    public Intake(
            String registryBucket, Copies copies, OwedBatches owed, Lanes lanes, Journal journal, int mostInFlight) {
        this.decoding = new Decoding(registryBucket, journal);
        this.copies = copies;
        this.owed = owed;
        this.lanes = lanes;
        this.journal = journal;
        this.mostInFlight = mostInFlight;
        this.places = new Semaphore(mostInFlight);
    }

    /**
     * Takes one event.
     *
     * @param payload its data
     * @param left how much time there is to answer
     * @return the answer, within that time; never failed
     * @throws dev.registrybackup.event.NotJsonException if the payload is no JSON at all
     */
    public CompletableFuture<Reply> take(byte[] payload, Duration left) {
        Decoded decoded = decoding.decode(payload);
        CompletableFuture<Reply> all = CompletableFuture.completedFuture(decoded.rejectionsAsReply());
        for (ObjectNotice object : decoded.objects()) {
            all = all.thenCombine(take(new OwedKey(object.key(), object.eventTime()), left), Reply::plus);
        }
        return all;
    }

    /** How many keys are in flight now. */
    public int inFlight() {
        return mostInFlight - places.availablePermits();
    }

    private CompletableFuture<Reply> take(OwedKey key, Duration left) {
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        if (places.tryAcquire()) {
            copy(key, left, reply);
        } else {
            owe(key, true, reply, Reply.NOT_TAKEN);
        }
        if (!reply.isDone()) {
            Future<?> late = lanes.after(left.minus(TO_ANSWER), () -> reply.complete(Reply.NOT_TAKEN));
            reply.whenComplete((answer, failure) -> late.cancel(false));
        }
        return reply;
    }

    private void copy(OwedKey key, Duration left, CompletableFuture<Reply> reply) {
        CompletableFuture<Outcome> copying = copies.forEvent(key);
        copying.whenComplete((outcome, failure) -> {
            places.release();
            if (failure == null) {
                reply.complete(Copies.reply(key, outcome));
            } else {
                owe(key, false, reply, Reply.NOT_TAKEN);
            }
        });
        if (!copying.isDone()) {
            Future<?> late = lanes.after(left.minus(TO_RECORD), () -> {
                if (!copying.isDone()) {
                    // A failure to record it is no answer yet: the copy may still be in time.
                    owe(key, true, reply, null);
                }
            });
            copying.whenComplete((outcome, failure) -> late.cancel(false));
        }
    }

    private void owe(
            OwedKey key, boolean worthTryingAtOnce, CompletableFuture<Reply> reply, @Nullable Reply otherwise) {
        owed.owe(key, worthTryingAtOnce).whenComplete((done, failure) -> {
            if (failure == null) {
                reply.complete(Reply.DONE);
            } else {
                journal.failed(Occasion.OWED, key.key(), failure);
                if (otherwise != null) {
                    reply.complete(otherwise);
                }
            }
        });
    }
}
