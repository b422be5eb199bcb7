package dev.registrybackup.intake;

import dev.registrybackup.intake.Journal.Occasion;
import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.ledger.Debtor;
import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.ledger.Rejections.Rejection;
import dev.registrybackup.replicate.Outcome;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.transfer.Lanes;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Has keys replicated, for events and for debts alike, with the journal told. Safe for use by many threads. */
public final class Copies implements Debtor {
    private final Replicator replicator;
    private final Watch watch;
    private final Canaries canaries;
    private final Lanes lanes;

    /** Copies through the replicator, but for canaries, which are only put on record as having come. */
    public Copies(Replicator replicator, Watch watch, Canaries canaries, Lanes lanes) {
        this.replicator = replicator;
        this.watch = watch;
        this.canaries = canaries;
        this.lanes = lanes;
    }

    CompletableFuture<Outcome> forEvent(OwedKey key) {
        return copy(Occasion.EVENT, key);
    }

    /** A canary is passed over by the replicator, and no journal counts it. */
    private CompletableFuture<Outcome> copy(Occasion occasion, OwedKey key) {
        return Canaries.isCanary(key.key())
                ? lanes.record(() -> canaries.arrived(key)).thenCompose(arrived -> replicator.replicate(key.key()))
                : watch.over(occasion, key, replicator.replicate(key.key()));
    }

    @Override
    public CompletableFuture<Optional<Rejection>> settle(OwedKey key) {
        return copy(Occasion.OWED, key)
                .thenApply(outcome -> reply(key, outcome).rejections().stream().findFirst());
    }

    static Reply reply(OwedKey key, Outcome outcome) {
        return switch (outcome.verdict()) {
            case COPIED, PRESENT, GONE, PASSED_OVER, INCOMPLETE -> Reply.DONE;
            case CORRUPT, MALFORMED -> Reply.permanent(Rejection.ofKey(key.key(), outcome.problem()));
            case WITHHELD -> Reply.WITHHELD;
        };
    }
}
