package dev.registrybackup.objectstore;

/** Why a store did not do what it was asked. */
public enum StoreError {
    /** There is no such object, in a bucket that exists, and the store itself says so, not a proxy without a route to it. */
    NOT_FOUND,
    /** There is no such bucket: an alarm and never "the object is absent", since buckets come back and keys with them. */
    BUCKET_MISSING,
    /** The credentials may not do this. Never "absent": without ListBucket a store answers so for absent keys too. */
    FORBIDDEN,
    /** The object is no longer the one whose ETag was asked for. */
    PRECONDITION_FAILED,
    /** The store asked for less. */
    THROTTLED,
    /** The store did not answer, answered 5xx, something else answered for it, or the connection broke. */
    UNAVAILABLE,
    /** The store refused the request as wrong. */
    BAD_REQUEST
}
