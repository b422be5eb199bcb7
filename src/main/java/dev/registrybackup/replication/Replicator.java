package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.BlockedLinks.BlockCause;
import dev.registrybackup.replication.BlockedLinks.LinkState;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Makes the backup have what the registry has under one key, children before parents. Order, number and delay of calls
 * change nothing in the result. Safe for use by many threads; holds none while it waits.
 */
public final class Replicator {
    private final RegistryLayout layout;
    private final BlobReplicator blobReplicator;
    private final DependencyCopier dependencyCopier;
    private final ImmutableLinkReplicator immutableLinkReplicator;
    private final TagLinkReplicator tagLinkReplicator;
    private final UnknownObjects unknownObjects;
    private final BlockedLinks blockedLinks;
    private final ExpiringKeySet durableKeys;
    private final WorkerPools workerPools;
    private final boolean linksLayers;
    private final BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked;
    private final CoalescingExecutor<ReplicationResult> executor = new CoalescingExecutor<>();

    /**
     * What a replicator works with.
     *
     * @param linksLayers whether a manifest's layer links come with its revision link, unread: right where the registry has
     *     written them all by then
     */
    public record Dependencies(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            BlobReplicator blobReplicator,
            UnknownObjects unknownObjects,
            BlockedLinks blockedLinks,
            ExpiringKeySet durableKeys,
            WorkerPools workerPools,
            boolean linksLayers) {}

    /**
     * Replicates from the registry into the backup.
     *
     * @param onWoken is told of each link that is tried again since what it waited for has come
     */
    public Replicator(Dependencies dependencies, BiConsumer<String, CompletableFuture<ReplicationResult>> onWoken) {
        LinkStore objects = new LinkStore(dependencies.registry(), dependencies.backup());
        this.layout = dependencies.layout();
        this.blobReplicator = dependencies.blobReplicator();
        this.unknownObjects = dependencies.unknownObjects();
        this.blockedLinks = dependencies.blockedLinks();
        this.durableKeys = dependencies.durableKeys();
        this.workerPools = dependencies.workerPools();
        this.linksLayers = dependencies.linksLayers();
        this.onUnblocked = onWoken;
        this.immutableLinkReplicator =
                new ImmutableLinkReplicator(layout, objects, blockedLinks, dependencies.workerPools(), durableKeys);
        this.tagLinkReplicator = new TagLinkReplicator(objects, blockedLinks, dependencies.workerPools());
        this.dependencyCopier = new DependencyCopier(
                layout,
                dependencies.backup(),
                blobReplicator,
                dependencies.workerPools(),
                durableKeys,
                this::publishLayerLink);
    }

    /**
     * Looks at the key in the registry and brings what the backup lacks of it, from a read that begins after this call.
     *
     * @return what became of it; fails with {@link dev.registrybackup.objectstore.ObjectStoreException} where that may be
     *     different when tried again
     */
    public CompletableFuture<ReplicationResult> replicate(String key) {
        return replicate(key, false);
    }

    /** As {@link #replicate(String)}, of a key that the backup was just seen to lack, so that nobody looks for it again. */
    public CompletableFuture<ReplicationResult> replicateAbsent(String key) {
        return replicate(key, true);
    }

    private CompletableFuture<ReplicationResult> replicate(String key, boolean isAbsent) {
        RegistryPath path = layout.parse(key);
        return switch (path.kind()) {
            case UPLOAD, EXCLUDED ->
                CompletableFuture.completedFuture(ReplicationResult.of(path.kind(), ReplicationStatus.SKIPPED));
            case UNKNOWN -> executor.submit(key, () -> unknownObjects.replicate(key));
            case BLOB -> replicateBlob(((BlobData) path).digest(), isAbsent);
            case LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                executor.submit(
                        key,
                        () -> replicateLink(key, path, isAbsent)
                                .handle((replicationResult, failure) ->
                                        resultOrMalformed(path.kind(), replicationResult, failure)));
        };
    }

    /** Tries links again whose missing part has come meanwhile, by whichever way; knows so from memory alone. */
    public void retryBlocked() {
        for (Digest part : blockedLinks.dependencies()) {
            unblock(part, link -> durableKeys.contains(awaitedKey(layout.parse(link), part)));
        }
    }

    /** A tag waits for the revision link of its repository and not for the manifest's blob alone. */
    private String awaitedKey(RegistryPath link, Digest part) {
        return switch (link.kind()) {
            case TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                layout.keyOf(new RevisionLink(((RegistryPath.Link) link).repository(), part));
            case LAYER_LINK, REVISION_LINK, BLOB, UPLOAD, UNKNOWN, EXCLUDED -> layout.blobKey(part);
        };
    }

    private CompletableFuture<ReplicationResult> replicateBlob(Digest digest, boolean isAbsent) {
        CompletableFuture<BlobResult> copying =
                isAbsent ? blobReplicator.copyAbsent(digest) : blobReplicator.copyIfDifferent(digest);
        return copying.thenCompose(copy -> {
            ReplicationResult replicationResult = new ReplicationResult(
                    Kind.BLOB, toStatus(copy), Optional.of(digest), copy.bytesCopied(), copy.problem());
            return copy.isInBackup()
                    ? waking(replicationResult, digest, link -> true)
                    : CompletableFuture.completedFuture(replicationResult);
        });
    }

