package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Removes blobs that no link needs which the backup keeps or the registry has, nor any image that captured ImageStreams
 * have. For one thread.
 */
final class BlobSweeper {
    /** So many are removed in one run at the most, in memory that is bounded so; the next run goes on. */
    static final int MAX_BLOBS = 100_000;

    private static final int BATCH_SIZE = 1_000;

    private final StorePair storePair;
    private final ReachableSet reachableSet;
    private final CapturedImages capturedImages;
    private final PruneRecord pruneRecord;

    BlobSweeper(StorePair storePair, ReachableSet reachableSet, CapturedImages captured, PruneRecord record) {
        this.storePair = storePair;
        this.reachableSet = reachableSet;
        this.capturedImages = captured;
        this.pruneRecord = record;
    }

    /**
     * Removes of these what nothing needs.
     *
     * @param remove removes one, unless the registry has it again, and says whether it did
     * @throws ObjectStoreException if it cannot be told what is needed: then nothing was removed
     */
    void sweep(Stream<String> keys, Predicate<String> remove) {
        Set<Digest> candidates = new LinkedHashSet<>();
        keys.limit(MAX_BLOBS)
                .forEach(key -> candidates.add(((BlobData) storePair.layout().parse(key)).digest()));
        if (candidates.isEmpty()) {
            return;
        }
        boolean isFirst = pruneRecord.start();
        excludeCaptured(candidates);
        excludeReachable(candidates, storePair.backup());
        excludeReachable(candidates, storePair.registry());
        boolean any = false;
        for (Digest digest : candidates) {
            any |= remove.test(storePair.layout().blobKey(digest));
        }
        if (isFirst && !any) {
            pruneRecord.finish();
        }
    }

    private void excludeCaptured(Set<Digest> candidates) {
        List<Digest> images = List.copyOf(capturedImages.digests());
        for (int from = 0; from < images.size(); from += BATCH_SIZE) {
            candidates.removeAll(requireReachable(images.subList(from, Math.min(from + BATCH_SIZE, images.size()))));
        }
    }

    private void excludeReachable(Set<Digest> candidates, ObjectStore store) {
        try (Stream<ObjectInfo> listing = store.list(storePair.layout().repositoriesPrefix())) {
            Iterator<ObjectInfo> links = listing.iterator();
            List<Digest> manifests = new ArrayList<>();
            while (links.hasNext()) {
                RegistryPath path = storePair.layout().parse(links.next().key());
                if (path instanceof DigestLink link) {
                    candidates.remove(link.digest());
                    if (path.kind() != Kind.LAYER_LINK) {
                        manifests.add(link.digest());
                    }
                }
                if (manifests.size() >= BATCH_SIZE || !links.hasNext()) {
                    candidates.removeAll(requireReachable(manifests));
                    manifests.clear();
                }
            }
        }
    }

    private Set<Digest> requireReachable(List<Digest> manifests) {
        ReachableSet.Reachability reachability = reachableSet.of(manifests);
        if (!reachability.unknown().isEmpty()) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST,
                    "what these need is not known, since they are no manifests that can be read: "
                            + reachability.unknown());
        }
        return reachability.digests();
    }
}
