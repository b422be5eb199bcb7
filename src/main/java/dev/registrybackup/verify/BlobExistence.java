package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.inventory.ExistenceChecker;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.verify.BlobStates.Mark;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Learns which blobs a store has. What a listing lacks it is asked for once more: it may have come since. */
final class BlobExistence {
    private final VerifyContext verifyContext;
    private final ObjectStore store;
    private final BlobStates blobStates;

    /** Learns it into the inquiry's table. */
    BlobExistence(VerifyContext verifyContext) {
        this.verifyContext = verifyContext;
        this.store = verifyContext.store();
        this.blobStates = verifyContext.blobStates();
    }

    /** Learns of these, unless they are known. */
    void load(Set<Digest> wanted) {
        Map<String, Digest> unknown = wanted.stream()
                .filter(digest -> !blobStates.isKnown(digest))
                .collect(Collectors.toMap(verifyContext.layout()::blobKey, digest -> digest));
        if (unknown.isEmpty() || (!verifyContext.isFullScope() && loadInBulk(unknown))) {
            return;
        }
        BoundedTaskGroup boundedTaskGroup =
                new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.CONCURRENCY);
        unknown.forEach((key, digest) -> boundedTaskGroup.submit(0, () -> head(key, digest)));
        boundedTaskGroup.await();
    }

    /** In as few requests as it takes, where nothing was listed before; says whether none of them failed. */
    private boolean loadInBulk(Map<String, Digest> unknown) {
        try {
            Map<String, ObjectRef> found = new ExistenceChecker(store, verifyContext.workerPools())
                    .findExisting(verifyContext.layout().blobsPrefix(), unknown.keySet());
            unknown.forEach((key, digest) -> {
                ObjectRef objectRef = found.get(key);
                if (objectRef == null) {
                    blobStates.markAbsent(digest);
                } else {
                    markPresent(digest, objectRef.size());
                }
            });
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.BUCKET_MISSING) {
                throw e;
            }
            return false;
        }
    }

    private void head(String key, Digest digest) {
        try {
            store.head(key)
                    .ifPresentOrElse(info -> markPresent(digest, info.size()), () -> blobStates.markAbsent(digest));
        } catch (ObjectStoreException e) {
            blobStates.mark(digest, Mark.UNKNOWN);
            verifyContext.findingCollector().unknown(digest.toString(), e);
        }
    }

    private void markPresent(Digest digest, long size) {
        blobStates.markPresent(digest, size);
        verifyContext.findingCollector().addObjects(1);
    }
}
