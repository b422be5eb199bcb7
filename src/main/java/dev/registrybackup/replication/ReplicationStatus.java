package dev.registrybackup.replication;

/** What became of one key. Failures that may pass are no verdict: they are thrown. */
public enum ReplicationStatus {
    /** It was copied now. */
    COPIED("copied", false),
    /** The backup had it already. */
    PRESENT("present", false),
    /** The registry has it no more: uploads vanish in seconds, and RGW announces objects before they exist. */
    SOURCE_MISSING("source-missing", false),
    /** It is not for us: an upload, something outside the registry's root directory, a foreign object. */
    SKIPPED("skipped", false),
    /** The link was published, although the registry itself lacks something below it. */
    PARTIAL("partial", false),
    /** The blob in the registry is not what its digest says, and the backup has no good one. */
    CORRUPT("corrupt", true),
    /** The blob in the registry is not what its digest says; the backup has a verified one, which stays. */
    SOURCE_CORRUPT("corrupt", true),
    /** The link is not published, since something below it is corrupt. */
    BLOCKED("blocked", true),
    /** The link in the registry is not what a registry writes. */
    MALFORMED("malformed", true);

    private final String label;
    private final boolean permanent;

    ReplicationStatus(String label, boolean permanent) {
        this.label = label;
        this.permanent = permanent;
    }

    /** The name for logs and metrics. */
    public String label() {
        return label;
    }

    /** Whether trying the same again can never succeed, unless the registry's objects change. */
    public boolean isPermanent() {
        return permanent;
    }

    /** Whether the backup now has what belongs under that key. */
    public boolean isInBackup() {
        return this == COPIED || this == PRESENT || this == PARTIAL || this == SOURCE_CORRUPT;
    }
}
