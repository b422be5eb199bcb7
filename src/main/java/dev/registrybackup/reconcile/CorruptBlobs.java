package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.reconcile.AdoptionResult.Outcome;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.BlobResult;
import dev.registrybackup.replication.ObjectCopier;
import dev.registrybackup.replication.SourceObject;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** Deals with blobs of the backup whose bytes are not what their digests say. Blocks. One thread at a time. */
final class CorruptBlobs {
    /** Where they are set aside, each under its key. */
    static final String PREFIX = RegistryLayout.METADATA_PREFIX + "quarantine/";

    private final ObjectStore backup;
    private final BlobReplicator blobReplicator;
    private final ObjectCopier objectCopier;
    private final RateLimiter rateLimiter;
    private final Fence fence;
    private final Consumer<Finding> findings;

    CorruptBlobs(
            ObjectStore backup,
            BlobReplicator blobReplicator,
            RateLimiter rateLimiter,
            Fence fence,
            Consumer<Finding> found) {
        this.backup = backup;
        this.blobReplicator = blobReplicator;
        this.objectCopier = new ObjectCopier(backup, object -> Map.of());
        this.rateLimiter = rateLimiter;
        this.fence = fence;
        this.findings = found;
    }

    /**
     * Replaces it by the registry's, or else sets it aside.
     *
     * @param object the very object that was found to be bad
     * @throws ObjectStoreException if a store failed, or somebody wrote the blob again meanwhile
     */
    AdoptionResult replaceOrQuarantine(Digest digest, ObjectInfo object) {
        BlobResult first = replace(digest);
        if (first.isInBackup()) {
            return replacedResult(first, object);
        }
        if (!quarantine(object)) {
            return AdoptionResult.MISSING;
        }
        backup.delete(object.key(), Optional.empty());
        // An event may have brought a good one between the copy and the removal: then the registry has it.
        BlobResult second = replace(digest);
        if (second.isInBackup()) {
            return replacedResult(second, object);
        }
        findings.accept(new Finding(
                FindingCode.BLOB_DIGEST_MISMATCH, digest.toString(), problem(second.state(), object.key())));
        return AdoptionResult.QUARANTINED;
    }

    private BlobResult replace(Digest digest) {
        fence.check();
        try {
            return blobReplicator.overwrite(digest).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException unchecked ? unchecked : e;
        }
    }

    /** One that an event brought at the same time is told without its bytes. */
    private static AdoptionResult replacedResult(BlobResult copy, ObjectInfo object) {
        return new AdoptionResult(
                Outcome.REPLACED, copy.state() == BlobResult.BlobState.COPIED ? copy.bytesCopied() : object.size());
    }

    /** Whether it was still there. */
    private boolean quarantine(ObjectInfo object) {
        try {
            objectCopier.copyTo(
                    PREFIX + object.key(),
                    new SourceObject(backup, object, Optional.empty(), rateLimiter),
                    Optional.empty());
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private static String problem(BlobResult.BlobState inRegistry, String key) {
        String moved = "it was moved to " + PREFIX + key;
        return inRegistry == BlobResult.BlobState.CORRUPT
                ? "The bytes of the backup's copy are not what its digest says, nor are the registry's: " + moved
                        + ". Remove the registry's, since a registry writes no blob that is there, and push the images"
                        + " that need it again"
                : "The bytes of the backup's copy are not what its digest says, and the registry has no such blob: "
                        + moved + ". Push the images that need it again";
    }
}
