package dev.registrybackup.intake;

import dev.registrybackup.intake.Journal.Occasion;
import dev.registrybackup.ledger.Debtor;
import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.ledger.Rejections.Rejection;
import dev.registrybackup.replicate.Outcome;
import dev.registrybackup.replicate.Replicator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Has keys replicated, for events and for debts alike, with the journal told. Safe for use by many threads. */
public final class Copies implements Debtor {
    private final Replicator replicator;
    private final Watch watch;

    /** Copies through the replicator. */
    public Copies(Replicator replicator, Watch watch) {
        this.replicator = replicator;
        this.watch = watch;
    }

    CompletableFuture<Outcome> forEvent(OwedKey key) {
        return watch.over(Occasion.EVENT, key, replicator.replicate(key.key()));
    }

    @Override
    public CompletableFuture<Optional<Rejection>> settle(OwedKey key) {
        return watch.over(Occasion.OWED, key, replicator.replicate(key.key()))
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
