package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.BlockedLinks.BlockCause;
import dev.registrybackup.replication.BlockedLinks.LinkState;
import dev.registrybackup.replication.LinkPublisher.StoredLink;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Replicates links: reads one from the registry, copies its dependencies, then publishes it. A tag depends on the
 * revision link it points to, a revision link on its manifest and the manifest's dependencies, a layer link on its
 * blob.
 *
 * <p>Only the content of a tag changes. After each write the registry's tag is read again until both are equal.
 * Otherwise a second move of the tag, or another instance with an older read, could leave an older target in the
 * backup.
 */
final class LinkReplicator {
    /** After this many moves during one run, the run fails and the tag is retried later. */
    private static final int MAX_TAG_MOVES = 100;

    private final RegistryLayout layout;
    private final DependencyCopier dependencyCopier;
    private final LinkPublisher publisher;
    private final BlockedLinks blockedLinks;
    private final CoalescingExecutor<ReplicationResult> executor;
    private final WorkerPools workerPools;
    private final boolean linksLayers;
    private final BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked;

    /**
     * Replicates links.
     *
     * @param executor runs the work for one link at a time; shared with the dependency copier, which publishes layer
     *     links
     * @param linksLayers whether a manifest's layer links are published with its revision link, without being read
     * @param onUnblocked called with each link that is retried because a dependency is now in the backup
     */
    LinkReplicator(
            RegistryLayout layout,
            DependencyCopier dependencyCopier,
            LinkPublisher publisher,
            BlockedLinks blockedLinks,
            CoalescingExecutor<ReplicationResult> executor,
            WorkerPools workerPools,
            boolean linksLayers,
            BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked) {
        this.layout = layout;
        this.dependencyCopier = dependencyCopier;
        this.publisher = publisher;
        this.blockedLinks = blockedLinks;
        this.executor = executor;
        this.workerPools = workerPools;
        this.linksLayers = linksLayers;
        this.onUnblocked = onUnblocked;
    }

    /**
     * Replicates the link. Reads that the result depends on begin after this call.
     *
     * @param isAbsent whether a listing has just shown that the link is missing in the backup
     * @param listed the registry's link as a listing has just shown it, so that it need not be read; empty to read it
     * @return the result, also for a malformed link; fails with {@link ObjectStoreException} if a store failed, or if a
     *     tag moved {@value #MAX_TAG_MOVES} times
     */
    CompletableFuture<ReplicationResult> replicate(Link link, boolean isAbsent, Optional<StoredLink> listed) {
        return executor.submit(
                layout.keyOf(link),
                () -> start(link, isAbsent, listed)
                        .thenCompose(result -> unblockTags(link, result))
                        .handle((result, failure) -> resultOrMalformed(link.kind(), result, failure)));
    }

    private CompletableFuture<ReplicationResult> replicate(Link link) {
        return replicate(link, false, Optional.empty());
    }

    private CompletableFuture<ReplicationResult> start(Link link, boolean isAbsent, Optional<StoredLink> listed) {
        if (link instanceof TagCurrentLink tag) {
            return read(tag, listed).thenCompose(read -> followTag(tag, read, isAbsent, 0, 0));
        }
        if (publisher.isDurable(layout.keyOf(link))) {
            return CompletableFuture.completedFuture(ReplicationResult.of(link.kind(), ReplicationStatus.PRESENT));
        }
        return link instanceof LayerLink layer && isAbsent && layer.digest().algorithm() == DigestAlgorithm.SHA256
                ? publishUnread(layer)
                : readAndPublish((DigestLink) link, isAbsent, listed);
    }

    private CompletableFuture<Optional<StoredLink>> read(Link link, Optional<StoredLink> listed) {
        return listed.isPresent()
                ? CompletableFuture.completedFuture(listed)
                : workerPools.submitSmall(() -> publisher.read(layout.keyOf(link)));
    }

    /** Publishes a layer link unread: its sha256 path determines its content. Paths of other algorithms do not. */
    private CompletableFuture<ReplicationResult> publishUnread(LayerLink layer) {
        return dependencyCopier
                .copyBlob(layer.digest())
                .thenCompose(blob -> blob.isComplete()
                        ? workerPools.submitSmall(() -> publisher.publishUnread(layer, layout.keyOf(layer), true))
                        : readAndPublish(layer, false, Optional.empty()));
    }

    private CompletableFuture<ReplicationResult> readAndPublish(
            DigestLink link, boolean isAbsent, Optional<StoredLink> listed) {
        return read(link, listed).thenCompose(read -> {
            if (read.isEmpty()) {
                return workerPools.submitSmall(() -> publisher.sourceMissing(link.kind(), layout.keyOf(link)));
            }
            StoredLink stored = requireMatchingPath(link, read.get());
            return copyBelow(link, stored.target())
                    .thenCompose(dependencies -> workerPools.submitSmall(() -> publisher
                            .publish(link, stored, isAbsent, dependencies)
                            .result()));
        });
    }

    /**
     * Returns the link if its content matches the digest in its path. A digest of another algorithm is accepted: sha512
     * paths point to the canonical sha256 digest (distribution {@code linkedblobstore.go}, {@code linkBlob}).
     *
     * @throws MalformedLinkException if path and content have different digests of the same algorithm
     */
    private static StoredLink requireMatchingPath(DigestLink path, StoredLink stored) {
        Digest target = stored.target();
        if (target.algorithm() == path.digest().algorithm() && !target.equals(path.digest())) {
            throw new MalformedLinkException(
                    "the link's path contains %s, but its content is %s".formatted(path.digest(), target));
        }
        return stored;
    }