    private static ReplicationStatus toStatus(BlobResult copy) {
        return switch (copy.state()) {
            case COPIED -> ReplicationStatus.COPIED;
            case PRESENT -> ReplicationStatus.PRESENT;
            case MISSING -> ReplicationStatus.SOURCE_MISSING;
            case CORRUPT, SOURCE_CORRUPT -> ReplicationStatus.CORRUPT;
        };
    }

    private CompletableFuture<ReplicationResult> replicateLink(String key, RegistryPath path, boolean isAbsent) {
        if (path instanceof LayerLink layer && isAbsent && layer.digest().algorithm() == DigestAlgorithm.SHA256) {
            // Its path says what it says; only a path of another algorithm may lead elsewhere.
            return dependencyCopier
                    .copyBlob(layer.digest())
                    .thenCompose(blob -> blob.isComplete()
                            ? immutableLinkReplicator.publishUnread(layer, true)
                            : replicateLink(key, path, false));
        } else if (path instanceof LayerLink layer) {
            return immutableLinkReplicator.replicate(
                    layer, isAbsent, storedLink -> dependencyCopier.copyBlob(storedLink.target()));
        } else if (path instanceof RevisionLink revision) {
            return immutableLinkReplicator
                    .replicate(
                            revision,
                            isAbsent,
                            storedLink -> dependencyCopier.copy(storedLink.target(), linking(revision.repository())))
                    .thenCompose(replicationResult -> unblockTags(revision, replicationResult));
        } else if (path instanceof TagIndexLink tag) {
            return immutableLinkReplicator.replicate(
                    tag, isAbsent, storedLink -> copyRevision(tag.repository(), storedLink.target()));
        } else {
            TagCurrentLink tag = (TagCurrentLink) path;
            return tagLinkReplicator.replicate(
                    key, isAbsent, storedLink -> copyRevision(tag.repository(), storedLink.target()));
        }
    }

    private Optional<RepositoryName> linking(RepositoryName repository) {
        return linksLayers ? Optional.of(repository) : Optional.empty();
    }

    /** In turn with the layer link's own event, so that it is written once. No layer link precedes its blob. */
    private CompletableFuture<Long> publishLayerLink(LayerLink path, BlobResult blob) {
        return executor.submit(
                        layout.keyOf(path),
                        () -> immutableLinkReplicator.publishUnread(path, blob.state() == BlobResult.BlobState.COPIED))
                .thenApply(ReplicationResult::bytesCopied);
    }

    /** A tag points to a revision link of its repository, which is there before the tag is. */
    private CompletableFuture<DependencyResult> copyRevision(RepositoryName repository, Digest digest) {
        String key = layout.keyOf(new RevisionLink(repository, digest));
        return replicate(key).thenCompose(revision -> {
            if (revision.status().isInBackup()) {
                return CompletableFuture.completedFuture(new DependencyResult(Set.of(), revision.bytesCopied()));
            }
            if (revision.status() == ReplicationStatus.SOURCE_MISSING) {
                DependencyResult dangling =
                        DependencyResult.missing(digest, "the registry's tag points to a revision link that it lacks");
                return dependencyCopier.copy(digest, Optional.empty()).thenApply(dangling::plus);
            }
            return CompletableFuture.completedFuture(
                    new DependencyResult(Set.of(new BlockCause(LinkState.BLOCKED, digest, revision.problem())), 0));
        });
    }

    private CompletableFuture<ReplicationResult> unblockTags(
            RevisionLink revision, ReplicationResult replicationResult) {
        return replicationResult.status() == ReplicationStatus.COPIED
                        || replicationResult.status() == ReplicationStatus.PARTIAL
                ? waking(
                        replicationResult,
                        revision.digest(),
                        link -> layout.parse(link) instanceof RegistryPath.Link tag
                                && tag.repository().equals(revision.repository()))
                : CompletableFuture.completedFuture(replicationResult);
    }

    /** What waits for the part that has come is asked for where not all of that is known. */
    private CompletableFuture<ReplicationResult> waking(
            ReplicationResult replicationResult, Digest part, Predicate<String> which) {
        CompletableFuture<Boolean> isKnown = blockedLinks.isPartial()
                ? workerPools.submitSmall(() -> {
                    blockedLinks.addToIndex(part);
                    return true;
                })
                : CompletableFuture.completedFuture(true);
        return isKnown.thenApply(known -> {
            unblock(part, which);
            return replicationResult;
        });
    }

    private void unblock(Digest part, Predicate<String> which) {
        blockedLinks.linksWaitingFor(part).stream()
                .filter(which)
                .forEach(link -> onUnblocked.accept(link, replicate(link)));
    }

    /** A malformed link is a verdict; every other failure may pass and stays one. */
    private static ReplicationResult resultOrMalformed(
            Kind kind, ReplicationResult replicationResult, Throwable failure) {
        if (failure == null) {
            return replicationResult;
        }
        Throwable cause = WorkerPools.unwrap(failure);
        if (cause instanceof MalformedLinkException malformed) {
            return new ReplicationResult(
                    kind, ReplicationStatus.MALFORMED, Optional.empty(), 0, String.valueOf(malformed.getMessage()));
        }
        throw cause instanceof RuntimeException unchecked ? unchecked : new CompletionException(cause);
    }
}
