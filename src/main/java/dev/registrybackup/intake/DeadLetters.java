package dev.registrybackup.intake;

import dev.registrybackup.event.NotJsonException;
import dev.registrybackup.event.ObjectNotice;
import dev.registrybackup.intake.Decoding.Decoded;
import dev.registrybackup.ledger.OwedBatches;
import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.ledger.Rejections.Rejection;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.transfer.Lanes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Takes events in the dead-letter role: those that a broker gave up delivering. It copies nothing; it records what they
 * name as owed, for the replicate role to settle, or as rejected where that role said that it will never succeed.
 */
public final class DeadLetters {
    private final Decoding decoding;
    private final RegistryLayout layout;
    private final OwedBatches owed;
    private final Lanes lanes;

    /** Takes events about one bucket. */
    public DeadLetters(String registryBucket, RegistryLayout layout, OwedBatches owed, Lanes lanes, Journal journal) {
        this.decoding = new Decoding(registryBucket, journal);
        this.layout = layout;
        this.owed = owed;
        this.lanes = lanes;
    }

    /**
     * Takes one event.
     *
     * @param refused whether the replicate role said that it will never succeed
     * @param left how much time there is to answer
     * @return the answer, within that time; its rejections are not on record yet
     */
    public CompletableFuture<Reply> take(byte[] payload, boolean refused, Duration left) {
        Decoded decoded;
        try {
            decoded = decoding.decode(payload);
        } catch (NotJsonException e) {
            // There is nobody left to hand it back to.
            return CompletableFuture.completedFuture(
                    Reply.permanent(Rejection.ofPayload(payload, String.valueOf(e.getMessage()))));
        }
        if (refused && decoded.rejections().isEmpty()) {
            return CompletableFuture.completedFuture(Reply.permanent(
                    Rejection.ofPayload(payload, "Refused by the replicate function as never to succeed (422)")));
        }
        CompletableFuture<Reply> all = CompletableFuture.completedFuture(decoded.rejectionsAsReply());
        for (ObjectNotice object : decoded.objects()) {
            all = all.thenCombine(owe(object, left), Reply::plus);
        }
        return all;
    }

    private CompletableFuture<Reply> owe(ObjectNotice object, Duration left) {
        switch (layout.parse(object.key()).kind()) {
            case UPLOAD, EXCLUDED -> {
                return CompletableFuture.completedFuture(Reply.DONE);
            }
            case BLOB, LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK, FOREIGN -> {
                CompletableFuture<Reply> reply = owed.owe(new OwedKey(object.key(), object.eventTime()), true)
                        .handle((done, failure) -> failure == null ? Reply.DONE : Reply.NOT_TAKEN);
                lanes.after(left.minus(Intake.TO_ANSWER), () -> reply.complete(Reply.NOT_TAKEN));
                return reply;
            }
        }
        throw new IllegalStateException("Not reached: every kind of key is told apart above");
    }
}
