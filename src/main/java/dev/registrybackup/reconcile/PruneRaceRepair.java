package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.BlobResult;
import dev.registrybackup.replication.ObjectCopier;
import dev.registrybackup.replication.SourceObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Brings back blobs that links need which were written while blobs were removed. Another process may have taken such a blob
 * for durable from memory and written the link; so this is done once all memory of that time has faded. For one thread.
 */
final class PruneRaceRepair {
    /** What the stores' clocks may differ by from ours. */
    private static final Duration SKEW = Duration.ofMinutes(5);

    private static final int BATCH = 1_000;

    private final StorePair storePair;
    private final ReplicationTools replicationTools;
    private final ReachableSet reachableSet;
    private final Fence fence;
    private final Consumer<Finding> found;
    private boolean isTold = true;

    PruneRaceRepair(
            StorePair storePair,
            ReplicationTools replicationTools,
            ReachableSet reachableSet,
            Fence fence,
            Consumer<Finding> found) {
        this.storePair = storePair;
        this.replicationTools = replicationTools;
        this.reachableSet = reachableSet;
        this.fence = fence;
        this.found = found;
    }

    /** Checks the links that the backup got since then, and tells how many blobs it brought back. */
    long check(Instant since) {
        long count = 0;
        try (Stream<ObjectInfo> listing =
                storePair.backup().list(storePair.layout().repositoriesPrefix())) {
            Iterator<RegistryPath> links = listing.filter(
                            link -> !link.lastModified().isBefore(since.minus(SKEW)))
                    .map(link -> storePair.layout().parse(link.key()))
                    .iterator();
            Set<Digest> manifests = new HashSet<>();
            Set<Digest> needed = new HashSet<>();
            while (links.hasNext()) {
                if (links.next() instanceof DigestLink link) {
                    (link.kind() == Kind.LAYER_LINK ? needed : manifests).add(link.digest());
                }
                if (manifests.size() + needed.size() >= BATCH || !links.hasNext()) {
                    needed.addAll(reachableSet.of(manifests).digests());
                    count += needed.stream().filter(this::bringBack).count();
                    manifests.clear();
                    needed.clear();
                }
            }
        }
        return count;
    }

    /** Whether all could be checked; if not, another run has to. */
    boolean isTold() {
        return isTold;
    }

    private boolean bringBack(Digest digest) {
        fence.require();
        try {
            return isBroughtBack(digest);
        } catch (CompletionException | ObjectStoreException e) {
            isTold = false;
            found.accept(new Finding(
                    FindingCode.COULD_NOT_TELL,
                    digest.toString(),
                    "A link that was written lately needs it, and whether it is there could not be told; the next run looks"
                            + " again: " + WorkerPools.cause(e).getMessage()));
            return false;
        }
    }

    private boolean isBroughtBack(Digest digest) {
        String key = storePair.layout().blobKey(digest);
        if (storePair.backup().find(key).isPresent()) {
            return false;
        }
        replicationTools.durable().forget(key);
        BlobResult copy = replicationTools.blobReplicator().bring(digest).join();
        if (copy.inBackup() || uncovered(key, digest)) {
            return true;
        }
        found.accept(new Finding(
                FindingCode.BLOB_MISSING,
                digest.toString(),
                "A link that was written lately needs it, and neither store has it: push the image again"));
        return false;
    }

    /** Copies its newest version forward: to take away the mark that hides it would take the right to destroy versions. */
    private boolean uncovered(String key, Digest digest) {
        Optional<ObjectRef> held =
                new BlobVersions(storePair.backup(), storePair.layout(), RateLimiter.unbounded()).newestProved(digest);
        held.ifPresent(version -> {
            Optional<ObjectInfo> info =
                    storePair.backup().findVersion(key, version.version().orElseThrow());
            Map<String, String> metadata = info.map(ObjectInfo::metadata).orElse(Map.of());
            SourceObject sourceObject =
                    new SourceObject(storePair.backup(), version.info(key), version.version(), RateLimiter.unbounded());
            new ObjectCopier(storePair.backup(), copied -> metadata).copy(sourceObject, Optional.of(digest));
        });
        return held.isPresent();
    }
}
