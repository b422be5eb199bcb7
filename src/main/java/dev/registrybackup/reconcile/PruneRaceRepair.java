package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.ObjectCopier;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.Replicator;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/**
 * Reinstates pruned blobs whose links were written during the pruning. Another process may have had such a blob in its
 * cache of durable keys and published a link to it, so this runs once all such cache entries have expired. For one
 * thread.
 */
final class PruneRaceRepair {
    /** How far the stores' clocks may differ from this machine's. */
    private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(5);

    private static final int BATCH_SIZE = 1_000;

    private final StorePair storePair;
    private final Replicator replicator;
    private final ReachableSet reachableSet;
    private final OperationContext context;
    private boolean isConclusive = true;

    PruneRaceRepair(StorePair storePair, Replicator replicator, ReachableSet reachableSet, OperationContext context) {
        this.storePair = storePair;
        this.replicator = replicator;
        this.reachableSet = reachableSet;
        this.context = context;
    }

    /** Checks the links written to the backup since then, and returns how many blobs were reinstated. */
    long repairSince(Instant since) {
        long count = 0;
        try (Stream<ObjectInfo> listing =
                storePair.backup().list(storePair.layout().repositoriesPrefix())) {
            Iterator<RegistryPath> links = listing.filter(
                            link -> !link.lastModified().isBefore(since.minus(MAX_CLOCK_SKEW)))
                    .map(link -> storePair.layout().parse(link.key()))
                    .iterator();
            Set<Digest> manifests = new HashSet<>();
            Set<Digest> needed = new HashSet<>();
            while (links.hasNext()) {
                if (links.next() instanceof DigestLink link) {
                    (link.kind() == Kind.LAYER_LINK ? needed : manifests).add(link.digest());
                }
                if (manifests.size() + needed.size() >= BATCH_SIZE || !links.hasNext()) {
                    ReachableSet.Reachability reachability = reachableSet.of(manifests);
                    reachability.unknown().forEach(this::reportUnknown);
                    needed.addAll(reachability.digests());
                    count += needed.stream().filter(this::reinstate).count();
                    manifests.clear();
                    needed.clear();
                }
            }
        }
        return count;
    }

    /** Whether everything was checked; if not, the next run has to. */
    boolean isConclusive() {
        return isConclusive;
    }

    private void reportUnknown(Digest manifest) {
        isConclusive = false;
        context.report(new Finding(
                FindingCode.UNDETERMINED,
                manifest.toString(),
                "A recent link points to it, and its dependencies cannot be determined, because it is not a readable"
                        + " manifest. The next run checks again: push the image again, or delete it"));
    }

    private boolean reinstate(Digest digest) {
        context.checkFence();
        try {
            return tryReinstate(digest);
        } catch (CompletionException | ObjectStoreException e) {
            isConclusive = false;
            context.report(new Finding(
                    FindingCode.UNDETERMINED,
                    digest.toString(),
                    "A recent link needs it, and its presence cannot be determined; the next run checks again: "
                            + WorkerPools.unwrap(e).getMessage()));
            return false;
        }
    }

    private boolean tryReinstate(Digest digest) {
        String key = storePair.layout().blobKey(digest);
        if (storePair.backup().head(key).isPresent()) {
            return false;
        }
        replicator.durableKeys().remove(key);
        ReplicationResult copy =
                replicator.blobReplicator().copyIfDifferent(digest).join();
        if (copy.isInBackup() || reinstateVersion(key, digest)) {
            return true;
        }
        context.report(new Finding(
                FindingCode.BLOB_MISSING,
                digest.toString(),
                "A recent link needs it, and neither store has it: push the image again"));
        return false;
    }

    /**
     * Copies the blob's newest valid version, because deleting the delete marker needs the right to delete versions.
     */
    private boolean reinstateVersion(String key, Digest digest) {
        RegistryStore backup = new RegistryStore(storePair.backup(), storePair.layout());
        Optional<ObjectRef> held = new BlobVersions(backup, RateLimiter.unlimited()).newestValid(digest);
        held.ifPresent(version -> {
            Optional<ObjectInfo> info =
                    storePair.backup().headVersion(key, version.version().orElseThrow());
            Map<String, String> metadata = info.map(ObjectInfo::metadata).orElse(Map.of());
            new ObjectCopier(storePair.backup(), copied -> metadata)
                    .copy(version.source(backup, digest, RateLimiter.unlimited()), Optional.of(digest));
        });
        return held.isPresent();
    }
}
