package dev.registrybackup.reconcile.rclone;

import java.util.List;

/**
 * A slice of the key space that is compared by itself.
 *
 * @param prefix the prefix of its keys: ends in {@code /}, or is empty for the complete bucket
 * @param compareBy when two objects of one key count as equal
 * @param excludes patterns of rclone's filters, relative to the prefix: matching keys are neither compared nor reported
 * @param isFastList whether to list 1,000 keys per request of a bucket, in the order of keys. Otherwise each directory is
 * listed separately, and all keys are kept in memory
 */
public record Shard(String prefix, CompareBy compareBy, List<String> excludes, boolean isFastList) {
    /** Throws {@link IllegalArgumentException} for a prefix that ends within a name. */
    public Shard {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException(
                    "Failed to define a shard by \"%s\": a prefix ends in / or is empty".formatted(prefix));
        }
        excludes = List.copyOf(excludes);
    }

    /** When two objects of one key count as equal. */
    public enum CompareBy {
        /** Their sizes, which is enough if the key is the content's digest. */
        SIZE,
        /**
         * Their MD5 hashes. A multipart upload has none: a comparison that finds one in both stores is not
         * reliable.
         */
        CONTENT
    }
}
