package dev.registrybackup.reconcile.rclone;

/**
 * The result of rclone for one key.
 *
 * @param key the full key in the bucket
 */
public record Difference(Kind kind, String key) {
    /** How the two stores differ. */
    public enum Kind {
        /** Both have it, and it is equal as the shard compares. */
        SAME,
        /** It is missing from the backup. */
        ONLY_IN_REGISTRY,
        /** It is missing from the registry. */
        ONLY_IN_BACKUP,
        /** Both have it, with other sizes or other content. */
        DIFFERENT
    }
}
