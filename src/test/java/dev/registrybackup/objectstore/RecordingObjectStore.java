package dev.registrybackup.objectstore;

import com.google.errorprone.annotations.MustBeClosed;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A store that keeps a list of what it was asked, and lets a test do something before a request reaches the store below
 * (throw, wait, change the store) or to what is read from it.
 */
public final class RecordingObjectStore implements ObjectStore {
    /** What a store can be asked. */
    public enum Operation {
        FIND,
        OPEN,
        PUT,
        START_MULTIPART,
        PART,
        COMPLETE,
        ABORT,
        REMOVE,
        LIST,
        BUCKET
    }

    /** One request. */
    public record Request(Operation operation, String key) {}

    private final ObjectStore below;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private volatile BiConsumer<Operation, String> before = (operation, key) -> {};
    private volatile UnaryOperator<OpenObject> reading = opened -> opened;

    public RecordingObjectStore(ObjectStore below) {
        this.below = below;
    }

    /** Is called before each request from now on. */
    public void before(BiConsumer<Operation, String> step) {
        before = step;
    }

    /** Changes what is read from now on. */
    public void reading(UnaryOperator<OpenObject> change) {
        reading = change;
    }

    /** All requests so far, in order. */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    /** The keys that became visible so far, in order. */
    public List<String> written() {
        return requests.stream()
                .filter(request -> request.operation() == Operation.PUT || request.operation() == Operation.COMPLETE)
                .map(Request::key)
                .toList();
    }

    /** How many objects are being read: opened, and not closed yet. */
    public int openNow() {
        return open.get();
    }

    private OpenObject counted(OpenObject opened) {
        open.incrementAndGet();
        return new OpenObject() {
            @Override
            public ObjectInfo info() {
                return opened.info();
            }

            @Override
            public InputStream stream() {
                return opened.stream();
            }

            @Override
            public void close() {
                open.decrementAndGet();
                opened.close();
            }
        };
    }

    /** Forgets the requests so far. */
    public void forget() {
        requests.clear();
    }

    private void asked(Operation operation, String key) {
        requests.add(new Request(operation, key));
        before.accept(operation, key);
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        asked(Operation.FIND, key);
        return below.find(key);
    }

    @Override
    public Optional<ObjectInfo> findBeforeWrite(String key) {
        asked(Operation.FIND, key);
        return below.findBeforeWrite(key);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        asked(Operation.OPEN, key);
        return counted(reading.apply(below.open(key, range, etag)));
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        before.accept(Operation.PUT, key);
        Optional<String> version = below.put(key, content, metadata);
        requests.add(new Request(Operation.PUT, key));
        return version;
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        before.accept(Operation.PUT, key);
        boolean wrote = below.putIfAbsent(key, content);
        requests.add(new Request(Operation.PUT, key));
        return wrote;
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        asked(Operation.LIST, prefix);
        return below.listVersions(prefix);
    }

    @Override
    public Optional<ObjectInfo> findVersion(String key, String versionId) {
        asked(Operation.FIND, key);
        return below.findVersion(key, versionId);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        asked(Operation.OPEN, key);
        return counted(reading.apply(below.openVersion(key, versionId, range)));
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        asked(Operation.START_MULTIPART, key);
        MultipartUpload upload = below.startMultipart(key, metadata);
        return new MultipartUpload() {
            private boolean complete;

            @Override
            public void part(ContentSource content) {
                asked(Operation.PART, key);
                upload.part(content);
            }

            @Override
            public void complete() {
                before.accept(Operation.COMPLETE, key);
                upload.complete();
                complete = true;
                requests.add(new Request(Operation.COMPLETE, key));
            }

            @Override
            public void close() {
                if (!complete) {
                    asked(Operation.ABORT, key);
                }
                upload.close();
            }
        };
    }

    @Override
    public long abortUploads(String prefix, Instant startedBefore) {
        asked(Operation.ABORT, prefix);
        return below.abortUploads(prefix, startedBefore);
    }

    @Override
    public void remove(String key, Optional<String> versionId) {
        asked(Operation.REMOVE, key);
        below.remove(key, versionId);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        asked(Operation.LIST, prefix);
        return below.list(prefix);
    }

    @Override
    public void requireBucket() {
        asked(Operation.BUCKET, "");
        below.requireBucket();
    }

    @Override
    public boolean versioned() {
        asked(Operation.BUCKET, "");
        return below.versioned();
    }

    @Override
    public BucketConfiguration facts() {
        asked(Operation.BUCKET, "");
        return below.facts();
    }

    @Override
    public String bucket() {
        return below.bucket();
    }
}
