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
 * Brings a manifest and everything it refers to into the backup: configs, layers, the manifests of an index, and theirs;
 * if so asked, with a repository's layer links to its configs and layers, each after its blob. Manifests are read from the
 * backup, where they were proved.
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
     * Remembers in {@code complete} which manifests it lately copied with everything below them.
     *
     * @param links runs the work for one link at a time
     */
    DependencyCopier(
            RegistryLayout layout,
            ObjectStore backup,
            BlobReplicator blobReplicator,
            LinkPublisher publisher,
            CoalescingExecutor<ReplicationResult> links,
            WorkerPools workerPools,
            ExpiringKeySet complete) {
        this.layout = layout;
        this.backup = backup;
        this.blobReplicator = blobReplicator;
        this.publisher = publisher;
        this.links = links;
        this.workerPools = workerPools;
        this.completeManifests = complete;
    }

    /** Brings the blob of a layer link. */
    CompletableFuture<DependencyResult> copyBlob(Digest digest) {
        return blobReplicator
                .copyIfMissing(digest, OptionalLong.empty())
                .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_BLOB));
    }

    /**
     * Brings the manifest and everything below it.
     *
     * @param linking the repository whose layer links come along; empty if none do
     */
    CompletableFuture<DependencyResult> copy(Digest manifest, Optional<RepositoryName> linking) {
        Walk walk = new Walk(linking, ConcurrentHashMap.newKeySet());
        return copy(manifest, OptionalLong.empty(), walk).thenApply(dependencyResult -> {
            // Only the whole is told to be complete: what was seen twice was passed over the second time.
            if (dependencyResult.isComplete()) {
                walk.seen().forEach(below -> completeManifests.add(walk.memory(below)));
            }
            return dependencyResult;
        });
    }

    /** Where layer links are written, if they are, and the manifests met so far. */
    private record Walk(Optional<RepositoryName> linking, Set<Digest> seen) {
        /** Under what a manifest is remembered: its blobs are everybody's, the layer links one repository's. */
        String memory(Digest manifest) {
            return linking.map(repository -> repository + "@" + manifest).orElseGet(manifest::toString);
        }
    }

    private CompletableFuture<DependencyResult> copy(Digest manifest, OptionalLong size, Walk walk) {
        // What is remembered was not looked at now, so it is not seen, and not remembered anew.
        if (completeManifests.contains(walk.memory(manifest)) || !walk.seen().add(manifest)) {
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

    private static CompletableFuture<DependencyResult> combineAll(List<CompletableFuture<DependencyResult>> parts) {
        return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
                .thenApply(done -> DependencyResult.combine(
                        parts.stream().map(CompletableFuture::join).toList()));
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

    /** Publishes the layer link after its blob, in turn with the link's own event, so that it is written once. */
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

    /** What the manifest in the backup refers to; nothing if it is none; empty if its bytes are not what they should be. */
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
            // Stored as it is and followed no further; that it is no manifest is a finding of verify, not of the copy.
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
                            "Failed to read manifest %s in the backup: its bytes have another digest, and the registry's blob is %s"
                                    .formatted(manifest, replaced.status().label()));
                }));
    }
}
