package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.ChildrenFirst;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.Manifests.State;
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
    private final Manifests inBackup;
    private final Manifests inRegistry;

    /**
     * An answer.
     *
     * @param digests the manifests asked for, and all that they lead to
     * @param untold of these, what is there and cannot be understood, so that nobody knows what it needs
     */
    record Answer(Set<Digest> digests, Set<Digest> untold) {}

    ReachableSet(StorePair storePair, WorkerPools workerPools) {
        this.inBackup = new Manifests(storePair.backup(), storePair.layout(), workerPools);
        this.inRegistry = new Manifests(storePair.registry(), storePair.layout(), workerPools);
    }

    /**
     * What these manifests need, themselves included.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if one could not be read
     */
    Answer of(Collection<Digest> manifests) {
        Map<Digest, Reading> read = new HashMap<>(inBackup.closure(manifests));
        Set<Digest> lacking = read.entrySet().stream()
                .filter(entry -> entry.getValue().state() != State.READ)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        inRegistry.closure(lacking).forEach((digest, reading) -> read.merge(digest, reading, ReachableSet::better));
        Set<Digest> digests = new HashSet<>(manifests);
        Set<Digest> untold = new HashSet<>();
        read.forEach((digest, reading) -> {
            digests.add(digest);
            reading.manifest().references().stream().map(Descriptor::digest).forEach(digests::add);
            // What neither store has cannot be pulled, so nothing is needed for it.
            if (reading.state() != State.READ && reading.state() != State.ABSENT) {
                untold.add(digest);
            }
        });
        return new Answer(digests, untold);
    }

    /** The same manifests, each before what it leads to, as far as the backup can tell. */
    List<Digest> parentsFirst(Collection<Digest> manifests) {
        Map<Digest, Reading> read = inBackup.closure(manifests);
        List<Digest> ordered = new ArrayList<>(ChildrenFirst.order(
                manifests,
                manifest -> read.getOrDefault(manifest, Reading.absent()).manifest().references().stream()
                        .map(Descriptor::digest)
                        .toList()));
        ordered.retainAll(Set.copyOf(manifests));
        Collections.reverse(ordered);
        return ordered;
    }

    private static Reading better(Reading first, Reading second) {
        if (first.state() == State.READ || second.state() == State.ABSENT) {
            return first;
        }
        return second;
    }
}
