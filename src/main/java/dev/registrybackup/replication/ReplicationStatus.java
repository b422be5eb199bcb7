package dev.registrybackup.replication;

/** The outcome of replicating one key. Failures that may pass are not in this list: they are thrown. */
public enum ReplicationStatus {
    /** It was copied. */
    COPIED("copied", false),
    /** The backup had it already. */
    PRESENT("present", false),
    /** It is missing in the registry: uploads exist only for seconds, and RGW sends events before objects exist. */
    SOURCE_MISSING("source-missing", false),
    /** It is not replicated: an upload, an object outside the registry's root directory, or an unknown object. */
    SKIPPED("skipped", false),
    /** The link is published, although a dependency is missing in the registry itself. */
    PARTIAL("partial", false),
    /** The registry's blob does not match its digest, and the backup has no valid copy. */
    CORRUPT("corrupt", true),
    /** The registry's blob does not match its digest. The backup keeps its valid copy. */
    SOURCE_CORRUPT("corrupt", true),
    /** The link is not published, because a dependency is corrupt. */
    BLOCKED("blocked", true),
    /** The content of the registry's link is not valid. */
    MALFORMED("malformed", true);

    private final String label;
    private final boolean permanent;

    ReplicationStatus(String label, boolean permanent) {
        this.label = label;
        this.permanent = permanent;
    }

    /** The value in logs and metrics. */
    public String label() {
        return label;
    }

    /** Whether a retry can never succeed unless the registry's objects change. */
    public boolean isPermanent() {
        return permanent;
    }

    /** Whether the object is in the backup now. */
    public boolean isInBackup() {
        return this == COPIED || this == PRESENT || this == PARTIAL || this == SOURCE_CORRUPT;
    }
}
