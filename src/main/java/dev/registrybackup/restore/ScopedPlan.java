package dev.registrybackup.restore;

import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.registry.Digest;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * What has to be done to restore part of a registry.
 *
 * @param blobs what comes first, in any order
 * @param links links by rank
 * @param manifests all manifests in it
 * @param isWhole whether the backup has all that the scope's images need
 */
record ScopedPlan(
        List<BlobStep> blobs,
        SortedMap<Integer, List<LinkStep>> links,
        Map<Digest, Reading> manifests,
        boolean isWhole) {}
