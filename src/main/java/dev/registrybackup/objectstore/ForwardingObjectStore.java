package dev.registrybackup.objectstore;

import com.google.errorprone.annotations.MustBeClosed;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A store that hands every request on to another, for a subclass to do otherwise with some of them. */
public class ForwardingObjectStore implements ObjectStore {
    private final ObjectStore below;

    /** Hands on to that store. */
    protected ForwardingObjectStore(ObjectStore below) {
        this.below = below;
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return below.find(key);
    }

    @Override
    public Optional<ObjectInfo> findBeforeWrite(String key) {
        return below.findBeforeWrite(key);
    }

    @Override
    @MustBeClosed
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return below.open(key, range, etag);
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        return below.put(key, content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        return below.putIfAbsent(key, content);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        return below.listVersions(prefix);
    }

    @Override
    public Optional<ObjectInfo> findVersion(String key, String versionId) {
        return below.findVersion(key, versionId);
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        return below.openVersion(key, versionId, range);
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        return below.startMultipart(key, metadata);
    }

    @Override
    public long abortUploads(String prefix, Instant startedBefore) {
        return below.abortUploads(prefix, startedBefore);
    }

    @Override
    public void remove(String key, Optional<String> versionId) {
        below.remove(key, versionId);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return below.list(prefix);
    }

    @Override
    public void requireBucket() {
        below.requireBucket();
    }

    @Override
    public boolean versioned() {
        return below.versioned();
    }

    @Override
    public BucketConfiguration facts() {
        return below.facts();
    }

    @Override
    public String bucket() {
        return below.bucket();
    }
}
