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
    private static final String ABSENT_MANIFEST =
            "the registry has no such manifest (a sparse index, or pulled through from elsewhere)";
    private static final String ABSENT_BLOB = "the registry has no such blob (it may be pulled through from elsewhere)";
    private static final String ABSENT_FOREIGN = "a foreign layer, whose bytes live at its urls";

    private final RegistryLayout layout;
    private final ObjectStore backup;
    private final BlobReplicator blobReplicator;
    private final WorkerPools workerPools;
    private final ExpiringKeySet complete;

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
        this.complete = complete;
    }

    /** Brings the blob of a layer link. */
    CompletableFuture<DependencyResult> bringBlob(Digest digest) {
        return blobReplicator
                .ensure(digest, OptionalLong.empty())
                .thenApply(copy -> DependencyResult.of(digest, copy, ABSENT_BLOB));
    }

    /** Brings the manifest and everything below it. */
    CompletableFuture<DependencyResult> bring(Digest manifest) {
        Set<Digest> seen = ConcurrentHashMap.newKeySet();
        return bring(manifest, OptionalLong.empty(), seen).thenApply(dependencyResult -> {
            // Only the whole is told to be complete: what was seen twice was passed over the second time.
            if (dependencyResult.isComplete()) {
                seen.forEach(below -> complete.remember(below.toString()));
            }
            return dependencyResult;
        });
    }

    private CompletableFuture<DependencyResult> bring(Digest manifest, OptionalLong size, Set<Digest> seen) {
        // What is remembered was not looked at now, so it is not seen, and not remembered anew.
        if (complete.contains(manifest.toString()) || !seen.add(manifest)) {
            return CompletableFuture.completedFuture(DependencyResult.COMPLETE);
        }
        return blobReplicator.ensure(manifest, size).thenCompose(copy -> {
            DependencyResult self = DependencyResult.of(manifest, copy, ABSENT_MANIFEST);
            return copy.inBackup()
                    ? bringReferences(manifest, seen).thenApply(self::plus)
                    : CompletableFuture.completedFuture(self);
        });
    }

    private CompletableFuture<DependencyResult> bringReferences(Digest manifest, Set<Digest> seen) {
        return workerPools
                .small(() -> read(manifest))
                .thenCompose(
                        read -> read.map(CompletableFuture::completedFuture).orElseGet(() -> replaceAndRead(manifest)))
                .thenCompose(references -> all(references.references().stream()
                        .map(reference -> bring(reference, seen))
                        .toList()));
    }

    private static CompletableFuture<DependencyResult> all(List<CompletableFuture<DependencyResult>> parts) {
        return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
                .thenApply(done -> DependencyResult.all(
                        parts.stream().map(CompletableFuture::join).toList()));
    }

    private CompletableFuture<DependencyResult> bring(Descriptor reference, Set<Digest> seen) {
        Digest digest = reference.digest();
        return switch (reference.role()) {
            case MANIFEST -> bring(digest, reference.size(), seen);
            case BLOB ->
                blobReplicator
                        .ensure(digest, reference.size())
                        .thenApply(copy -> DependencyResult.of(digest, copy, ABSENT_BLOB));
            case FOREIGN_LAYER ->
                blobReplicator
                        .ensure(digest, reference.size())
                        .thenApply(copy -> DependencyResult.of(digest, copy, ABSENT_FOREIGN));
        };
    }

    /** What the manifest in the backup refers to; nothing if it is none; empty if its bytes are not what they should be. */
    private Optional<Manifest> read(Digest manifest) {
        String key = layout.blobKey(manifest);
        byte[] bytes;
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            if (reading.info().size() > Manifest.LARGEST) {
                return Optional.of(Manifest.NONE);
            }
            bytes = reading.readAll(Manifest.LARGEST);
        }
        if (!Digest.of(manifest.algorithm(), bytes).equals(manifest)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Manifest.parse(bytes));
        } catch (MalformedManifestException e) {
            // Stored as it is and followed no further; that it is no manifest is a finding of verify, not of the copy.
            return Optional.of(Manifest.NONE);
        }
    }

    private CompletableFuture<Manifest> replaceAndRead(Digest manifest) {
        return blobReplicator
                .replace(manifest)
                .thenCompose(replaced -> workerPools.small(() -> {
                    if (replaced.state() == BlobResult.State.COPIED) {
                        Optional<Manifest> read = read(manifest);
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
