package dev.registrybackup.replicate;

import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.RecentlyDurable;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Replicates links whose path names their target: layer links, revision links and tag index links. */
final class DigestLinks {
    private final RegistryLayout layout;
    private final LinkObjects objects;
    private final OpenLinks openLinks;
    private final Lanes lanes;
    private final RecentlyDurable durable;

    DigestLinks(RegistryLayout layout, LinkObjects objects, OpenLinks openLinks, Lanes lanes, RecentlyDurable durable) {
        this.layout = layout;
        this.objects = objects;
        this.openLinks = openLinks;
        this.lanes = lanes;
        this.durable = durable;
    }

    /** Reads the link, brings what is below it, and publishes it if nothing there is corrupt. */
    CompletableFuture<Outcome> replicate(DigestLink path, Function<Link, CompletableFuture<Closure>> below) {
        String key = layout.keyOf(path);
        if (durable.contains(key) && !openLinks.isWaiting(key)) {
            return CompletableFuture.completedFuture(Outcome.of(path.kind(), Verdict.PRESENT));
        }
        return lanes.small(() -> objects.read(key)).thenCompose(read -> {
            if (read.isEmpty()) {
                return lanes.small(() -> gone(path, key));
            }
            Link link = LinkObjects.fitting(path, read.get());
            return below.apply(link).thenCompose(closure -> lanes.small(() -> publish(path, key, link, closure)));
        });
    }

    private Outcome gone(DigestLink path, String key) {
        openLinks.update(key, Set.of());
        return Outcome.of(path.kind(), Verdict.GONE);
    }

    /** What a link waits for is on record before it is published, and taken off the record only after. */
    private Outcome publish(DigestLink path, String key, Link link, Closure closure) {
        if (!closure.isComplete()) {
            openLinks.update(key, closure.recorded());
        }
        if (closure.isCorrupt()) {
            return outcome(path, Verdict.WITHHELD, link, closure);
        }
        boolean wrote = objects.publish(path, link);
        if (!closure.isComplete()) {
            return outcome(path, Verdict.INCOMPLETE, link, closure);
        }
        openLinks.update(key, Set.of());
        durable.remember(key);
        return outcome(path, wrote ? Verdict.COPIED : Verdict.PRESENT, link, closure);
    }

    private static Outcome outcome(DigestLink path, Verdict verdict, Link link, Closure closure) {
        long bytes = closure.bytes() + (verdict == Verdict.COPIED ? link.content().length : 0);
        return new Outcome(path.kind(), verdict, Optional.of(link.target()), bytes, closure.problem());
    }
}
