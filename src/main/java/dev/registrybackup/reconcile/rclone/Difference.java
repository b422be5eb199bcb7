package dev.registrybackup.reconcile.rclone;

/**
 * What rclone found out about one key.
 *
 * @param key the full key in the bucket
 */
public record Difference(Kind kind, String key) {
    /** How the two stores stand to each other. */
    public enum Kind {
        /** Both have it, and it is the same by the part's measure. */
        SAME,
        /** The backup lacks it. */
        ONLY_IN_REGISTRY,
        /** The registry lacks it. */
        ONLY_IN_BACKUP,
        /** Both have it, with other sizes or other content. */
        DIFFERENT,
        /** At least one of them could not be read; the comparison does not count. */
        UNREADABLE
    }
}
