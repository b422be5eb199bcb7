package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.DigestVerifier;
import dev.registrybackup.registry.MalformedManifestException;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.registry.RegistryLayout;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads the manifests of a store, each proved against its digest. */
public final class Manifests {
    private static final int CONCURRENCY = 32;

    private final ObjectStore store;
    private final RegistryLayout layout;
    private final WorkerPools workerPools;
    private final Function<Digest, Optional<ObjectRef>> olderVersion;

    /** How a manifest was found. */
    public enum ManifestState {
        /** It was read and proved. */
        READ,
        /** It was read and proved, but is no manifest: followed no further. */
        NOT_A_MANIFEST,
        /** The store has none. */
        MISSING,
        /** Its bytes are not what its digest says. */
        CORRUPT,
        /** The store did not let it be read. */
        UNREADABLE
    }

    /**
     * What was read.
     *
     * @param state how it was found
     * @param manifest what it refers to; nothing unless it was read
     * @param size its size in bytes; 0 if there is none
     */
    public record LoadedManifest(ManifestState state, Manifest manifest, long size) {
        private static final LoadedManifest MISSING = new LoadedManifest(ManifestState.MISSING, Manifest.EMPTY, 0);

        /** That of a manifest which is not there. */
        public static LoadedManifest missing() {
            return MISSING;
        }

        /** Whether the store has it, proved. */
        public boolean isVerified() {
            return state == ManifestState.READ || state == ManifestState.NOT_A_MANIFEST;
        }
    }

    /** Those that the store shows. */
    public Manifests(ObjectStore store, RegistryLayout layout, WorkerPools workerPools) {
        this(store, layout, workerPools, digest -> Optional.empty());
    }

    /** Those of a backup, and where it shows none that is good, its older versions. */
    public Manifests(ObjectStore backup, RegistryLayout layout, WorkerPools workerPools, BlobVersions removed) {
        this(backup, layout, workerPools, removed::newestValid);
    }

    private Manifests(
            ObjectStore store,
            RegistryLayout layout,
            WorkerPools workerPools,
            Function<Digest, Optional<ObjectRef>> olderVersion) {
        this.store = store;
        this.layout = layout;
        this.workerPools = workerPools;
        this.olderVersion = olderVersion;
    }

    /**
     * These manifests and all that they lead to, each read once.
     *
     * @throws ObjectStoreException if one could not be read
     */
    public Map<Digest, LoadedManifest> closure(Collection<Digest> roots) {
        return closure(roots, (digest, failure) -> {
            throw failure;
        });
    }

    /**
     * As the other, but goes on where one could not be read.
     *
     * @param onFailure is told which and why, by several threads at a time
     */
    public Map<Digest, LoadedManifest> closure(
            Collection<Digest> roots, BiConsumer<Digest, ObjectStoreException> onFailure) {
        Map<Digest, LoadedManifest> read = new HashMap<>();
        Set<Digest> next = new HashSet<>(roots);
        while (!next.isEmpty()) {
            Map<Digest, LoadedManifest> level = readAll(next, onFailure);
            read.putAll(level);
            next = level.values().stream()
                    .flatMap(loadedManifest -> loadedManifest.manifest().references().stream())
                    .filter(reference -> reference.role() == Descriptor.Role.MANIFEST)
                    .map(Descriptor::digest)
                    .filter(digest -> !read.containsKey(digest))
                    .collect(Collectors.toSet());
        }
        return read;
    }

    private Map<Digest, LoadedManifest> readAll(
            Set<Digest> digests, BiConsumer<Digest, ObjectStoreException> onFailure) {
        Map<Digest, LoadedManifest> read = new HashMap<>();
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (Digest digest : digests) {
            boundedTaskGroup.submit(0, () -> {
                LoadedManifest loadedManifest = readOrReport(digest, onFailure);
                synchronized (read) {
                    read.put(digest, loadedManifest);
                }
            });
        }
        boundedTaskGroup.await();
        return read;
    }

    private LoadedManifest readOrReport(Digest digest, BiConsumer<Digest, ObjectStoreException> onFailure) {
        try {
            return read(digest);
        } catch (ObjectStoreException e) {
            onFailure.accept(digest, e);
            return new LoadedManifest(ManifestState.UNREADABLE, Manifest.EMPTY, 0);
        }
    }

    /**
     * One manifest.
     *
     * @throws ObjectStoreException if it could not be read
     */
    public LoadedManifest read(Digest digest) {
        LoadedManifest visible = readCurrent(digest);
        return visible.isVerified()
                ? visible
                : olderVersion
                        .apply(digest)
                        .map(objectRef -> readVersion(digest, objectRef))
                        .orElse(visible);
    }

    private LoadedManifest readVersion(Digest digest, ObjectRef objectRef) {
        try (OpenObject opened =
                store.openVersion(layout.blobKey(digest), objectRef.version().orElseThrow(), Optional.empty())) {
            return read(digest, opened);
        }
    }

    private static LoadedManifest read(Digest digest, OpenObject opened) {
        long size = opened.info().size();
        return size > Manifest.MAX_BYTES
                ? new LoadedManifest(ManifestState.NOT_A_MANIFEST, Manifest.EMPTY, size)
                : parse(digest, opened.readAll(Manifest.MAX_BYTES));
    }

    private LoadedManifest readCurrent(Digest digest) {
        try (OpenObject opened = store.open(layout.blobKey(digest), Optional.empty(), Optional.empty())) {
            return read(digest, opened);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return LoadedManifest.missing();
            }
            throw e;
        }
    }

    private static LoadedManifest parse(Digest digest, byte[] content) {
        try {
            DigestVerifier proof = DigestVerifier.of(digest);
            proof.update(content, 0, content.length);
            proof.verify();
            return new LoadedManifest(ManifestState.READ, Manifest.parse(content), content.length);
        } catch (DigestMismatchException e) {
            return new LoadedManifest(ManifestState.CORRUPT, Manifest.EMPTY, content.length);
        } catch (MalformedManifestException e) {
            return new LoadedManifest(ManifestState.NOT_A_MANIFEST, Manifest.EMPTY, content.length);
        }
    }
}
