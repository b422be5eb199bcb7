package dev.registrybackup.objectstore;

import java.util.OptionalInt;

/**
 * A lifecycle rule of a bucket.
 *
 * @param name the name that the bucket's owner gave it; may be empty
 * @param prefix the prefix of the keys that it applies to
 * @param expiresCurrentVersions whether it deletes current versions, or hides them in a versioned bucket
 * @param noncurrentExpirationDays after how many days it deletes noncurrent versions; empty for never
 * @param abortUploadDays after how many days it aborts incomplete uploads; empty for never
 */
public record LifecycleRule(
        String name,
        String prefix,
        boolean expiresCurrentVersions,
        OptionalInt noncurrentExpirationDays,
        OptionalInt abortUploadDays) {
    /** Whether it applies to keys with this prefix, or to some of them. */
    public boolean overlapsPrefix(String keys) {
        return keys.startsWith(prefix) || prefix.startsWith(keys);
    }
}
