package dev.registrybackup.objectstore;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Facts about one object.
 *
 * @param key its key
 * @param size its size in bytes
 * @param etag its ETag without quotes, empty if the store gives none: the MD5 of its content only where it was written
 * in one piece and not under KMS
 * @param lastModified when it was written, UTC, in the store's clock and mostly in whole seconds
 * @param metadata user metadata, names in lower case; empty from a listing
 * @param versionId its version, where the store keeps versions; empty from a listing
 */
public record ObjectInfo(
        String key,
        long size,
        String etag,
        Instant lastModified,
        Map<String, String> metadata,
        Optional<String> versionId) {
    /** Copies the metadata. */
    public ObjectInfo {
        metadata = Map.copyOf(metadata);
    }
}
