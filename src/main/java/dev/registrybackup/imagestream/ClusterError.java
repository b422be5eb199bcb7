package dev.registrybackup.imagestream;

/** Why the cluster's API did not do something. */
public enum ClusterError {
    /** The caller has not the right to. */
    FORBIDDEN,
    /** There is no such object, or no namespace for it. */
    NOT_FOUND,
    /** There is one already. */
    EXISTS,
    /** It was changed since it was read: read it again. */
    CONFLICT,
    /** The list was begun too long ago: begin again. */
    EXPIRED,
    /** The server understood and will not, however often it is asked. */
    INVALID,
    /** It did not answer, or is out of order: ask again later. */
    UNAVAILABLE
}
