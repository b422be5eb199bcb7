package dev.registrybackup.reconcile;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.reconcile.Settled.Outcome;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.BlobCopy;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.ObjectCopier;
import dev.registrybackup.transfer.Origin;
import dev.registrybackup.transfer.Pace;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** Deals with blobs of the backup whose bytes are not what their digests say. Blocks. One thread at a time. */
final class BadBlobs {
    /** Where they are set aside, each under its key. */
    static final String PREFIX = RegistryLayout.BOOKKEEPING_PREFIX + "corrupt/";

    private final ObjectStore backup;
    private final Blobs blobs;
    private final ObjectCopier copier;
    private final Pace pace;
    private final Permit permit;
    private final Consumer<Finding> found;

    BadBlobs(ObjectStore backup, Blobs blobs, Pace pace, Permit permit, Consumer<Finding> found) {
        this.backup = backup;
        this.blobs = blobs;
        this.copier = new ObjectCopier(backup, object -> Map.of());
        this.pace = pace;
        this.permit = permit;
        this.found = found;
    }

    /**
     * Replaces it by the registry's, or else sets it aside.
     *
     * @param object the very object that was found to be bad
     * @throws ObjectStoreException if a store failed, or somebody wrote the blob again meanwhile
     */
    Settled settle(Digest digest, ObjectInfo object) {
        BlobCopy first = replace(digest);
        if (first.inBackup()) {
            return replaced(first, object);
        }
        if (!keepAside(object)) {
            return Settled.GONE;
        }
        backup.remove(object.key(), Optional.empty());
        // An event may have brought a good one between the copy and the removal: then the registry has it.
        BlobCopy second = replace(digest);
        if (second.inBackup()) {
            return replaced(second, object);
        }
        found.accept(new Finding(
                FindingCode.BLOB_DIGEST_MISMATCH, digest.toString(), problem(second.state(), object.key())));
        return Settled.SET_ASIDE;
    }

    private BlobCopy replace(Digest digest) {
        permit.require();
        try {
            return blobs.replace(digest).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException unchecked ? unchecked : e;
        }
    }

    /** One that an event brought at the same time is told without its bytes. */
    private static Settled replaced(BlobCopy copy, ObjectInfo object) {
        return new Settled(Outcome.REPLACED, copy.state() == BlobCopy.State.COPIED ? copy.bytes() : object.size());
    }

    /** Whether it was still there. */
    private boolean keepAside(ObjectInfo object) {
        try {
            copier.copyTo(PREFIX + object.key(), new Origin(backup, object, Optional.empty(), pace), Optional.empty());
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private static String problem(BlobCopy.State inRegistry, String key) {
        String moved = "it was moved to " + PREFIX + key;
        return inRegistry == BlobCopy.State.CORRUPT
                ? "The bytes of the backup's copy are not what its digest says, nor are the registry's: " + moved
                        + ". Remove the registry's, since a registry writes no blob that is there, and push the images"
                        + " that need it again"
                : "The bytes of the backup's copy are not what its digest says, and the registry has no such blob: "
                        + moved + ". Push the images that need it again";
    }
}
