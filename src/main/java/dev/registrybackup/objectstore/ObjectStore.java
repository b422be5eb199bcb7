package dev.registrybackup.objectstore;

import com.google.errorprone.annotations.MustBeClosed;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * One bucket. Each method throws {@link ObjectStoreException} if the store failed or did not answer, with the reason
 * and a message that names the action, the object and the cause. The adapter retries single requests; callers do not.
 * Safe for use by many threads.
 */
public interface ObjectStore {
    /**
     * Facts about the object, or empty if it is missing from an existing bucket. Sends a second request before it
     * returns empty, because a store may send the same response for a missing object and a missing bucket.
     */
    Optional<ObjectInfo> head(String key);

    /**
     * As {@link #head}, in one request if the response is certainly the store's, for a caller that writes this key next
     * if it is missing: this does not detect a missing bucket, but that write fails then.
     */
    Optional<ObjectInfo> headBeforeWrite(String key);

    /**
     * Opens the object.
     *
     * @param range which bytes; all if empty
     * @param etag if given and not empty, the ETag that the object must have: {@link StoreError#PRECONDITION_FAILED}
     * otherwise
     * @throws ObjectStoreException {@link StoreError#NOT_FOUND} if there is none in a bucket that exists
     */
    @MustBeClosed
    OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag);

    /** Returns what the function reads of the whole object; empty if there is none in a bucket that exists. */
    default <T> Optional<T> read(String key, Function<OpenObject, T> reader) {
        try (OpenObject opened = open(key, Optional.empty(), Optional.empty())) {
            return Optional.of(reader.apply(opened));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Creates or replaces the object. On failure the old object or none is visible, never a part of the new one.
     *
     * @return its version, where the store keeps versions
     */
    Optional<String> put(String key, ContentSource content, Map<String, String> metadata);

    /**
     * Writes an object unless its key exists, and returns whether it did. Of several concurrent callers one
     * succeeds if the store supports {@code If-None-Match}; otherwise each does, and the last one wins
     * ({@link ConditionalWrites}).
     */
    boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata);

    /** Starts to write the object in parts. */
    @MustBeClosed
    MultipartUpload startMultipartUpload(String key, Map<String, String> metadata);

    /**
     * Aborts running multipart uploads of keys with this prefix. A store whose unfinished objects do not show their
     * keys aborts all of its own.
     *
     * @param startedBefore only uploads started before this time, UTC, by the store's clock
     * @return how many it aborted; uploads completed or aborted meanwhile do not count
     */
    long abortMultipartUploads(String prefix, Instant startedBefore);

    /**
     * Deletes one version of the object permanently, or without a version the object (in a versioned bucket: hides it).
     * Does nothing if it is missing.
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

    /**
     * Deletes permanently all versions of the objects whose key starts with the prefix, delete markers among them, and keeps
     * their list in memory meanwhile. Not atomic: a failure leaves the rest.
     *
     * @param writtenBefore only versions written before this time, UTC, by the store's clock
     */
    default void deleteVersions(String prefix, Instant writtenBefore) {
        List<ObjectVersion> found;
        try (Stream<ObjectVersion> versions = listVersions(prefix)) {
            found = versions.filter(version -> version.lastModified().isBefore(writtenBefore))
                    .toList();
        }
        found.forEach(version -> delete(version.key(), Optional.of(version.versionId())));
    }

    /** Facts about one version of an object, or empty if it is deleted or a delete marker. */
    Optional<ObjectInfo> headVersion(String key, String versionId);

    /**
     * Opens one version of an object, even if later writes replaced it.
     *
     * @param range which bytes; all if empty
     * @throws ObjectStoreException {@link StoreError#NOT_FOUND} if there is no such version
     */
    @MustBeClosed
    OpenObject openVersion(String key, String versionId, Optional<ByteRange> range);

    /**
     * Checks that the bucket exists and may be used.
     *
     * @throws ObjectStoreException {@link StoreError#BUCKET_MISSING} if there is no bucket
     */
    void requireBucket();

    /** Whether the bucket keeps versions. */
    boolean isVersioned();

    /**
     * The bucket's configuration. A value that the store does not return is unknown in the result and never thrown,
     * even if the bucket is missing. Sends one request for each value.
     */
    BucketConfiguration bucketConfiguration();

    /** The bucket's name, for messages and to recognize events of other buckets. */
    String bucket();
}
