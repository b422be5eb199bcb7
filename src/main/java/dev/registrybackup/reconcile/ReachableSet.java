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

/** What manifests need, read from the backup, or from the registry where the backup has none that is good. */
final class ReachableSet {
    private final Manifests backupManifests;
    private final Manifests registryManifests;

    /**
     * An answer.
     *
     * @param digests the manifests asked for, and all that they lead to
     * @param unknown of these, what is there and cannot be understood, so that nobody knows what it needs
     */
    record Reachability(Set<Digest> digests, Set<Digest> unknown) {}

    ReachableSet(StorePair storePair, WorkerPools workerPools) {
        this.backupManifests = new Manifests(new RegistryStore(storePair.backup(), storePair.layout()), workerPools);
        this.registryManifests =
                new Manifests(new RegistryStore(storePair.registry(), storePair.layout()), workerPools);
    }

    /**
     * What these manifests need, themselves included.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if one could not be read
     */
    Reachability of(Collection<Digest> manifests) {
        Map<Digest, LoadedManifest> read =
                new HashMap<>(backupManifests.closure(manifests).manifests());
        Set<Digest> lacking = read.entrySet().stream()
                .filter(entry -> entry.getValue().state() != ManifestState.READ)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        registryManifests
                .closure(lacking)
                .manifests()
                .forEach((digest, loadedManifest) -> read.merge(digest, loadedManifest, ReachableSet::better));
        Set<Digest> digests = new HashSet<>(manifests);
        Set<Digest> untold = new HashSet<>();
        read.forEach((digest, loadedManifest) -> {
            digests.add(digest);
            loadedManifest.manifest().references().stream()
                    .map(Descriptor::digest)
                    .forEach(digests::add);
            // What neither store has cannot be pulled, so nothing is needed for it.
            if (loadedManifest.state() != ManifestState.READ && loadedManifest.state() != ManifestState.MISSING) {
                untold.add(digest);
            }
        });
        return new Reachability(digests, untold);
    }

    /** The same manifests, each before what it leads to, as far as the backup can tell. */
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
