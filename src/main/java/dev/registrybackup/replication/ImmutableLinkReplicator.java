package dev.registrybackup.replication;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Replicates links whose path names their target: layer links, revision links and tag index links. */
final class ImmutableLinkReplicator {
    private final RegistryLayout layout;
    private final LinkStore linkStore;
    private final BlockedLinks blockedLinks;
    private final WorkerPools workerPools;
    private final ExpiringKeySet durableKeys;

    ImmutableLinkReplicator(
            RegistryLayout layout,
            LinkStore objects,
            BlockedLinks blockedLinks,
            WorkerPools workerPools,
            ExpiringKeySet durable) {
        this.layout = layout;
        this.linkStore = objects;
        this.blockedLinks = blockedLinks;
        this.workerPools = workerPools;
        this.durableKeys = durable;
    }

    /**
     * Reads the link, brings what is below it, and publishes it if nothing there is corrupt.
     *
     * @param isAbsent whether the backup was just seen to lack it, so that nobody looks again
     */
    CompletableFuture<ReplicationResult> replicate(
            DigestLink path, boolean isAbsent, Function<StoredLink, CompletableFuture<DependencyResult>> below) {
        String key = layout.keyOf(path);
        if (durableKeys.contains(key) && !blockedLinks.isWaiting(key)) {
            return CompletableFuture.completedFuture(ReplicationResult.of(path.kind(), ReplicationStatus.PRESENT));
        }
        return workerPools.submitSmall(() -> linkStore.read(key)).thenCompose(read -> {
            if (read.isEmpty()) {
                return workerPools.submitSmall(() -> sourceMissing(path, key));
            }
            StoredLink storedLink = LinkStore.requireMatchingPath(path, read.get());
            return below.apply(storedLink)
                    .thenCompose(dependencyResult ->
                            workerPools.submitSmall(() -> publish(path, key, isAbsent, storedLink, dependencyResult)));
        });
    }

    /** Publishes a layer link whose blob the backup has, without a look at the registry's. */
    CompletableFuture<ReplicationResult> publishUnread(LayerLink path, boolean isAbsent) {
        String key = layout.keyOf(path);
        return durableKeys.contains(key) && !blockedLinks.isWaiting(key)
                ? CompletableFuture.completedFuture(ReplicationResult.of(path.kind(), ReplicationStatus.PRESENT))
                : workerPools.submitSmall(() -> {
                    ReplicationStatus replicationStatus = linkStore.publishUnread(key, path, isAbsent)
                            ? ReplicationStatus.COPIED
                            : ReplicationStatus.PRESENT;
                    blockedLinks.update(key, Set.of());
                    durableKeys.add(key);
                    long bytes =
                            replicationStatus == ReplicationStatus.COPIED ? LinkContent.of(path.digest()).length : 0;
                    return new ReplicationResult(path.kind(), replicationStatus, Optional.of(path.digest()), bytes, "");
                });
    }

    private ReplicationResult sourceMissing(DigestLink path, String key) {
        blockedLinks.update(key, Set.of());
        return ReplicationResult.of(path.kind(), ReplicationStatus.SOURCE_MISSING);
    }

    /** What a link waits for is on record before it is published, and taken off the record only after. */
    private ReplicationResult publish(
            DigestLink path, String key, boolean isAbsent, StoredLink storedLink, DependencyResult dependencyResult) {
        if (!dependencyResult.isComplete()) {
            blockedLinks.update(key, dependencyResult.recordedCauses());
        }
        if (dependencyResult.isCorrupt()) {
            return result(path, ReplicationStatus.BLOCKED, storedLink, dependencyResult);
        }
        boolean wrote = linkStore.publishIfMissing(path, storedLink, isAbsent);
        if (!dependencyResult.isComplete()) {
            return result(path, ReplicationStatus.PARTIAL, storedLink, dependencyResult);
        }
        blockedLinks.update(key, Set.of());
        durableKeys.add(key);
        return result(path, wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT, storedLink, dependencyResult);
    }

    private static ReplicationResult result(
            DigestLink path,
            ReplicationStatus replicationStatus,
            StoredLink storedLink,
            DependencyResult dependencyResult) {
        long bytes = dependencyResult.bytesCopied()
                + (replicationStatus == ReplicationStatus.COPIED ? storedLink.content().length : 0);
        return new ReplicationResult(
                path.kind(), replicationStatus, Optional.of(storedLink.target()), bytes, dependencyResult.problem());
    }
}
