package dev.registrybackup.reconcile;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Held;
import dev.registrybackup.inventory.RemovedBlobs;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.transfer.BlobCopy;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.ObjectCopier;
import dev.registrybackup.transfer.Origin;
import dev.registrybackup.transfer.Pace;
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
final class AfterRemoval {
    /** What the stores' clocks may differ by from ours. */
    private static final Duration SKEW = Duration.ofMinutes(5);

    private static final int BATCH = 1_000;

    private final Sides sides;
    private final Copying copying;
    private final Needs needs;
    private final Permit permit;
    private final Consumer<Finding> found;
    private boolean isTold = true;

    AfterRemoval(Sides sides, Copying copying, Needs needs, Permit permit, Consumer<Finding> found) {
        this.sides = sides;
        this.copying = copying;
        this.needs = needs;
        this.permit = permit;
        this.found = found;
    }

    /** Checks the links that the backup got since then, and tells how many blobs it brought back. */
    long check(Instant since) {
        long count = 0;
        try (Stream<ObjectInfo> listing = sides.backup().list(sides.layout().repositoriesPrefix())) {
            Iterator<RegistryPath> links = listing.filter(
                            link -> !link.lastModified().isBefore(since.minus(SKEW)))
                    .map(link -> sides.layout().parse(link.key()))
                    .iterator();
            Set<Digest> manifests = new HashSet<>();
            Set<Digest> needed = new HashSet<>();
            while (links.hasNext()) {
                if (links.next() instanceof DigestLink link) {
                    (link.kind() == Kind.LAYER_LINK ? needed : manifests).add(link.digest());
                }
                if (manifests.size() + needed.size() >= BATCH || !links.hasNext()) {
                    needed.addAll(needs.of(manifests).digests());
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
        permit.require();
        try {
            return isBroughtBack(digest);
        } catch (CompletionException | ObjectStoreException e) {
            isTold = false;
            found.accept(new Finding(
                    FindingCode.COULD_NOT_TELL,
                    digest.toString(),
                    "A link that was written lately needs it, and whether it is there could not be told; the next run looks"
                            + " again: " + Lanes.cause(e).getMessage()));
            return false;
        }
    }

    private boolean isBroughtBack(Digest digest) {
        String key = sides.layout().blobKey(digest);
        if (sides.backup().find(key).isPresent()) {
            return false;
        }
        copying.durable().forget(key);
        BlobCopy copy = copying.blobs().bring(digest).join();
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
        Optional<Held> held = new RemovedBlobs(sides.backup(), sides.layout(), Pace.unbounded()).newestProved(digest);
        held.ifPresent(version -> {
            Optional<ObjectInfo> info =
                    sides.backup().findVersion(key, version.version().orElseThrow());
            Map<String, String> metadata = info.map(ObjectInfo::metadata).orElse(Map.of());
            Origin origin = new Origin(sides.backup(), version.info(key), version.version(), Pace.unbounded());
            new ObjectCopier(sides.backup(), copied -> metadata).copy(origin, Optional.of(digest));
        });
        return held.isPresent();
    }
}
