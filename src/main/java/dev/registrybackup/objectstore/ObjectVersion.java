package dev.registrybackup.objectstore;

import java.time.Instant;

/**
 * One version of an object, as a listing has it.
 *
 * @param key the object's key
 * @param versionId the version's name in the store; {@code null} as text in a bucket that keeps no versions
 * @param size its size in bytes; 0 of a delete marker
 * @param etag its ETag without quotes, as {@link ObjectInfo#etag}; empty of a delete marker
 * @param lastModified when it was written, UTC, in the store's clock and mostly in whole seconds
 * @param isDeleteMarker whether it says that the object was hidden then, and has no content
 */
public record ObjectVersion(
        String key, String versionId, long size, String etag, Instant lastModified, boolean isDeleteMarker) {}
