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

/** Counts what is asked of a store, for the report: calls, of which a listing may take several requests. */
final class CountingObjectStore extends ForwardingObjectStore {
    private final LongAdder looks = new LongAdder();
    private final LongAdder reads = new LongAdder();
    private final LongAdder listed = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder removals = new LongAdder();

    CountingObjectStore(ObjectStore below) {
        super(below);
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        looks.increment();
        return super.find(key);
    }

    @Override
    public Optional<ObjectInfo> findBeforeWrite(String key) {
        looks.increment();
        return super.findBeforeWrite(key);
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
    public boolean putIfAbsent(String key, ContentSource content) {
        writes.increment();
        return super.putIfAbsent(key, content);
    }

    @Override
    public Optional<ObjectInfo> findVersion(String key, String versionId) {
        looks.increment();
        return super.findVersion(key, versionId);
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        reads.increment();
        return super.openVersion(key, versionId, range);
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        writes.increment();
        return super.startMultipart(key, metadata);
    }

    @Override
    public void remove(String key, Optional<String> versionId) {
        removals.increment();
        super.remove(key, versionId);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return super.list(prefix).peek(object -> listed.increment());
    }

    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("looks", looks.sum())
                .put("reads", reads.sum())
                .put("objectsListed", listed.sum())
                .put("writes", writes.sum())
                .put("removals", removals.sum());
    }
}
