package dev.registrybackup.intake;

import dev.registrybackup.intake.Reply.Answer;
import dev.registrybackup.ledger.Rejections;
import dev.registrybackup.transfer.Lanes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Puts on record what of an event will never succeed, for senders that would otherwise send it for ever (a Ceph topic) or
 * never again (NooBaa). Safe for use by many threads.
 */
public final class OnRecord {
    private final Rejections rejections;
    private final Lanes lanes;

    /** Keeps them there. */
    public OnRecord(Rejections rejections, Lanes lanes) {
        this.rejections = rejections;
        this.lanes = lanes;
    }

    /**
     * Whether the event is done with: all of it durable, owed, or on record as rejected.
     *
     * @param left how much time there is to answer
     * @return within that time; never failed
     */
    public CompletableFuture<Boolean> isDone(CompletableFuture<Reply> reply, Duration left) {
        CompletableFuture<Boolean> done = reply.thenCompose(given ->
                        given.rejections().isEmpty()
                                ? CompletableFuture.completedFuture(given)
                                : lanes.record(() -> {
                                    given.rejections().forEach(rejections::keep);
                                    return given;
                                }))
                .handle((given, failure) -> failure == null && given.answer() != Answer.NOT_TAKEN);
        if (!done.isDone()) {
            lanes.after(left.minus(Intake.TO_ANSWER), () -> done.complete(false));
        }
        return done;
    }
}
