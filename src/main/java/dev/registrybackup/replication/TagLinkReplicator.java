package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Replicates what a tag points to now: the one link that changes. It is compared by content, and after it was written the
 * registry is read again until both are equal, so that neither a second move of the tag nor another instance with an older
 * read can leave the older target. Each round first brings what its own read of the tag points to.
 */
final class TagLinkReplicator {
    /** A tag that moves this often within one run is tried again later. */
    private static final int MOST_ROUNDS = 100;

    private final LinkStore objects;
    private final BlockedLinks blockedLinks;
    private final WorkerPools workerPools;

    TagLinkReplicator(LinkStore objects, BlockedLinks blockedLinks, WorkerPools workerPools) {
        this.objects = objects;
        this.blockedLinks = blockedLinks;
        this.workerPools = workerPools;
    }

    CompletableFuture<ReplicationResult> replicate(
            String key, Function<StoredLink, CompletableFuture<DependencyResult>> below) {
        return workerPools.small(() -> objects.read(key)).thenCompose(read -> round(new Round(key, below, 1, 0), read));
    }

    /** One read of the tag, what has been done for it before, and how to bring what is below. */
    private record Round(
            String key, Function<StoredLink, CompletableFuture<DependencyResult>> below, int number, long bytes) {
        Round next(long more) {
            return new Round(key, below, number + 1, bytes + more);
        }
    }

    private CompletableFuture<ReplicationResult> round(Round round, Optional<StoredLink> read) {
        if (read.isEmpty()) {
            return workerPools.small(() -> gone(round.key()));
        }
        if (round.number() > MOST_ROUNDS) {
            throw new ObjectStoreException(
                    StoreError.CHANGED,
                    "Failed to follow %s: it moved %d times meanwhile".formatted(round.key(), MOST_ROUNDS));
        }
        StoredLink storedLink = read.get();
        return round.below()
                .apply(storedLink)
                .thenCompose(dependencyResult -> dependencyResult.isCorrupt()
                        ? workerPools.small(() -> withhold(round, storedLink, dependencyResult))
                        : publish(round, storedLink, dependencyResult));
    }

    private ReplicationResult gone(String key) {
        blockedLinks.update(key, Set.of());
        return ReplicationResult.of(Kind.TAG_CURRENT_LINK, ReplicationStatus.GONE);
    }

    private ReplicationResult withhold(Round round, StoredLink storedLink, DependencyResult dependencyResult) {
        blockedLinks.update(round.key(), dependencyResult.recorded());
        return outcome(ReplicationStatus.WITHHELD, storedLink, round.bytes(), dependencyResult);
    }

    private CompletableFuture<ReplicationResult> publish(
            Round round, StoredLink storedLink, DependencyResult dependencyResult) {
        return workerPools
                .small(() -> {
                    if (!dependencyResult.isComplete()) {
                        blockedLinks.update(round.key(), dependencyResult.recorded());
                    }
                    return objects.publishByContent(storedLink);
                })
                .thenCompose(wrote -> wrote
                        ? workerPools
                                .small(() -> objects.read(round.key()))
                                .thenCompose(now -> isSettled(storedLink, now)
                                        ? settle(round, storedLink, dependencyResult, true)
                                        : round(
                                                round.next(dependencyResult.bytes() + storedLink.content().length),
                                                now))
                        : settle(round, storedLink, dependencyResult, round.number() > 1));
    }

    private static boolean isSettled(StoredLink written, Optional<StoredLink> now) {
        return now.filter(storedLink -> storedLink.target().equals(written.target()))
                .isPresent();
    }

    private CompletableFuture<ReplicationResult> settle(
            Round round, StoredLink storedLink, DependencyResult dependencyResult, boolean wrote) {
        if (!dependencyResult.isComplete()) {
            return CompletableFuture.completedFuture(
                    outcome(ReplicationStatus.INCOMPLETE, storedLink, round.bytes(), dependencyResult));
        }
        long bytes = round.bytes() + (wrote ? storedLink.content().length : 0);
        return workerPools.small(() -> {
            blockedLinks.update(round.key(), Set.of());
            return outcome(
                    wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT, storedLink, bytes, dependencyResult);
        });
    }

    private static ReplicationResult outcome(
            ReplicationStatus replicationStatus, StoredLink storedLink, long bytes, DependencyResult dependencyResult) {
        return new ReplicationResult(
                Kind.TAG_CURRENT_LINK,
                replicationStatus,
                Optional.of(storedLink.target()),
                bytes + dependencyResult.bytes(),
                dependencyResult.problem());
    }
}
