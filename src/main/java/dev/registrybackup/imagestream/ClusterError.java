package dev.registrybackup.imagestream;

/** Why a request to the cluster's API failed. */
public enum ClusterError {
    /** The caller does not have the right. */
    FORBIDDEN,
    /** The object or its namespace does not exist. */
    NOT_FOUND,
    /** The object exists already. */
    EXISTS,
    /** The object was changed since it was read: read it again. */
    CONFLICT,
    /** The list was started too long ago: start again. */
    EXPIRED,
    /** The request is invalid and will never succeed. */
    INVALID,
    /** The API did not answer, or failed: try again later. */
    UNAVAILABLE
}
