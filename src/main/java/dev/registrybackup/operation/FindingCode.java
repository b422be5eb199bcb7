package dev.registrybackup.operation;

import java.util.Arrays;
import java.util.Optional;

/** The failure modes of a registry's storage, and what may hinder a restore. */
public enum FindingCode {
    /** Something needs a blob that the store lacks. */
    BLOB_MISSING(Severity.CRITICAL, Severity.CRITICAL),
    /** A blob's size is not the one its manifest gives. */
    BLOB_TRUNCATED(Severity.CRITICAL, Severity.CRITICAL),
    /** A blob's bytes do not hash to its key. */
    BLOB_DIGEST_MISMATCH(Severity.CRITICAL, Severity.CRITICAL),
    /** A link without content: a registry answers 500 and garbage collection stops. */
    LINK_EMPTY(Severity.CRITICAL, Severity.CRITICAL),
    /** A link whose content is no digest, or another than its path says. */
    LINK_MALFORMED(Severity.CRITICAL, Severity.CRITICAL),
    /** A link to a blob that the store lacks. */
    LINK_DANGLING(Severity.ERROR, Severity.WARNING),
    /** A manifest needs a blob that its repository has no layer link to. OpenShift serves it all the same. */
    LAYER_LINK_MISSING(Severity.CRITICAL, Severity.INFO),
    /** A revision that is no manifest. */
    REVISION_UNPARSABLE(Severity.ERROR, Severity.ERROR),
    /** A tag that points to a revision its repository lacks, or has a history and points nowhere. */
    TAG_DANGLING(Severity.ERROR, Severity.INFO),
    /** An index refers to a manifest that the store lacks: allowed, as only some platforms may have been pushed. */
    INDEX_SPARSE(Severity.WARNING, Severity.INFO),
    /** A blob that no revision needs: normal during a push, a leak after a day. */
    ORPHAN_BLOB(Severity.INFO, Severity.INFO),
    /** An upload older than a week. */
    STALE_UPLOAD(Severity.INFO, Severity.INFO),
    /** An object that the registry's layout does not know. */
    UNKNOWN_OBJECT(Severity.WARNING, Severity.WARNING),
    /** What an ImageStream's tag points to, or pointed to, cannot be restored whole. */
    IS_ITEM_UNRESTORABLE(Severity.CRITICAL, Severity.CRITICAL),
    /** What an ImageStream's tag points to, or pointed to, has no Image in the cluster: the pruner drops it. */
    IMAGE_OBJECT_MISSING(Severity.CRITICAL, Severity.CRITICAL),
    /** A tag that points elsewhere in the target, and was left as it is. */
    TAG_DIFFERS(Severity.WARNING, Severity.WARNING),
    /** A time that is not the registry's but the backup's, for want of a record. */
    TIME_APPROXIMATE(Severity.INFO, Severity.INFO),
    /** A tag of an ImageStream followed another one, which the cluster lacks; where it points is restored all the same. */
    TAG_SOURCE_MISSING(Severity.WARNING, Severity.WARNING),
    /** An alarm that nobody has acknowledged: much vanished from the registry at once, say. */
    ALARM(Severity.CRITICAL, Severity.CRITICAL),
    /** A finding of any other code that somebody acknowledged until a date. */
    ACKNOWLEDGED(Severity.INFO, Severity.INFO),
    /** A store did not answer, so that nothing can be said. */
    UNDETERMINED(Severity.UNKNOWN, Severity.UNKNOWN);

    private final Severity plainSeverity;
    private final Severity openShiftSeverity;

    FindingCode(Severity plain, Severity openShift) {
        this.plainSeverity = plain;
        this.openShiftSeverity = openShift;
    }

    /** The code of that name; empty if there is none, as of a code that only a newer program knows. */
    public static Optional<FindingCode> parse(String name) {
        return Arrays.stream(values()).filter(code -> code.name().equals(name)).findFirst();
    }

    /** How bad it is: OpenShift's registry takes much from etcd that a plain one needs its links for. */
    public Severity severity(boolean isOpenShift) {
        return isOpenShift ? openShiftSeverity : plainSeverity;
    }
}
