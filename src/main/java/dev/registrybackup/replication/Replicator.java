package dev.registrybackup.replication;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
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
import dev.registrybackup.replication.BlockedLinks.Reason;
import dev.registrybackup.replication.BlockedLinks.Waiting;
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
    private final UnknownObjects foreign;
    private final BlockedLinks blockedLinks;
    private final ExpiringKeySet durable;
    private final WorkerPools workerPools;
    private final BiConsumer<String, CompletableFuture<ReplicationResult>> onWoken;
    private final CoalescingExecutor<ReplicationResult> runs = new CoalescingExecutor<>();

    /** What a replicator works with. */
    public record Parts(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            BlobReplicator blobReplicator,
            UnknownObjects foreign,
            BlockedLinks blockedLinks,
            ExpiringKeySet durable,
            WorkerPools workerPools) {}

    /**
     * Replicates from the registry into the backup.
     *
     * @param onWoken is told of each link that is tried again since what it waited for has come
     */
    public Replicator(Parts parts, BiConsumer<String, CompletableFuture<ReplicationResult>> onWoken) {
        LinkStore objects = new LinkStore(parts.registry(), parts.backup());
        this.layout = parts.layout();
        this.blobReplicator = parts.blobReplicator();
        this.foreign = parts.foreign();
        this.blockedLinks = parts.blockedLinks();
        this.durable = parts.durable();
        this.workerPools = parts.workerPools();
        this.onWoken = onWoken;
        this.dependencyCopier =
                new DependencyCopier(layout, parts.backup(), blobReplicator, parts.workerPools(), durable);
        this.immutableLinkReplicator =
                new ImmutableLinkReplicator(layout, objects, blockedLinks, parts.workerPools(), durable);
        this.tagLinkReplicator = new TagLinkReplicator(objects, blockedLinks, parts.workerPools());
    }

    /**
     * Looks at the key in the registry and brings what the backup lacks of it, from a read that begins after this call.
     *
     * @return what became of it; fails with {@link dev.registrybackup.objectstore.ObjectStoreException} where that may be
     *     different when tried again
     */
    public CompletableFuture<ReplicationResult> replicate(String key) {
        RegistryPath path = layout.parse(key);
        return switch (path.kind()) {
            case UPLOAD, EXCLUDED ->
                CompletableFuture.completedFuture(ReplicationResult.of(path.kind(), ReplicationStatus.PASSED_OVER));
            case FOREIGN -> runs.run(key, () -> foreign.replicate(key));
            case BLOB -> blob(((BlobData) path).digest());
            case LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                runs.run(
                        key,
                        () -> link(key, path)
                                .handle((replicationResult, failure) ->
                                        judged(path.kind(), replicationResult, failure)));
        };
    }

    /** Tries links again whose missing part has come meanwhile, by whichever way; knows so from memory alone. */
    public void wakeWaiting() {
        for (Digest part : blockedLinks.parts()) {
            wake(part, link -> durable.contains(awaited(layout.parse(link), part)));
        }
    }

    /** A tag waits for the revision link of its repository and not for the manifest's blob alone. */
    private String awaited(RegistryPath link, Digest part) {
        return switch (link.kind()) {
            case TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                layout.keyOf(new RevisionLink(((RegistryPath.Link) link).repository(), part));
            case LAYER_LINK, REVISION_LINK, BLOB, UPLOAD, FOREIGN, EXCLUDED -> layout.blobKey(part);
        };
    }

    private CompletableFuture<ReplicationResult> blob(Digest digest) {
        return blobReplicator.bring(digest).thenCompose(copy -> {
            ReplicationResult replicationResult =
                    new ReplicationResult(Kind.BLOB, verdict(copy), Optional.of(digest), copy.bytes(), copy.problem());
            return copy.inBackup()
                    ? waking(replicationResult, digest, link -> true)
                    : CompletableFuture.completedFuture(replicationResult);
        });
    }

    private static ReplicationStatus verdict(BlobResult copy) {
        return switch (copy.state()) {
            case COPIED -> ReplicationStatus.COPIED;
            case PRESENT -> ReplicationStatus.PRESENT;
            case ABSENT -> ReplicationStatus.GONE;
            case CORRUPT, ONLY_BACKUP_GOOD -> ReplicationStatus.CORRUPT;
        };
    }

    private CompletableFuture<ReplicationResult> link(String key, RegistryPath path) {
        if (path instanceof LayerLink layer) {
            return immutableLinkReplicator.replicate(
                    layer, storedLink -> dependencyCopier.bringBlob(storedLink.target()));
        } else if (path instanceof RevisionLink revision) {
            return immutableLinkReplicator
                    .replicate(revision, storedLink -> dependencyCopier.bring(storedLink.target()))
                    .thenCompose(replicationResult -> wakeTags(revision, replicationResult));
        } else if (path instanceof TagIndexLink tag) {
            return immutableLinkReplicator.replicate(
                    tag, storedLink -> bringRevision(tag.repository(), storedLink.target()));
        } else {
            TagCurrentLink tag = (TagCurrentLink) path;
            return tagLinkReplicator.replicate(key, storedLink -> bringRevision(tag.repository(), storedLink.target()));
        }
    }

    /** A tag points to a revision link of its repository, which is there before the tag is. */
    private CompletableFuture<DependencyResult> bringRevision(RepositoryName repository, Digest digest) {
        String key = layout.keyOf(new RevisionLink(repository, digest));
        return replicate(key).thenCompose(revision -> {
            if (revision.replicationStatus().isInBackup()) {
                return CompletableFuture.completedFuture(new DependencyResult(Set.of(), revision.bytes()));
            }
            if (revision.replicationStatus() == ReplicationStatus.GONE) {
                DependencyResult dangling =
                        DependencyResult.lacking(digest, "the registry's tag points to a revision link that it lacks");
                return dependencyCopier.bring(digest).thenApply(dangling::plus);
            }
            return CompletableFuture.completedFuture(
                    new DependencyResult(Set.of(new Reason(Waiting.WITHHELD, digest, revision.problem())), 0));
        });
    }

    private CompletableFuture<ReplicationResult> wakeTags(RevisionLink revision, ReplicationResult replicationResult) {
        return replicationResult.replicationStatus() == ReplicationStatus.COPIED
                        || replicationResult.replicationStatus() == ReplicationStatus.INCOMPLETE
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
                ? workerPools.small(() -> {
                    blockedLinks.learn(part);
                    return true;
                })
                : CompletableFuture.completedFuture(true);
        return isKnown.thenApply(known -> {
            wake(part, which);
            return replicationResult;
        });
    }

    private void wake(Digest part, Predicate<String> which) {
        blockedLinks.waitingFor(part).stream().filter(which).forEach(link -> onWoken.accept(link, replicate(link)));
    }

    /** A malformed link is a verdict; every other failure may pass and stays one. */
    private static ReplicationResult judged(Kind kind, ReplicationResult replicationResult, Throwable failure) {
        if (failure == null) {
            return replicationResult;
        }
        Throwable cause = WorkerPools.cause(failure);
        if (cause instanceof MalformedLinkException malformed) {
            return new ReplicationResult(
                    kind, ReplicationStatus.MALFORMED, Optional.empty(), 0, String.valueOf(malformed.getMessage()));
        }
        throw cause instanceof RuntimeException unchecked ? unchecked : new CompletionException(cause);
    }
}
