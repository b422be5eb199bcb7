package dev.registrybackup.objectstore;

import com.google.errorprone.annotations.MustBeClosed;
import java.time.Instant;
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
     * Facts about the object, or empty if there is none in a bucket that exists. Asks twice before it says "none", since a
     * store may answer alike for an absent object and an absent bucket.
     */
    Optional<ObjectInfo> head(String key);

    /**
     * As {@link #head}, in one request wherever the answer shows that the store itself gave it, for a caller whose next step
     * on "none" is to write this very key: an absent bucket is not told apart here, but that write fails for it.
     */
    Optional<ObjectInfo> headBeforeWrite(String key);

    /**
     * Opens the object.
     *
     * @param range which bytes; all if empty
     * @param etag if given and not empty, only this very object will do: {@link StoreError#PRECONDITION_FAILED} otherwise
     * @throws ObjectStoreException {@link StoreError#NOT_FOUND} if there is none in a bucket that exists
     */
    @MustBeClosed
    OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag);

    /**
     * Creates or replaces the object. On failure the old object or none is visible, never a part of the new one.
     *
     * @return its version, where the store keeps versions
     */
    Optional<String> put(String key, ContentSource content, Map<String, String> metadata);

    /**
     * Writes a small object unless there is one of that key, and says whether it did. Of several that try at once one
     * succeeds, where the store heeds {@code If-None-Match}; where it does not, the last one wins.
     */
    boolean putIfAbsent(String key, ContentSource content);

    /** Starts to write the object in parts. */
    @MustBeClosed
    MultipartUpload startMultipartUpload(String key, Map<String, String> metadata);

    /**
     * Gives up the multipart uploads under way of keys that start with the prefix. A store whose unfinished objects do not
     * tell their keys gives up its own, whatever the prefix.
     *
     * @param startedBefore only those begun before this time, UTC, by the store's clock
     * @return how many it gave up; what somebody else completed or gave up meanwhile does not count
     */
    long abortMultipartUploads(String prefix, Instant startedBefore);

    /**
     * Removes one version of the object for good, or, given none, the object (in a versioned bucket: hides it). A no-op
     * if there is none.
     */
    void delete(String key, Optional<String> versionId);

    /** Objects whose key starts with the prefix, in key order, fetched page by page as the stream is read. */
    @MustBeClosed
    Stream<ObjectInfo> list(String prefix);

    /**
     * All versions of the objects whose key starts with the prefix, delete markers among them: in key order, and of one
     * key the newest first. In a bucket that keeps no versions each object is its own only version.
     */
    @MustBeClosed
    Stream<ObjectVersion> listVersions(String prefix);

    /** Facts about one version of an object, or empty if it is gone for good or is a delete marker. */
    Optional<ObjectInfo> headVersion(String key, String versionId);

    /**
     * Opens one version of an object, whatever has been written since.
     *
     * @param range which bytes; all if empty
     * @throws ObjectStoreException {@link StoreError#NOT_FOUND} if there is no such version
     */
    @MustBeClosed
    OpenObject openVersion(String key, String versionId, Optional<ByteRange> range);

    /**
     * Does nothing if the bucket is there and may be used.
     *
     * @throws ObjectStoreException {@link StoreError#BUCKET_MISSING} if there is no bucket
     */
    void requireBucket();

    /** Whether the bucket keeps versions. */
    boolean isVersioned();

    /**
     * How the bucket is set up, as far as the store tells: what it does not tell is said in the answer, and never thrown,
     * that there is no bucket included. Takes a request for each fact.
     */
    BucketConfiguration bucketConfiguration();

    /** The bucket's name, for messages and to tell foreign events. */
    String bucket();
}
