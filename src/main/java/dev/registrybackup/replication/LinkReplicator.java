package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.MalformedManifestException;
import dev.registrybackup.registry.Manifest;
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
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
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

    private static final String MISSING_MANIFEST =
            "the registry has no such manifest (a sparse index, or pulled through from elsewhere)";
    private static final String MISSING_BLOB =
            "the registry has no such blob (it may be pulled through from elsewhere)";
    private static final String MISSING_FOREIGN_LAYER = "a foreign layer, whose bytes live at its urls";

    private final RegistryLayout layout;
    private final ObjectStore backup;
    private final BlobReplicator blobReplicator;
    private final LinkPublisher publisher;
    private final BlockedLinks blockedLinks;
    /** The manifests that were recently copied with all dependencies, too. */
    private final ExpiringKeySet durableKeys;

    private final WorkerPools workerPools;
    private final boolean linksLayers;
    private final BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked;
    /** Runs the work for one link at a time. */
    private final CoalescingExecutor<ReplicationResult> executor = new CoalescingExecutor<>();

    /**
     * Replicates links.
     *
     * @param linksLayers whether a manifest's layer links are published with its revision link, without being read
     * @param onUnblocked called with each link that is retried because a dependency is now in the backup
     */
    LinkReplicator(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            BlobReplicator blobReplicator,
            BlockedLinks blockedLinks,
            ExpiringKeySet durableKeys,
            WorkerPools workerPools,
            boolean linksLayers,
            BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked) {
        this.layout = layout;
        this.backup = backup;
        this.blobReplicator = blobReplicator;
        this.publisher =
                new LinkPublisher(registry, backup, blobReplicator.conditionalWrites(), blockedLinks, durableKeys);
        this.blockedLinks = blockedLinks;
        this.durableKeys = durableKeys;
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
        return copyBlob(layer.digest())
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
            return copyBlob(target);
        }
        if (link instanceof RevisionLink revision) {
            return copyManifest(target, linksLayers ? Optional.of(revision.repository()) : Optional.empty());
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
                return copyManifest(digest, Optional.empty()).thenApply(dangling::plus);
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

    /** Copies the blob of a layer link. */
    private CompletableFuture<DependencyResult> copyBlob(Digest digest) {
        return blobReplicator
                .copyIfMissing(digest, OptionalLong.empty())
                .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_BLOB));
    }

    /**
     * Copies the manifest and all its dependencies: configs, layers, the manifests of an index, and their dependencies.
     * Manifests are read from the backup, where they were verified.
     *
     * @param linking the repository whose layer links are published too; empty to publish none
     */
    private CompletableFuture<DependencyResult> copyManifest(Digest manifest, Optional<RepositoryName> linking) {
        Walk walk = new Walk(linking, ConcurrentHashMap.newKeySet());
        return copy(manifest, OptionalLong.empty(), walk).thenApply(dependencyResult -> {
            // Cached only now: until the whole copy ends, a manifest that occurs twice counts as complete unchecked.
            if (dependencyResult.isComplete()) {
                walk.seen().forEach(child -> durableKeys.add(walk.cacheKey(child)));
            }
            return dependencyResult;
        });
    }

    /**
     * The state of one copy.
     *
     * @param linking the repository whose layer links are published; empty to publish none
     * @param seen the manifests that this copy has visited
     */
    private record Walk(Optional<RepositoryName> linking, Set<Digest> seen) {
        /** The cache key of a manifest. Blobs are shared by all repositories, but layer links belong to one. */
        String cacheKey(Digest manifest) {
            return linking.map(repository -> repository + "@" + manifest).orElseGet(manifest::toString);
        }
    }

    private CompletableFuture<DependencyResult> copy(Digest manifest, OptionalLong size, Walk walk) {
        // A cached manifest is not added to those seen: it was not checked now, so its expiry must not be renewed.
        if (durableKeys.contains(walk.cacheKey(manifest)) || !walk.seen().add(manifest)) {
            return CompletableFuture.completedFuture(DependencyResult.COMPLETE);
        }
        return blobReplicator.copyIfMissing(manifest, size).thenCompose(copy -> {
            DependencyResult self = DependencyResult.of(manifest, copy, MISSING_MANIFEST);
            return copy.isInBackup()
                    ? copyReferences(manifest, walk).thenApply(self::plus)
                    : CompletableFuture.completedFuture(self);
        });
    }

    private CompletableFuture<DependencyResult> copyReferences(Digest manifest, Walk walk) {
        return workerPools
                .submitSmall(() -> readManifest(manifest))
                .thenCompose(read ->
                        read.map(CompletableFuture::completedFuture).orElseGet(() -> overwriteAndRead(manifest)))
                .thenCompose(references -> combineAll(references.references().stream()
                        .map(reference -> copy(reference, walk))
                        .toList()));
    }

    private static CompletableFuture<DependencyResult> combineAll(List<CompletableFuture<DependencyResult>> results) {
        return CompletableFuture.allOf(results.toArray(CompletableFuture<?>[]::new))
                .thenApply(done -> DependencyResult.combine(
                        results.stream().map(CompletableFuture::join).toList()));
    }

    private CompletableFuture<DependencyResult> copy(Descriptor reference, Walk walk) {
        Digest digest = reference.digest();
        return switch (reference.role()) {
            case MANIFEST -> copy(digest, reference.size(), walk);
            case BLOB ->
                blobReplicator
                        .copyIfMissing(digest, reference.size())
                        .thenCompose(copy -> linkLayer(walk, digest, copy)
                                .thenApply(bytes -> DependencyResult.of(digest, copy, MISSING_BLOB)
                                        .plus(new DependencyResult(Set.of(), bytes))));
            case FOREIGN_LAYER ->
                blobReplicator
                        .copyIfMissing(digest, reference.size())
                        .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_FOREIGN_LAYER));
        };
    }

    /** Publishes the layer link after its blob, in turn with the link's own event, so that it is written once. */
    private CompletableFuture<Long> linkLayer(Walk walk, Digest digest, ReplicationResult copy) {
        if (!copy.isInBackup() || walk.linking().isEmpty()) {
            return CompletableFuture.completedFuture(0L);
        }
        LayerLink link = new LayerLink(walk.linking().get(), digest);
        String key = layout.keyOf(link);
        boolean isAbsent = copy.status() == ReplicationStatus.COPIED;
        return executor.submit(
                        key,
                        () -> publisher.isDurable(key)
                                ? CompletableFuture.completedFuture(
                                        ReplicationResult.of(link.kind(), ReplicationStatus.PRESENT))
                                : workerPools.submitSmall(() -> publisher.publishUnread(link, key, isAbsent)))
                .thenApply(ReplicationResult::bytesCopied);
    }

    /**
     * Reads a manifest from the backup.
     *
     * @return {@link Manifest#EMPTY} if it is too large or malformed; empty if its bytes do not match its digest
     */
    private Optional<Manifest> readManifest(Digest manifest) {
        String key = layout.blobKey(manifest);
        byte[] bytes;
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            if (reading.info().size() > Manifest.MAX_BYTES) {
                return Optional.of(Manifest.EMPTY);
            }
            bytes = reading.readAll(Manifest.MAX_BYTES);
        }
        if (!Digest.of(manifest.algorithm(), bytes).equals(manifest)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Manifest.parse(bytes));
        } catch (MalformedManifestException e) {
            // The blob is copied as it is. That it is not a manifest is reported by verification, not here.
            return Optional.of(Manifest.EMPTY);
        }
    }

    private CompletableFuture<Manifest> overwriteAndRead(Digest manifest) {
        return blobReplicator
                .overwrite(manifest)
                .thenCompose(replaced -> workerPools.submitSmall(() -> {
                    if (replaced.status() == ReplicationStatus.COPIED) {
                        Optional<Manifest> read = readManifest(manifest);
                        if (read.isPresent()) {
                            return read.get();
                        }
                    }
                    throw new ObjectStoreException(
                            StoreError.UNAVAILABLE,
                            "Failed to read manifest %s in the backup: it is corrupt, and copying it again ended as %s"
                                    .formatted(manifest, replaced.status().label()));
                }));
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
