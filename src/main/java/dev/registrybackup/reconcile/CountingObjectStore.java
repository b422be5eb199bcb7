package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.OpenObject;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** Counts the calls to a store for the report; a listing may send several requests. */
final class CountingObjectStore extends ForwardingObjectStore {
    private final LongAdder heads = new LongAdder();
    private final LongAdder reads = new LongAdder();
    private final LongAdder listed = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder deletes = new LongAdder();

    CountingObjectStore(ObjectStore below) {
        super(below);
    }

    @Override
    public Optional<ObjectInfo> head(String key) {
        heads.increment();
        return super.head(key);
    }

    @Override
    public Optional<ObjectInfo> headBeforeWrite(String key) {
        heads.increment();
        return super.headBeforeWrite(key);
    }

    @Override
    @MustBeClosed
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        reads.increment();
        return super.open(key, range, etag);
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        writes.increment();
        return super.put(key, content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        writes.increment();
        return super.putIfAbsent(key, content, metadata);
    }

    @Override
    public Optional<ObjectInfo> headVersion(String key, String versionId) {
        heads.increment();
        return super.headVersion(key, versionId);
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        reads.increment();
        return super.openVersion(key, versionId, range);
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        writes.increment();
        return super.startMultipartUpload(key, metadata);
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        deletes.increment();
        super.delete(key, versionId);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return super.list(prefix).peek(object -> listed.increment());
    }

    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("heads", heads.sum())
                .put("reads", reads.sum())
                .put("objectsListed", listed.sum())
                .put("writes", writes.sum())
                .put("deletes", deletes.sum());
    }
}
