package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Determines which blobs and manifests are reachable from manifests. Reads them from the backup, or from the registry
 * if the backup has no valid one.
 */
final class ReachableSet {
    private final Manifests backupManifests;
    private final Manifests registryManifests;

    /**
     * Everything reachable from some manifests.
     *
     * @param digests these manifests, and everything reachable from them
     * @param unknown of these, the manifests that exist but cannot be parsed, so that their dependencies are unknown
     */
    record Reachability(Set<Digest> digests, Set<Digest> unknown) {}

    ReachableSet(StorePair storePair, WorkerPools workerPools) {
        this.backupManifests = new Manifests(new RegistryStore(storePair.backup(), storePair.layout()), workerPools);
        this.registryManifests =
                new Manifests(new RegistryStore(storePair.registry(), storePair.layout()), workerPools);
    }

    /**
     * Everything reachable from these manifests, including themselves.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if one could not be read
     */
    Reachability of(Collection<Digest> manifests) {
        Map<Digest, LoadedManifest> read =
                new HashMap<>(backupManifests.closure(manifests).manifests());
        Set<Digest> unread = read.entrySet().stream()
                .filter(entry -> entry.getValue().state() != ManifestState.READ)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        registryManifests
                .closure(unread)
                .manifests()
                .forEach((digest, loadedManifest) -> read.merge(digest, loadedManifest, ReachableSet::better));
        Set<Digest> digests = new HashSet<>(manifests);
        Set<Digest> unknown = new HashSet<>();
        read.forEach((digest, loadedManifest) -> {
            digests.add(digest);
            loadedManifest.manifest().references().stream()
                    .map(Descriptor::digest)
                    .forEach(digests::add);
            // A manifest that neither store has cannot be pulled, so it keeps nothing.
            if (loadedManifest.state() != ManifestState.READ && loadedManifest.state() != ManifestState.MISSING) {
                unknown.add(digest);
            }
        });
        return new Reachability(digests, unknown);
    }

    /** The same manifests, parents before children, as far as the backup has them. */
    List<Digest> parentsFirst(Collection<Digest> manifests) {
        ManifestGraph read = backupManifests.closure(manifests);
        List<Digest> ordered = new ArrayList<>(ManifestGraph.childrenFirst(
                manifests,
                manifest -> read.get(manifest).manifest().references().stream()
                        .map(Descriptor::digest)
                        .toList()));
        ordered.retainAll(Set.copyOf(manifests));
        Collections.reverse(ordered);
        return ordered;
    }

    private static LoadedManifest better(LoadedManifest first, LoadedManifest second) {
        if (first.state() == ManifestState.READ || second.state() == ManifestState.MISSING) {
            return first;
        }
        return second;
    }
}
