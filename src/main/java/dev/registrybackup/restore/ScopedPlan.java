package dev.registrybackup.restore;

import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.registry.Digest;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * What has to be done to restore part of a registry.
 *
 * @param blobSteps what comes first, in any order
 * @param linkSteps links by rank
 * @param manifests all manifests in it
 * @param isComplete whether the backup has all that the scope's images need
 */
record ScopedPlan(
        List<BlobStep> blobSteps,
        SortedMap<Integer, List<LinkStep>> linkSteps,
        Map<Digest, LoadedManifest> manifests,
        boolean isComplete) {}
