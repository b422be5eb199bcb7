package dev.registrybackup.verify;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;

/**
 * What all parts of one verification work with.
 *
 * @param request what was asked
 * @param store the store that is looked at, and never written
 * @param layout its grammar
 * @param workerPools who does it
 * @param blobStates what is known of its blobs
 * @param findingCollector what was found
 */
record VerifyContext(
        VerifyRequest request,
        ObjectStore store,
        RegistryLayout layout,
        WorkerPools workerPools,
        BlobStates blobStates,
        FindingCollector findingCollector) {
    /** So many single requests are under way at once. */
    static final int CONCURRENCY = 32;

    /** Whether everything is looked at. */
    boolean isFullScope() {
        return request.scope() instanceof Scope.All;
    }

    /** Whether whole repositories are looked at, and not one image. */
    boolean isRepositoryScope() {
        return isFullScope()
                || request.scope() instanceof Scope.Namespace
                || request.scope() instanceof Scope.Repository;
    }

    /** Whether the store is the backup. */
    boolean isBackup() {
        return request.store().equals(VerifyRequest.BACKUP);
    }

    /** Whether the blob's bytes are to be read. */
    boolean isHashed(Digest blob) {
        return request.depth() == Depth.CONTENT
                && request.sample().map(sample -> sample.includes(blob)).orElse(true);
    }

    /** What to do about something broken. */
    String remedy() {
        return isBackup()
                ? "have it copied from the registry again if that still has it"
                : "restore it from the backup with mode repair";
    }
}