    private CompletableFuture<DependencyResult> copyBelow(DigestLink link, Digest target) {
        if (link instanceof LayerLink) {
            return dependencyCopier.copyBlob(target);
        }
        if (link instanceof RevisionLink revision) {
            return dependencyCopier.copy(target, linksLayers ? Optional.of(revision.repository()) : Optional.empty());
        }
        return copyRevision(((TagIndexLink) link).repository(), target);
    }

    /** Replicates the revision link that a tag points to, which must be in the backup before the tag. */
    private CompletableFuture<DependencyResult> copyRevision(RepositoryName repository, Digest digest) {
        return replicate(new RevisionLink(repository, digest)).thenCompose(revision -> {
            if (revision.status().isInBackup()) {
                return CompletableFuture.completedFuture(new DependencyResult(Set.of(), revision.bytesCopied()));
            }
            if (revision.status() == ReplicationStatus.SOURCE_MISSING) {
                DependencyResult dangling = DependencyResult.missing(
                        digest, "the registry's tag points to a revision link that is missing");
                return dependencyCopier.copy(digest, Optional.empty()).thenApply(dangling::plus);
            }
            return CompletableFuture.completedFuture(
                    new DependencyResult(Set.of(new BlockCause(LinkState.BLOCKED, digest, revision.problem())), 0));
        });
    }

    /**
     * Publishes the tag, and again for as long as the registry's tag has moved meanwhile.
     *
     * @param read the registry's tag as last read; empty if it is missing
     * @param moves how often the tag has moved during this run
     * @param bytesBefore bytes copied by earlier attempts of this run
     */
    private CompletableFuture<ReplicationResult> followTag(
            TagCurrentLink tag, Optional<StoredLink> read, boolean isAbsent, int moves, long bytesBefore) {
        if (read.isEmpty()) {
            return workerPools.submitSmall(() -> publisher.sourceMissing(tag.kind(), layout.keyOf(tag)));
        }
        if (moves == MAX_TAG_MOVES) {
            throw new ObjectStoreException(
                    StoreError.PRECONDITION_FAILED,
                    "Failed to replicate tag %s: it moved %d times during the copy"
                            .formatted(layout.keyOf(tag), MAX_TAG_MOVES));
        }
        StoredLink stored = read.get();
        return copyRevision(tag.repository(), stored.target())
                .thenCompose(dependencies ->
                        workerPools.submitSmall(() -> publisher.publish(tag, stored, isAbsent, dependencies)))
                .thenCompose(publication -> {
                    ReplicationResult result = publication.result();
                    long bytes = bytesBefore + result.bytesCopied();
                    if (!publication.wrote()) {
                        return CompletableFuture.completedFuture(result.afterMoves(moves, bytes));
                    }
                    return workerPools
                            .submitSmall(() -> publisher.read(layout.keyOf(tag)))
                            .thenCompose(now -> now.filter(link -> link.target().equals(stored.target()))
                                            .isPresent()
                                    ? CompletableFuture.completedFuture(result.afterMoves(moves, bytes))
                                    : followTag(tag, now, false, moves + 1, bytes));
                });
    }

    /** Retries the tags that wait for this revision link. */
    private CompletableFuture<ReplicationResult> unblockTags(Link link, ReplicationResult result) {
        boolean isNew = result.status() == ReplicationStatus.COPIED || result.status() == ReplicationStatus.PARTIAL;
        return isNew && link instanceof RevisionLink revision
                ? unblock(revision.digest(), waiting -> waiting.repository().equals(revision.repository()))
                        .thenApply(done -> result)
                : CompletableFuture.completedFuture(result);
    }

    /** Retries the links that wait for this dependency. If the index may be incomplete, lists them first. */
    CompletableFuture<Void> unblock(Digest dependency, Predicate<Link> filter) {
        if (!blockedLinks.isPartial()) {
            retryWaiting(dependency, filter);
            return CompletableFuture.completedFuture(null);
        }
        return workerPools
                .submitSmall(() -> {
                    blockedLinks.addToIndex(dependency);
                    return true;
                })
                .thenAccept(indexed -> retryWaiting(dependency, filter));
    }

    /** Retries the links that wait for this dependency, as far as they are in memory. */
    void retryWaiting(Digest dependency, Predicate<Link> filter) {
        blockedLinks.linksWaitingFor(dependency).forEach(key -> {
            if (layout.parse(key) instanceof Link link && filter.test(link)) {
                onUnblocked.accept(key, replicate(link));
            }
        });
    }

    /** Turns a malformed link into a result, since a retry cannot help. Other failures are thrown: they may pass. */
    private static ReplicationResult resultOrMalformed(Kind kind, ReplicationResult result, Throwable failure) {
        if (failure == null) {
            return result;
        }
        Throwable cause = WorkerPools.unwrap(failure);
        if (cause instanceof MalformedLinkException malformed) {
            return new ReplicationResult(
                    kind, ReplicationStatus.MALFORMED, Optional.empty(), 0, String.valueOf(malformed.getMessage()));
        }
        throw cause instanceof RuntimeException unchecked ? unchecked : new CompletionException(cause);
    }
}
