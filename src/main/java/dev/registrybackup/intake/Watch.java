package dev.registrybackup.intake;

import dev.registrybackup.intake.Journal.Occasion;
import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.replicate.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Tells the journal what becomes of each copy. */
public final class Watch {
    private final Journal journal;
    private final Clock clock;

    /** Tells that journal, in that clock's time. */
    public Watch(Journal journal, Clock clock) {
        this.journal = journal;
        this.clock = clock;
    }

    /** A link is tried again since what it waited for has come. */
    public void woken(String key, CompletableFuture<Outcome> copying) {
        over(Occasion.WOKEN, new OwedKey(key, Optional.empty()), copying);
    }

    CompletableFuture<Outcome> over(Occasion occasion, OwedKey key, CompletableFuture<Outcome> copying) {
        Instant begun = clock.instant();
        return copying.whenComplete((outcome, failure) -> {
            if (failure == null) {
                Duration took = Duration.between(begun, clock.instant());
                journal.finished(occasion, key.key(), outcome, key.eventTime().orElse(begun), took);
            } else {
                journal.failed(occasion, key.key(), failure);
            }
        });
    }
}
