package dev.registrybackup.store;

import com.google.errorprone.annotations.MustBeClosed;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One bucket. Each method throws {@link ObjectStoreException} if the store did not do it or could not tell, with the
 * reason and a message that names the action, the object and the cause. Retries of a single request are the adapter's;
 * callers make none. Safe for use by many threads.
 */
public interface ObjectStore {
    /**
     * Facts about the object, or empty if there is none in a bucket that exists. Asks about the bucket too before it says
     * "none", since a store answers alike for an absent object and an absent bucket.
     */
    Optional<ObjectInfo> find(String key);

    /**
     * As {@link #find}, always in one request, for a caller whose next step on "none" is to write this very key: an absent
     * bucket is not told apart here, but that write fails for it.
     */
    Optional<ObjectInfo> findBeforeWrite(String key);

    /**
     * Opens the object.
     *
     * @param range which bytes; all if empty
     * @param etag if given and not empty, only this very object will do: {@link StoreError#CHANGED} otherwise
     * @throws ObjectStoreException {@link StoreError#NOT_FOUND} if there is none in a bucket that exists
     */
    @MustBeClosed
    OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag);

    /**
     * Creates or replaces the object. On failure the old object or none is visible, never a part of the new one.
     *
     * @return its version, where the store keeps versions
     */
    Optional<String> put(String key, ReplayableContent content, Map<String, String> metadata);

    /** Starts to write the object in parts. */
    @MustBeClosed
    MultipartUpload startMultipart(String key, Map<String, String> metadata);

    /**
     * Removes one version of the object for good, or, given none, the object (in a versioned bucket: hides it). A no-op
     * if there is none.
     */
    void remove(String key, Optional<String> versionId);

    /** Objects whose key starts with the prefix, in key order, fetched page by page as the stream is read. */
    @MustBeClosed
    Stream<ObjectInfo> list(String prefix);

    /**
     * Does nothing if the bucket is there and may be used.
     *
     * @throws ObjectStoreException {@link StoreError#BUCKET_MISSING} if there is no bucket
     */
    void requireBucket();

    /** Whether the bucket keeps versions. */
    boolean versioned();

    /** The bucket's name, for messages and to tell foreign events. */
    String bucket();
}
