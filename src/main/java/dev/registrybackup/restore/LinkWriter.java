package dev.registrybackup.restore;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import java.util.Map;

/**
 * Writes links from what they have to say.
 *
 * @param restoreEndpoints where
 * @param progressTracker counts them
 */
record LinkWriter(RestoreEndpoints restoreEndpoints, ProgressTracker progressTracker) {
    /** Writes it, and counts it. */
    void write(RegistryPath.Link path, Digest target) {
        put(path, target);
        count(target);
    }

    void put(RegistryPath.Link path, Digest target) {
        restoreEndpoints
                .target()
                .put(restoreEndpoints.targetKey(path), ContentSource.of(LinkContent.of(target)), Map.of());
    }

    void count(Digest target) {
        progressTracker.addDone(1, LinkContent.of(target).length);
    }
}
