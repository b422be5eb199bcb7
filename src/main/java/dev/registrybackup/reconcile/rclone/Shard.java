package dev.registrybackup.reconcile.rclone;

import java.util.List;

/**
 * What is compared in one go.
 *
 * @param prefix what its keys begin with: ends in {@code /}, or is empty for the whole bucket
 * @param compareBy when two objects of one key count as the same
 * @param excludes patterns of rclone's filters, relative to the prefix: keys that match are neither compared nor told of
 * @param isFastList whether to list a thousand keys a request and hold them all in rclone's memory (about 4 KiB a key and
 *     store), rather than to list each directory by itself
 */
public record Shard(String prefix, CompareBy compareBy, List<String> excludes, boolean isFastList) {
    /** Refuses a prefix that ends within a name. */
    public Shard {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException(
                    "Failed to name a part by \"%s\": a prefix ends in / or is empty".formatted(prefix));
        }
        excludes = List.copyOf(excludes);
    }

    /** What makes two objects of one key the same. */
    public enum CompareBy {
        /** Their sizes: enough where the key is the content's digest. */
        SIZE,
        /**
         * Their sizes and their content: by MD5 as listed, or by reading both where a store encrypts with keys of its own. What
         * was uploaded in parts has no MD5: a comparison that comes upon it does not count.
         */
        CONTENT
    }
}
