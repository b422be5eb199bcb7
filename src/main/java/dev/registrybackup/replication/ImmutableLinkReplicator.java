package dev.registrybackup.replication;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Replicates links whose path names their target: layer links, revision links and tag index links. */
final class ImmutableLinkReplicator {
    private final RegistryLayout layout;
    private final LinkStore objects;
    private final BlockedLinks blockedLinks;
    private final WorkerPools workerPools;
    private final ExpiringKeySet durable;

    ImmutableLinkReplicator(
            RegistryLayout layout,
            LinkStore objects,
            BlockedLinks blockedLinks,
            WorkerPools workerPools,
            ExpiringKeySet durable) {
        this.layout = layout;
        this.objects = objects;
        this.blockedLinks = blockedLinks;
        this.workerPools = workerPools;
        this.durable = durable;
    }

    /** Reads the link, brings what is below it, and publishes it if nothing there is corrupt. */
    CompletableFuture<ReplicationResult> replicate(
            DigestLink path, Function<StoredLink, CompletableFuture<DependencyResult>> below) {
        String key = layout.keyOf(path);
        if (durable.contains(key) && !blockedLinks.isWaiting(key)) {
            return CompletableFuture.completedFuture(ReplicationResult.of(path.kind(), ReplicationStatus.PRESENT));
        }
        return workerPools.small(() -> objects.read(key)).thenCompose(read -> {
            if (read.isEmpty()) {
                return workerPools.small(() -> gone(path, key));
            }
            StoredLink storedLink = LinkStore.fitting(path, read.get());
            return below.apply(storedLink)
                    .thenCompose(dependencyResult ->
                            workerPools.small(() -> publish(path, key, storedLink, dependencyResult)));
        });
    }

    private ReplicationResult gone(DigestLink path, String key) {
        blockedLinks.update(key, Set.of());
        return ReplicationResult.of(path.kind(), ReplicationStatus.GONE);
    }

    /** What a link waits for is on record before it is published, and taken off the record only after. */
    private ReplicationResult publish(
            DigestLink path, String key, StoredLink storedLink, DependencyResult dependencyResult) {
        if (!dependencyResult.isComplete()) {
            blockedLinks.update(key, dependencyResult.recorded());
        }
        if (dependencyResult.isCorrupt()) {
            return outcome(path, ReplicationStatus.WITHHELD, storedLink, dependencyResult);
        }
        boolean wrote = objects.publish(path, storedLink);
        if (!dependencyResult.isComplete()) {
            return outcome(path, ReplicationStatus.INCOMPLETE, storedLink, dependencyResult);
        }
        blockedLinks.update(key, Set.of());
        durable.remember(key);
        return outcome(
                path, wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT, storedLink, dependencyResult);
    }

    private static ReplicationResult outcome(
            DigestLink path,
            ReplicationStatus replicationStatus,
            StoredLink storedLink,
            DependencyResult dependencyResult) {
        long bytes = dependencyResult.bytes()
                + (replicationStatus == ReplicationStatus.COPIED ? storedLink.content().length : 0);
        return new ReplicationResult(
                path.kind(), replicationStatus, Optional.of(storedLink.target()), bytes, dependencyResult.problem());
    }
}
