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
    private static final int MAX_ROUNDS = 100;

    private final LinkStore linkStore;
    private final BlockedLinks blockedLinks;
    private final WorkerPools workerPools;

    TagLinkReplicator(LinkStore objects, BlockedLinks blockedLinks, WorkerPools workerPools) {
        this.linkStore = objects;
        this.blockedLinks = blockedLinks;
        this.workerPools = workerPools;
    }

    CompletableFuture<ReplicationResult> replicate(
            String key, boolean isAbsent, Function<StoredLink, CompletableFuture<DependencyResult>> below) {
        return workerPools
                .submitSmall(() -> linkStore.read(key))
                .thenCompose(read -> round(new Round(key, isAbsent, below, 1, 0), read));
    }

    /** One read of the tag, what has been done for it before, and how to bring what is below. */
    private record Round(
            String key,
            boolean isAbsent,
            Function<StoredLink, CompletableFuture<DependencyResult>> copyDependencies,
            int number,
            long bytesCopied) {
        Round next(long more) {
            return new Round(key, false, copyDependencies, number + 1, bytesCopied + more);
        }
    }

    private CompletableFuture<ReplicationResult> round(Round round, Optional<StoredLink> read) {
        if (read.isEmpty()) {
            return workerPools.submitSmall(() -> sourceMissing(round.key()));
        }
        if (round.number() > MAX_ROUNDS) {
            throw new ObjectStoreException(
                    StoreError.PRECONDITION_FAILED,
                    "Failed to follow %s: it moved %d times meanwhile".formatted(round.key(), MAX_ROUNDS));
        }
        StoredLink storedLink = read.get();
        return round.copyDependencies()
                .apply(storedLink)
                .thenCompose(dependencyResult -> dependencyResult.isCorrupt()
                        ? workerPools.submitSmall(() -> block(round, storedLink, dependencyResult))
                        : publish(round, storedLink, dependencyResult));
    }

    private ReplicationResult sourceMissing(String key) {
        blockedLinks.update(key, Set.of());
        return ReplicationResult.of(Kind.TAG_CURRENT_LINK, ReplicationStatus.SOURCE_MISSING);
    }

    private ReplicationResult block(Round round, StoredLink storedLink, DependencyResult dependencyResult) {
        blockedLinks.update(round.key(), dependencyResult.recordedCauses());
        return result(ReplicationStatus.BLOCKED, storedLink, round.bytesCopied(), dependencyResult);
    }

    private CompletableFuture<ReplicationResult> publish(
            Round round, StoredLink storedLink, DependencyResult dependencyResult) {
        return workerPools
                .submitSmall(() -> {
                    if (!dependencyResult.isComplete()) {
                        blockedLinks.update(round.key(), dependencyResult.recordedCauses());
                    }
                    return linkStore.publishIfDifferent(storedLink, round.isAbsent());
                })
                .thenCompose(wrote -> wrote
                        ? workerPools
                                .submitSmall(() -> linkStore.read(round.key()))
                                .thenCompose(now -> isUnchanged(storedLink, now)
                                        ? finish(round, storedLink, dependencyResult, true)
                                        : round(
                                                round.next(
                                                        dependencyResult.bytesCopied() + storedLink.content().length),
                                                now))
                        : finish(round, storedLink, dependencyResult, round.number() > 1));
    }

    private static boolean isUnchanged(StoredLink written, Optional<StoredLink> now) {
        return now.filter(storedLink -> storedLink.target().equals(written.target()))
                .isPresent();
    }

    private CompletableFuture<ReplicationResult> finish(
            Round round, StoredLink storedLink, DependencyResult dependencyResult, boolean wrote) {
        if (!dependencyResult.isComplete()) {
            return CompletableFuture.completedFuture(
                    result(ReplicationStatus.PARTIAL, storedLink, round.bytesCopied(), dependencyResult));
        }
        long bytes = round.bytesCopied() + (wrote ? storedLink.content().length : 0);
        return workerPools.submitSmall(() -> {
            blockedLinks.update(round.key(), Set.of());
            return result(
                    wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT, storedLink, bytes, dependencyResult);
        });
    }

    private static ReplicationResult result(
            ReplicationStatus replicationStatus, StoredLink storedLink, long bytes, DependencyResult dependencyResult) {
        return new ReplicationResult(
                Kind.TAG_CURRENT_LINK,
                replicationStatus,
                Optional.of(storedLink.target()),
                bytes + dependencyResult.bytesCopied(),
                dependencyResult.problem());
    }
}
