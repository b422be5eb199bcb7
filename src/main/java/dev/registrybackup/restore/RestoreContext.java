package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.OperationContext;
import java.util.Optional;

/**
 * The stores, limits and progress that all parts of one restore share.
 *
 * @param rateLimiter the limit for reading blobs
 * @param olderVersions noncurrent versions of the backup's blobs
 * @param counts the planned work
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

    RestoreContext withRequest(RestoreRequest other) {
        return new RestoreContext(backup, target, other, workerPools, rateLimiter, olderVersions, counts, operation);
    }

    BoundedTaskGroup tasks() {
        return new BoundedTaskGroup(workerPools, CONCURRENCY);
    }

    /** The backup's manifests, in older versions where the current one is missing or corrupt. */
    Manifests manifests() {
        return new Manifests(backup, workerPools, Optional.of(olderVersions));
    }
}
