package dev.registrybackup.objectstore;

import java.util.OptionalInt;

/**
 * What a bucket's store does by itself with objects of some age.
 *
 * @param name as the bucket's owner named it; may be empty
 * @param prefix of the keys that it is for
 * @param expires whether it removes current versions, or hides them where versions are kept
 * @param noncurrentDays after how many days it removes versions that are not current any more; empty for never
 * @param abortDays after how many days it gives up uploads that nobody completed; empty for never
 */
public record LifecycleRule(
        String name, String prefix, boolean expires, OptionalInt noncurrentDays, OptionalInt abortDays) {
    /** Whether it is for keys that start so, or for some of them. */
    public boolean concerns(String keys) {
        return keys.startsWith(prefix) || prefix.startsWith(keys);
    }
}
