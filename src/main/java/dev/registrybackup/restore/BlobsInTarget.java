package dev.registrybackup.restore;

import dev.registrybackup.inventory.DigestIndex;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.BlobData;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/**
 * Tells which blobs the target has, once all that the backup lists were brought: of those without a request, up to a bound
 * (50 bytes each). The target is asked for the others. What it lacks is brought if the backup has it after all. Blocks;
 * safe for use by many threads.
 */
final class BlobsInTarget {
    private static final int MOST_LISTED = 1_000_000;

    private final RestoreEndpoints restoreEndpoints;
    private final BlobRestorer blobs;
    /** Guarded by itself: what the backup listed. */
    private final DigestIndex listed = new DigestIndex();

    private final Map<Digest, Boolean> answers = Collections.synchronizedMap(new Latest<>());

    BlobsInTarget(RestoreEndpoints restoreEndpoints, BlobRestorer blobs) {
        this.restoreEndpoints = restoreEndpoints;
        this.blobs = blobs;
    }

    /** Learns that the target has it or is given it. */
    void list(Digest digest) {
        synchronized (listed) {
            if (listed.count() < MOST_LISTED) {
                listed.findOrAdd(digest);
            }
        }
    }

    /** Whether the target has it, and as far as this run knows, good. */
    boolean has(Digest digest) {
        if (blobs.hasFailed(digest)) {
            return false;
        }
        if (isListed(digest)) {
            return true;
        }
        Boolean answer = answers.get(digest);
        if (answer == null) {
            answer = restoreEndpoints
                            .target()
                            .head(restoreEndpoints.targetKey(new BlobData(digest)))
                            .isPresent()
                    || bring(digest);
            answers.put(digest, answer);
        }
        return answer;
    }

    private boolean isListed(Digest digest) {
        synchronized (listed) {
            return listed.find(digest).isPresent();
        }
    }

    /** It may have come since the listing, or be there as an older version only. */
    private boolean bring(Digest digest) {
        Optional<ObjectRef> held = blobs.find(digest);
        held.ifPresent(there -> bring(digest, there));
        return held.isPresent() && !blobs.hasFailed(digest);
    }

    /** One at a time, so that a large one is not copied for each of the images that share it. */
    private synchronized void bring(Digest digest, ObjectRef objectRef) {
        if (!answers.containsKey(digest)) {
            blobs.restore(digest, objectRef, Optional.empty());
            answers.put(digest, !blobs.hasFailed(digest));
        }
    }
}
