package dev.registrybackup.objectstore;

import com.google.errorprone.annotations.MustBeClosed;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Forwards every request to another store; subclasses override some of them. */
public class ForwardingObjectStore implements ObjectStore {
    private final ObjectStore delegate;

    /** Forwards to this store. */
    protected ForwardingObjectStore(ObjectStore below) {
        this.delegate = below;
    }

    @Override
    public Optional<ObjectInfo> head(String key) {
        return delegate.head(key);
    }

    @Override
    public Optional<ObjectInfo> headBeforeWrite(String key) {
        return delegate.headBeforeWrite(key);
    }

    @Override
    @MustBeClosed
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return delegate.open(key, range, etag);
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        return delegate.put(key, content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        return delegate.putIfAbsent(key, content, metadata);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        return delegate.listVersions(prefix);
    }

    @Override
    public Optional<ObjectInfo> headVersion(String key, String versionId) {
        return delegate.headVersion(key, versionId);
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        return delegate.openVersion(key, versionId, range);
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        return delegate.startMultipartUpload(key, metadata);
    }

    @Override
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        return delegate.abortMultipartUploads(prefix, startedBefore);
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        delegate.delete(key, versionId);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return delegate.list(prefix);
    }

    @Override
    public void requireBucket() {
        delegate.requireBucket();
    }

    @Override
    public boolean isVersioned() {
        return delegate.isVersioned();
    }

    @Override
    public BucketConfiguration bucketConfiguration() {
        return delegate.bucketConfiguration();
    }

    @Override
    public String bucket() {
        return delegate.bucket();
    }
}
