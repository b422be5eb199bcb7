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
    private final BlobStates table;

    /** Learns it into the inquiry's table. */
    BlobExistence(VerifyContext verifyContext) {
        this.verifyContext = verifyContext;
        this.store = verifyContext.store();
        this.table = verifyContext.table();
    }

    /** Learns of these, unless they are known. */
    void learn(Set<Digest> wanted) {
        Map<String, Digest> unknown = wanted.stream()
                .filter(digest -> !table.knows(digest))
                .collect(Collectors.toMap(verifyContext.layout()::blobKey, digest -> digest));
        if (unknown.isEmpty() || (!verifyContext.isOfEverything() && lookUp(unknown))) {
            return;
        }
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.AT_ONCE);
        unknown.forEach((key, digest) -> boundedTaskGroup.submit(0, () -> ask(key, digest)));
        boundedTaskGroup.await();
    }

    /** In as few requests as it takes, where nothing was listed before; says whether none of them failed. */
    private boolean lookUp(Map<String, Digest> unknown) {
        try {
            Map<String, ObjectRef> found = new ExistenceChecker(store, verifyContext.workerPools())
                    .find(verifyContext.layout().blobsPrefix(), unknown.keySet());
            unknown.forEach((key, digest) -> {
                ObjectRef objectRef = found.get(key);
                if (objectRef == null) {
                    table.miss(digest);
                } else {
                    hold(digest, objectRef.size());
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

    private void ask(String key, Digest digest) {
        try {
            store.find(key).ifPresentOrElse(info -> hold(digest, info.size()), () -> table.miss(digest));
        } catch (ObjectStoreException e) {
            table.mark(digest, Mark.UNTOLD);
            verifyContext.findingCollector().untold(digest.toString(), e);
        }
    }

    private void hold(Digest digest, long size) {
        table.hold(digest, size);
        verifyContext.findingCollector().looked(1);
    }
}
