package dev.registrybackup.objectstore;

import java.util.OptionalInt;

/**
 * What a bucket's store does by itself with objects of some age.
 *
 * @param name as the bucket's owner named it; may be empty
 * @param prefix of the keys that it is for
 * @param expiresCurrentVersions whether it removes current versions, or hides them where versions are kept
 * @param noncurrentExpirationDays after how many days it removes versions that are not current any more; empty for never
 * @param abortUploadDays after how many days it gives up uploads that nobody completed; empty for never
 */
public record LifecycleRule(
        String name,
        String prefix,
        boolean expiresCurrentVersions,
        OptionalInt noncurrentExpirationDays,
        OptionalInt abortUploadDays) {
    /** Whether it is for keys that start so, or for some of them. */
    public boolean overlapsPrefix(String keys) {
        return keys.startsWith(prefix) || prefix.startsWith(keys);
    }
}
