package dev.registrybackup.operation;

import java.util.Arrays;
import java.util.Optional;

/** The failure modes of a registry's storage and of restores. */
public enum FindingCode {
    /** A referenced blob is missing. */
    BLOB_MISSING(Severity.CRITICAL, Severity.CRITICAL),
    /** A blob's size differs from its manifest's. */
    BLOB_TRUNCATED(Severity.CRITICAL, Severity.CRITICAL),
    /** A blob's bytes do not hash to its key. */
    BLOB_DIGEST_MISMATCH(Severity.CRITICAL, Severity.CRITICAL),
    /** A link without content: a registry answers 500 and garbage collection stops. */
    LINK_EMPTY(Severity.CRITICAL, Severity.CRITICAL),
    /** A link whose content is not a digest, or not the one in its path. */
    LINK_MALFORMED(Severity.CRITICAL, Severity.CRITICAL),
    /** A link to a missing blob. */
    LINK_DANGLING(Severity.ERROR, Severity.WARNING),
    /** A blob of a manifest has no layer link in the repository. OpenShift serves it anyway. */
    LAYER_LINK_MISSING(Severity.CRITICAL, Severity.INFO),
    /** A revision that is not a manifest. */
    REVISION_UNPARSABLE(Severity.ERROR, Severity.ERROR),
    /** A tag whose revision is missing from its repository, or that has a history but no current link. */
    TAG_DANGLING(Severity.ERROR, Severity.INFO),
    /** An index refers to a missing manifest. This is allowed: only some platforms may have been pushed. */
    INDEX_SPARSE(Severity.WARNING, Severity.INFO),
    /** A blob that no revision references: normal during a push, an orphan after a day. */
    ORPHAN_BLOB(Severity.INFO, Severity.INFO),
    /** An upload older than a week. */
    STALE_UPLOAD(Severity.INFO, Severity.INFO),
    /** An object outside the registry's layout. */
    UNKNOWN_OBJECT(Severity.WARNING, Severity.WARNING),
    /** An image that an ImageStream's tag points to, or pointed to, cannot be restored completely. */
    IS_ITEM_UNRESTORABLE(Severity.CRITICAL, Severity.CRITICAL),
    /**
     * An image that an ImageStream's tag points to, or pointed to, has no Image object in the cluster: the pruner drops
     * it.
     */
    IMAGE_OBJECT_MISSING(Severity.CRITICAL, Severity.CRITICAL),
    /** A tag that points elsewhere in the target and was not changed. */
    TAG_DIFFERS(Severity.WARNING, Severity.WARNING),
    /** A time that is the backup's and not the registry's, because none was recorded. */
    TIME_APPROXIMATE(Severity.INFO, Severity.INFO),
    /** A tag of an ImageStream followed another tag that is missing from the cluster; its image is restored anyway. */
    TAG_SOURCE_MISSING(Severity.WARNING, Severity.WARNING),
    /** An unacknowledged alarm, for example a mass deletion in the registry. */
    ALARM(Severity.CRITICAL, Severity.CRITICAL),
    /** A finding of any other code that an operator acknowledged until a date. */
    ACKNOWLEDGED(Severity.INFO, Severity.INFO),
    /** A store did not answer, so the state is unknown. */
    UNDETERMINED(Severity.UNKNOWN, Severity.UNKNOWN);

    private final Severity plainSeverity;
    private final Severity openShiftSeverity;

    FindingCode(Severity plain, Severity openShift) {
        this.plainSeverity = plain;
        this.openShiftSeverity = openShift;
    }

    /** The code of this name; empty if there is none, for example one from a newer version. */
    public static Optional<FindingCode> parse(String name) {
        return Arrays.stream(values()).filter(code -> code.name().equals(name)).findFirst();
    }

    /**
     * Its severity, which depends on the registry: OpenShift's reads from etcd much that a plain one reads from links.
     */
    public Severity severity(boolean isOpenShift) {
        return isOpenShift ? openShiftSeverity : plainSeverity;
    }
}
