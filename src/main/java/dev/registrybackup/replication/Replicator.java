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
import dev.registrybackup.replication.LinkPublisher.StoredLink;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * Replicates one key from the registry into the backup, dependencies first. The result does not depend on the order,
 * number or delay of calls. Safe for use by many threads; does not block one while it waits.
 */
public final class Replicator {
    /**
     * How long a key that was found durable counts as durable. Spares most requests of a push, whose events arrive within
     * seconds, and is short enough that an object that somebody deletes from the backup is soon missed.
     */
    public static final Duration DURABLE_KEY_TTL = Duration.ofMinutes(5);

    private static final int MAX_DURABLE_KEYS = 100_000;

    private final RegistryLayout layout;
    private final VerifiedMarker verifiedMarker;
    private final BlobReplicator blobReplicator;
    private final LinkReplicator linkReplicator;
    private final UnknownObjects unknownObjects;
    private final BlockedLinks blockedLinks;
    private final ExpiringKeySet durableKeys;
    /** Copies one unknown object at a time for each key. */
    private final CoalescingExecutor<ReplicationResult> executor = new CoalescingExecutor<>();

    /**
     * Replicates from the registry into the backup.
     *
     * @param copiesUnknownObjects whether objects that are not part of the registry's layout are copied
     * @param linksLayers whether a manifest's layer links are published with its revision link, without being read.
     *     Requires that the registry writes all layer links before the revision link
     * @param onUnblocked called with each link that is retried because a dependency is now in the backup
     */
    public Replicator(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            boolean copiesUnknownObjects,
            boolean linksLayers,
            WorkerPools workerPools,
            Clock clock,
            BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked) {
        this.layout = layout;
        this.durableKeys = new ExpiringKeySet(clock, DURABLE_KEY_TTL, MAX_DURABLE_KEYS);
        this.verifiedMarker = new VerifiedMarker(backup, layout, clock);
        this.blobReplicator = new BlobReplicator(layout, registry, backup, verifiedMarker, workerPools, durableKeys);
        this.unknownObjects = new UnknownObjects(registry, backup, workerPools, copiesUnknownObjects);
        this.blockedLinks = new BlockedLinks(backup, clock);
        this.linkReplicator = new LinkReplicator(
                layout,
                registry,
                backup,
                blobReplicator,
                blockedLinks,
                durableKeys,
                workerPools,
                linksLayers,
                onUnblocked);
    }

    /** Copies the blobs. */
    public BlobReplicator blobReplicator() {
        return blobReplicator;
    }

    /** Whether every blob in the backup was verified. */
    public VerifiedMarker verifiedMarker() {
        return verifiedMarker;
    }

    /** The links that wait for a dependency. */
    public BlockedLinks blockedLinks() {
        return blockedLinks;
    }

    /** The keys that are known to be durable in the backup. */
    public ExpiringKeySet durableKeys() {
        return durableKeys;
    }

    /**
     * Reads the key from the registry and copies what is missing in the backup. The read begins after this call.
     *
     * @return the result; fails with {@link dev.registrybackup.objectstore.ObjectStoreException} if a retry may succeed
     */
    public CompletableFuture<ReplicationResult> replicate(String key) {
        return replicate(key, false, OptionalLong.empty(), Optional.empty());
    }

    /**
     * Replicates as {@link #replicate(String)} does, without asking the backup: a listing has just shown that the key
     * is missing there.
     *
     * @param size the object's size in bytes, if the registry's listing shows it
     */
    public CompletableFuture<ReplicationResult> replicateAbsent(String key, OptionalLong size) {
        return replicate(key, true, size, Optional.empty());
    }

    /**
     * Replicates a link as {@link #replicateAbsent(String, OptionalLong)} does, without reading it: a listing of the registry has
     * just shown its target. Only a tag is read, after it is written, since it may have moved.
     *
     * @param target the link's content, derived from its ETag
     */
    public CompletableFuture<ReplicationResult> replicateAbsent(ObjectInfo listed, Digest target) {
        return replicate(listed.key(), true, OptionalLong.empty(), Optional.of(new StoredLink(listed, target)));
    }

    private CompletableFuture<ReplicationResult> replicate(
            String key, boolean isAbsent, OptionalLong size, Optional<StoredLink> listed) {
        RegistryPath path = layout.parse(key);
        return switch (path.kind()) {
            case UPLOAD, EXCLUDED ->
                CompletableFuture.completedFuture(ReplicationResult.of(path.kind(), ReplicationStatus.SKIPPED));
            case UNKNOWN -> executor.submit(key, () -> unknownObjects.replicate(key));
            case BLOB -> replicateBlob(((BlobData) path).digest(), isAbsent, size);
            case LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                linkReplicator.replicate((Link) path, isAbsent, listed);
        };
    }

    private CompletableFuture<ReplicationResult> replicateBlob(Digest digest, boolean isAbsent, OptionalLong size) {
        CompletableFuture<ReplicationResult> copying =
                isAbsent ? blobReplicator.copyAbsent(digest, size) : blobReplicator.copyIfDifferent(digest);
        return copying.thenCompose(copy -> copy.isInBackup()
                ? linkReplicator.unblock(digest, link -> true).thenApply(done -> copy)
                : CompletableFuture.completedFuture(copy));
    }

    /**
     * Retries the links whose dependency is now known to be durable in the backup, those of other instances too. Blocks
     * while their records are listed.
     */
    public void retryBlocked() {
        blockedLinks.refresh();
        for (Digest dependency : blockedLinks.dependencies()) {
            linkReplicator.retryWaiting(dependency, link -> durableKeys.contains(awaitedKey(link, dependency)));
        }
    }

    /** A tag waits for the revision link of its repository; the manifest's blob alone is not sufficient. */
    private String awaitedKey(Link link, Digest dependency) {
        return switch (link.kind()) {
            case TAG_INDEX_LINK, TAG_CURRENT_LINK -> layout.keyOf(new RevisionLink(link.repository(), dependency));
            default -> layout.blobKey(dependency);
        };
    }
}
