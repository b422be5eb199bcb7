package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedManifestException;
import dev.registrybackup.registry.Manifest;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the manifests of a store and verifies each against its digest.
 *
 * @param older older versions to read where the current manifest is missing or corrupt
 */
public record Manifests(RegistryStore registryStore, WorkerPools workerPools, Optional<BlobVersions> older) {
    private static final int CONCURRENCY = 32;

    /** The state of a manifest in the store. */
    public enum ManifestState {
        /** It was read and verified. */
        READ,
        /** It was read and verified, but is not a manifest; its content is not followed. */
        NOT_A_MANIFEST,
        /** It is missing. */
        MISSING,
        /** Its bytes do not match its digest. */
        CORRUPT,
        /** It cannot be read. */
        UNREADABLE
    }

    /**
     * A manifest as read.
     *
     * @param manifest the parsed manifest; empty unless it was read
     * @param size its size in bytes; 0 if it is missing
     */
    public record LoadedManifest(ManifestState state, Manifest manifest, long size) {
        private static final LoadedManifest MISSING = new LoadedManifest(ManifestState.MISSING, Manifest.EMPTY, 0);

        /** The read of a missing manifest. */
        public static LoadedManifest missing() {
            return MISSING;
        }

        /** The manifests that an index lists. */
        public List<Digest> children() {
            return manifest.references().stream()
                    .filter(reference -> reference.role() == Role.MANIFEST)
                    .map(Descriptor::digest)
                    .toList();
        }

        /** Its layers, config and other blobs. */
        public Stream<Descriptor> blobs() {
            return manifest.references().stream().filter(reference -> reference.role() != Role.MANIFEST);
        }

        /** Whether the store has it and it was verified. */
        public boolean isVerified() {
            return state == ManifestState.READ || state == ManifestState.NOT_A_MANIFEST;
        }
    }

    /** Reads current manifests only. */
    public Manifests(RegistryStore registryStore, WorkerPools workerPools) {
        this(registryStore, workerPools, Optional.empty());
    }

    /**
     * Reads these manifests and all that they lead to, each once.
     *
     * @throws ObjectStoreException if one cannot be read
     */
    public ManifestGraph closure(Collection<Digest> roots) {
        return closure(roots, (digest, failure) -> {
            throw failure;
        });
    }

    /**
     * As {@link #closure(Collection)}, but continues if one cannot be read.
     *
     * @param onFailure receives each failed digest and the reason, from several threads at a time
     */
    public ManifestGraph closure(Collection<Digest> roots, BiConsumer<Digest, ObjectStoreException> onFailure) {
        Map<Digest, LoadedManifest> read = new HashMap<>();
        Set<Digest> next = new HashSet<>(roots);
        while (!next.isEmpty()) {
            Map<Digest, LoadedManifest> level = readAll(next, onFailure);
            read.putAll(level);
            next = level.values().stream()
                    .flatMap(loadedManifest -> loadedManifest.children().stream())
                    .filter(digest -> !read.containsKey(digest))
                    .collect(Collectors.toSet());
        }
        return new ManifestGraph(read);
    }

    private Map<Digest, LoadedManifest> readAll(
            Set<Digest> digests, BiConsumer<Digest, ObjectStoreException> onFailure) {
        Map<Digest, LoadedManifest> read = new ConcurrentHashMap<>();
        BoundedTaskGroup tasks = new BoundedTaskGroup(workerPools, CONCURRENCY);
        digests.forEach(digest -> tasks.submit(0, () -> read.put(digest, readOrReport(digest, onFailure))));
        tasks.await();
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
     * Reads one manifest.
     *
     * @throws ObjectStoreException if it cannot be read
     */
    public LoadedManifest read(Digest digest) {
        LoadedManifest visible = registryStore
                .store()
                .read(registryStore.key(digest), opened -> parse(digest, opened))
                .orElse(LoadedManifest.missing());
        return visible.isVerified()
                ? visible
                : older.flatMap(versions -> versions.newestValid(digest))
                        .map(objectRef -> readVersion(digest, objectRef))
                        .orElse(visible);
    }

    private LoadedManifest readVersion(Digest digest, ObjectRef objectRef) {
        try (OpenObject opened = registryStore
                .store()
                .openVersion(registryStore.key(digest), objectRef.version().orElseThrow(), Optional.empty())) {
            return parse(digest, opened);
        }
    }

    private static LoadedManifest parse(Digest digest, OpenObject opened) {
        long size = opened.info().size();
        if (size > Manifest.MAX_BYTES) {
            return new LoadedManifest(ManifestState.NOT_A_MANIFEST, Manifest.EMPTY, size);
        }
        byte[] content = opened.readAll(Manifest.MAX_BYTES);
        if (!Digest.of(digest.algorithm(), content).equals(digest)) {
            return new LoadedManifest(ManifestState.CORRUPT, Manifest.EMPTY, content.length);
        }
        try {
            return new LoadedManifest(ManifestState.READ, Manifest.parse(content), content.length);
        } catch (MalformedManifestException e) {
            return new LoadedManifest(ManifestState.NOT_A_MANIFEST, Manifest.EMPTY, content.length);
        }
    }
}
