package dev.registrybackup.replication;

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
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Brings a manifest and everything it refers to into the backup: configs, layers, the manifests of an index, and theirs.
 * Manifests are read from the backup, where they were proved.
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

    /** Remembers in {@code complete} which manifests it lately brought with everything below them. */
    DependencyCopier(
            RegistryLayout layout,
            ObjectStore backup,
            BlobReplicator blobReplicator,
            WorkerPools workerPools,
            ExpiringKeySet complete) {
        this.layout = layout;
        this.backup = backup;
        this.blobReplicator = blobReplicator;
        this.workerPools = workerPools;
        this.completeManifests = complete;
    }

    /** Brings the blob of a layer link. */
    CompletableFuture<DependencyResult> copyBlob(Digest digest) {
        return blobReplicator
                .copyIfMissing(digest, OptionalLong.empty())
                .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_BLOB));
    }

    /** Brings the manifest and everything below it. */
    CompletableFuture<DependencyResult> copy(Digest manifest) {
        Set<Digest> seen = ConcurrentHashMap.newKeySet();
        return copy(manifest, OptionalLong.empty(), seen).thenApply(dependencyResult -> {
            // Only the whole is told to be complete: what was seen twice was passed over the second time.
            if (dependencyResult.isComplete()) {
                seen.forEach(below -> completeManifests.add(below.toString()));
            }
            return dependencyResult;
        });
    }

    private CompletableFuture<DependencyResult> copy(Digest manifest, OptionalLong size, Set<Digest> seen) {
        // What is remembered was not looked at now, so it is not seen, and not remembered anew.
        if (completeManifests.contains(manifest.toString()) || !seen.add(manifest)) {
            return CompletableFuture.completedFuture(DependencyResult.COMPLETE);
        }
        return blobReplicator.copyIfMissing(manifest, size).thenCompose(copy -> {
            DependencyResult self = DependencyResult.of(manifest, copy, MISSING_MANIFEST);
            return copy.isInBackup()
                    ? copyReferences(manifest, seen).thenApply(self::plus)
                    : CompletableFuture.completedFuture(self);
        });
    }

    private CompletableFuture<DependencyResult> copyReferences(Digest manifest, Set<Digest> seen) {
        return workerPools
                .submitSmall(() -> readManifest(manifest))
                .thenCompose(read ->
                        read.map(CompletableFuture::completedFuture).orElseGet(() -> overwriteAndRead(manifest)))
                .thenCompose(references -> combineAll(references.references().stream()
                        .map(reference -> copy(reference, seen))
                        .toList()));
    }

    private static CompletableFuture<DependencyResult> combineAll(List<CompletableFuture<DependencyResult>> parts) {
        return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
                .thenApply(done -> DependencyResult.combine(
                        parts.stream().map(CompletableFuture::join).toList()));
    }

    private CompletableFuture<DependencyResult> copy(Descriptor reference, Set<Digest> seen) {
        Digest digest = reference.digest();
        return switch (reference.role()) {
            case MANIFEST -> copy(digest, reference.size(), seen);
            case BLOB ->
                blobReplicator
                        .copyIfMissing(digest, reference.size())
                        .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_BLOB));
            case FOREIGN_LAYER ->
                blobReplicator
                        .copyIfMissing(digest, reference.size())
                        .thenApply(copy -> DependencyResult.of(digest, copy, MISSING_FOREIGN_LAYER));
        };
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
                    if (replaced.state() == BlobResult.BlobState.COPIED) {
                        Optional<Manifest> read = readManifest(manifest);
                        if (read.isPresent()) {
                            return read.get();
                        }
                    }
                    throw new ObjectStoreException(
                            StoreError.UNAVAILABLE,
                            "Failed to read manifest %s in the backup: its bytes have another digest, and the registry's blob is %s"
                                    .formatted(manifest, replaced.state()));
                }));
    }
}
