package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * Makes the backup have what the registry has under one key, children before parents. Order, number and delay of calls
 * change nothing in the result. Safe for use by many threads; holds none while it waits.
 */
public final class Replicator {
    private final RegistryLayout layout;
    private final BlobReplicator blobReplicator;
    private final LinkReplicator linkReplicator;
    private final UnknownObjects unknownObjects;
    private final BlockedLinks blockedLinks;
    private final ExpiringKeySet durableKeys;
    /** One run at a time for each key, but for blobs, of which {@link BlobReplicator} sees to that. */
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
     * @param onUnblocked is told of each link that is tried again since what it waited for is there now
     */
    public Replicator(Dependencies dependencies, BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked) {
        this.layout = dependencies.layout();
        this.blobReplicator = dependencies.blobReplicator();
        this.unknownObjects = dependencies.unknownObjects();
        this.blockedLinks = dependencies.blockedLinks();
        this.durableKeys = dependencies.durableKeys();
        WorkerPools workerPools = dependencies.workerPools();
        LinkPublisher publisher = new LinkPublisher(
                new LinkStore(dependencies.registry(), dependencies.backup(), blobReplicator.conditionalWrites()),
                blockedLinks,
                durableKeys);
        DependencyCopier dependencyCopier = new DependencyCopier(
                layout, dependencies.backup(), blobReplicator, publisher, executor, workerPools, durableKeys);
        this.linkReplicator = new LinkReplicator(
                layout,
                dependencyCopier,
                publisher,
                blockedLinks,
                executor,
                workerPools,
                dependencies.linksLayers(),
                onUnblocked);
    }

    /**
     * Reads the key from the registry and copies what the backup lacks of it, from a read that begins after this call.
     *
     * @return what became of it; fails with {@link dev.registrybackup.objectstore.ObjectStoreException} where that may be
     *     different when tried again
     */
    public CompletableFuture<ReplicationResult> replicate(String key) {
        return replicate(key, false, Optional.empty());
    }

    /** As {@link #replicate(String)}, for a key that was just seen to be missing in the backup, which is not asked again. */
    public CompletableFuture<ReplicationResult> replicateAbsent(String key) {
        return replicate(key, true, Optional.empty());
    }

    /**
     * As {@link #replicateAbsent(String)}, for a link whose target a listing of the registry has just shown: only a tag is
     * read in the registry, once it is written, since it may have moved.
     *
     * @param target what the link in the registry contains, as its ETag shows
     */
    public CompletableFuture<ReplicationResult> replicateAbsent(ObjectInfo listed, Digest target) {
        return replicate(listed.key(), true, Optional.of(new StoredLink(listed, target)));
    }

    private CompletableFuture<ReplicationResult> replicate(String key, boolean isAbsent, Optional<StoredLink> listed) {
        RegistryPath path = layout.parse(key);
        return switch (path.kind()) {
            case UPLOAD, EXCLUDED ->
                CompletableFuture.completedFuture(ReplicationResult.of(path.kind(), ReplicationStatus.SKIPPED));
            case UNKNOWN -> executor.submit(key, () -> unknownObjects.replicate(key));
            case BLOB -> replicateBlob(((BlobData) path).digest(), isAbsent);
            case LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                linkReplicator.replicate((Link) path, isAbsent, listed);
        };
    }

    private CompletableFuture<ReplicationResult> replicateBlob(Digest digest, boolean isAbsent) {
        CompletableFuture<ReplicationResult> copying =
                isAbsent ? blobReplicator.copyAbsent(digest) : blobReplicator.copyIfDifferent(digest);
        return copying.thenCompose(copy -> copy.isInBackup()
                ? linkReplicator.unblock(digest, link -> true).thenApply(done -> copy)
                : CompletableFuture.completedFuture(copy));
    }

    /** Tries links again whose missing dependency is there by now, by whichever way; knows so from memory alone. */
    public void retryBlocked() {
        for (Digest dependency : blockedLinks.dependencies()) {
            linkReplicator.retryWaiting(dependency, link -> durableKeys.contains(awaitedKey(link, dependency)));
        }
    }

    /** A tag waits for the revision link of its repository and not for the manifest's blob alone. */
    private String awaitedKey(Link link, Digest dependency) {
        return switch (link.kind()) {
            case TAG_INDEX_LINK, TAG_CURRENT_LINK -> layout.keyOf(new RevisionLink(link.repository(), dependency));
            default -> layout.blobKey(dependency);
        };
    }
}
