package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.OperationContext;

/**
 * What all parts of one restore work with.
 *
 * @param backup what is restored from
 * @param target what is restored into
 * @param request what was asked
 * @param workerPools where the work is done
 * @param rateLimiter how fast blobs may be read
 * @param olderVersions of blobs that the backup shows no more
 * @param counts what has to be done
 * @param operation how far it is, and what was found
 */
record RestoreContext(
        RegistryStore backup,
        RegistryStore target,
        RestoreRequest request,
        WorkerPools workerPools,
        RateLimiter rateLimiter,
        BlobVersions olderVersions,
        RestoreCounts counts,
        OperationContext operation) {
    private static final int CONCURRENCY = 32;

    /** The same restore, with another request. */
    RestoreContext withRequest(RestoreRequest other) {
        return new RestoreContext(backup, target, other, workerPools, rateLimiter, olderVersions, counts, operation);
    }

    /** For requests that are made side by side. */
    BoundedTaskGroup tasks() {
        return new BoundedTaskGroup(workerPools, CONCURRENCY);
    }

    /** The backup's manifests, in older versions where it shows none that is good. */
    Manifests manifests() {
        return new Manifests(backup, workerPools, olderVersions);
    }
}
