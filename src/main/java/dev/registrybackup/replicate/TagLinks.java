package dev.registrybackup.replicate;

import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.Lanes;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Replicates what a tag points to now: the one link that changes. It is compared by content, and after it was written the
 * registry is read again until both are equal, so that neither a second move of the tag nor another instance with an older
 * read can leave the older target. Each round first brings what its own read of the tag points to.
 */
final class TagLinks {
    /** A tag that moves this often within one run is tried again later. */
    private static final int MOST_ROUNDS = 100;

    private final LinkObjects objects;
    private final OpenLinks openLinks;
    private final Lanes lanes;

    TagLinks(LinkObjects objects, OpenLinks openLinks, Lanes lanes) {
        this.objects = objects;
        this.openLinks = openLinks;
        this.lanes = lanes;
    }

    CompletableFuture<Outcome> replicate(String key, Function<Link, CompletableFuture<Closure>> below) {
        return lanes.small(() -> objects.read(key)).thenCompose(read -> round(new Round(key, below, 1, 0), read));
    }

    /** One read of the tag, what has been done for it before, and how to bring what is below. */
    private record Round(String key, Function<Link, CompletableFuture<Closure>> below, int number, long bytes) {
        Round next(long more) {
            return new Round(key, below, number + 1, bytes + more);
        }
    }

    private CompletableFuture<Outcome> round(Round round, Optional<Link> read) {
        if (read.isEmpty()) {
            return lanes.small(() -> gone(round.key()));
        }
        if (round.number() > MOST_ROUNDS) {
            throw new ObjectStoreException(
                    StoreError.CHANGED,
                    "Failed to follow %s: it moved %d times meanwhile".formatted(round.key(), MOST_ROUNDS));
        }
        Link link = read.get();
        return round.below()
                .apply(link)
                .thenCompose(closure -> closure.isCorrupt()
                        ? lanes.small(() -> withhold(round, link, closure))
                        : publish(round, link, closure));
    }

    private Outcome gone(String key) {
        openLinks.update(key, Set.of());
        return Outcome.of(Kind.TAG_CURRENT_LINK, Verdict.GONE);
    }

    private Outcome withhold(Round round, Link link, Closure closure) {
        openLinks.update(round.key(), closure.recorded());
        return outcome(Verdict.WITHHELD, link, round.bytes(), closure);
    }

    private CompletableFuture<Outcome> publish(Round round, Link link, Closure closure) {
        return lanes.small(() -> {
                    if (!closure.isComplete()) {
                        openLinks.update(round.key(), closure.recorded());
                    }
                    return objects.publishByContent(link);
                })
                .thenCompose(wrote -> wrote
                        ? lanes.small(() -> objects.read(round.key()))
                                .thenCompose(now -> isSettled(link, now)
                                        ? settle(round, link, closure, true)
                                        : round(round.next(closure.bytes() + link.content().length), now))
                        : settle(round, link, closure, round.number() > 1));
    }

    private static boolean isSettled(Link written, Optional<Link> now) {
        return now.filter(link -> link.target().equals(written.target())).isPresent();
    }

    private CompletableFuture<Outcome> settle(Round round, Link link, Closure closure, boolean wrote) {
        if (!closure.isComplete()) {
            return CompletableFuture.completedFuture(outcome(Verdict.INCOMPLETE, link, round.bytes(), closure));
        }
        long bytes = round.bytes() + (wrote ? link.content().length : 0);
        return lanes.small(() -> {
            openLinks.update(round.key(), Set.of());
            return outcome(wrote ? Verdict.COPIED : Verdict.PRESENT, link, bytes, closure);
        });
    }

    private static Outcome outcome(Verdict verdict, Link link, long bytes, Closure closure) {
        return new Outcome(
                Kind.TAG_CURRENT_LINK, verdict, Optional.of(link.target()), bytes + closure.bytes(), closure.problem());
    }
}
