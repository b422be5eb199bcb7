package dev.registrybackup.objectstore;

/** The reason of a store's failure. */
public enum StoreError {
    /** The object is missing from an existing bucket, according to the store itself and not a proxy. */
    NOT_FOUND,
    /** The bucket is missing. Never counts as a missing object, because buckets come back with their keys. */
    BUCKET_MISSING,
    /**
     * The credentials do not have the right. Never counts as a missing object: without ListBucket a store answers 403
     * for missing keys too.
     */
    FORBIDDEN,
    /** The object no longer has the required ETag. */
    PRECONDITION_FAILED,
    /** The store asked for fewer requests. */
    THROTTLED,
    /** The store did not answer or answered 5xx, a proxy answered for it, or the connection broke. */
    UNAVAILABLE,
    /** The store rejected the request as invalid. */
    BAD_REQUEST
}
