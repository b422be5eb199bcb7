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
import dev.registrybackup.registry.MalformedManifestException;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RepositoryName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies a manifest and all its dependencies into the backup: configs, layers, the manifests of an index, and their
 * dependencies. On request, also publishes a repository's layer link to each config and layer, after its blob.
 * Manifests are read from the backup, where they were verified.
 */
final class DependencyCopier {
    private static final String MISSING_MANIFEST =
            "the registry has no such manifest (a sparse index, or pulled through from elsewhere)";
    private static final String MISSING_BLOB =
            "the registry has no such blob (it may be pulled through from elsewhere)";
    private static final String MISSING_FOREIGN_LAYER = "a foreign layer, whose bytes live at its urls";

    private final RegistryLayout layout;
    private final ObjectStore backup;
    private final BlobReplicator blobReplicator;
    private final WorkerPools workerPools;
    private final ExpiringKeySet completeManifests;
    private final LinkPublisher publisher;
    private final CoalescingExecutor<ReplicationResult> links;

    /**
     * Copies from the registry into the backup.
     *
     * @param links runs the work for one link at a time
     * @param completeManifests caches the manifests that were recently copied with all dependencies
     */
    DependencyCopier(
            RegistryLayout layout,
            ObjectStore backup,
            BlobReplicator blobReplicator,
            LinkPublisher publisher,
            CoalescingExecutor<ReplicationResult> links,
            WorkerPools workerPools,
            ExpiringKeySet completeManifests) {
        this.layout = layout;
        this.backup = backup;
        this.blobReplicator = blobReplicator;
        this.publisher = publisher;
        this.links = links;
        this.workerPools = workerPools;
        this.completeManifests = completeManifests;
    }

    /** Copies the blob of a layer link. */
    CompletableFuture<DependencyResult> copyBlob(Digest digest) {
        return blobReplicator
                .copyIfMissing(digest, OptionalLong.empty())
                .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_BLOB));
    }

    /**
     * Copies the manifest and all its dependencies.
     *
     * @param linking the repository whose layer links are published too; empty to publish none
     */
    CompletableFuture<DependencyResult> copy(Digest manifest, Optional<RepositoryName> linking) {
        Walk walk = new Walk(linking, ConcurrentHashMap.newKeySet());
        return copy(manifest, OptionalLong.empty(), walk).thenApply(dependencyResult -> {
            // Cached only now: until the whole copy ends, a manifest that occurs twice counts as complete unchecked.
            if (dependencyResult.isComplete()) {
                walk.seen().forEach(child -> completeManifests.add(walk.cacheKey(child)));
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
        if (completeManifests.contains(walk.cacheKey(manifest)) || !walk.seen().add(manifest)) {
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
                        .thenCompose(copy -> link(walk, digest, copy)
                                .thenApply(bytes -> DependencyResult.of(digest, copy, MISSING_BLOB)
                                        .plus(new DependencyResult(Set.of(), bytes))));
            case FOREIGN_LAYER ->
                blobReplicator
                        .copyIfMissing(digest, reference.size())
                        .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_FOREIGN_LAYER));
        };
    }

    /**
     * Publishes the layer link after its blob. Shares the executor with the link's own event, so it is written once.
     */
    private CompletableFuture<Long> link(Walk walk, Digest digest, ReplicationResult copy) {
        if (!copy.isInBackup() || walk.linking().isEmpty()) {
            return CompletableFuture.completedFuture(0L);
        }
        LayerLink link = new LayerLink(walk.linking().get(), digest);
        String key = layout.keyOf(link);
        boolean isAbsent = copy.status() == ReplicationStatus.COPIED;
        return links.submit(
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
}
