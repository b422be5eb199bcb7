package dev.registrybackup.objectstore;

import com.google.errorprone.annotations.MustBeClosed;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A store that keeps a list of what it was asked, and lets a test do something before a request reaches the store below
 * (throw, wait, change the store) or to what is read from it.
 */
public final class RecordingObjectStore implements ObjectStore {
    /** The kinds of requests. */
    public enum Operation {
        HEAD,
        OPEN,
        PUT,
        /** A write on condition that there is no object, where there was one. */
        REFUSED_PUT,
        START_MULTIPART,
        UPLOAD_PART,
        COMPLETE,
        ABORT,
        DELETE,
        LIST,
        BUCKET
    }

    /** One request. */
    public record Request(Operation operation, String key) {}

    private final ObjectStore delegate;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private volatile BiConsumer<Operation, String> beforeRequest = (operation, key) -> {};
    private volatile UnaryOperator<OpenObject> transformRead = opened -> opened;

    public RecordingObjectStore(ObjectStore below) {
        this.delegate = below;
    }

    /** The store as a process uses it that may be killed: from then on each request throws. */
    public static RecordingObjectStore mortal(ObjectStore below, BooleanSupplier isKilled) {
        RecordingObjectStore store = new RecordingObjectStore(below);
        store.beforeRequest((operation, key) -> {
            if (isKilled.getAsBoolean()) {
                throw new IllegalStateException("This process was killed");
            }
        });
        return store;
    }

    /** Calls this before each request from now on. */
    public void beforeRequest(BiConsumer<Operation, String> step) {
        beforeRequest = step;
    }

    /** Refuses this operation from now on, on keys that begin so: as {@link #beforeRequest} with a step that throws. */
    public void failOn(Operation failing, String prefix, StoreError error, String why) {
        beforeRequest((operation, key) -> {
            if (operation == failing && key.startsWith(prefix)) {
                throw new ObjectStoreException(error, why);
            }
        });
    }

    /** Refuses every request from now on. */
    public void failAlways(StoreError error, String why) {
        beforeRequest((operation, key) -> {
            throw new ObjectStoreException(error, why);
        });
    }

    /** Refuses nothing from now on. */
    public void heal() {
        beforeRequest((operation, key) -> {});
    }

    /** Changes what is read from now on. */
    public void transformRead(UnaryOperator<OpenObject> change) {
        transformRead = change;
    }

    /** All requests so far, in order. */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    /** The keys of all requests of that kind so far, in order. */
    public List<String> keysOf(Operation operation) {
        return requests.stream()
                .filter(request -> request.operation() == operation)
                .map(Request::key)
                .toList();
    }

    /** The keys that became visible so far, in order. */
    public List<String> writtenKeys() {
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
        AtomicBoolean isOpen = new AtomicBoolean(true);
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
                if (isOpen.getAndSet(false)) {
                    open.decrementAndGet();
                    opened.close();
                }
            }
        };
    }

    /** Forgets the requests so far. */
    public void clearRequests() {
        requests.clear();
    }

    private void recordRequest(Operation operation, String key) {
        requests.add(new Request(operation, key));
        beforeRequest.accept(operation, key);
    }

    @Override
    public Optional<ObjectInfo> head(String key) {
        recordRequest(Operation.HEAD, key);
        return delegate.head(key);
    }

    @Override
    public Optional<ObjectInfo> headBeforeWrite(String key) {
        recordRequest(Operation.HEAD, key);
        return delegate.headBeforeWrite(key);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        recordRequest(Operation.OPEN, key);
        return counted(transformRead.apply(delegate.open(key, range, etag)));
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        beforeRequest.accept(Operation.PUT, key);
        Optional<String> version = delegate.put(key, content, metadata);
        requests.add(new Request(Operation.PUT, key));
        return version;
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        beforeRequest.accept(Operation.PUT, key);
        boolean wrote = delegate.putIfAbsent(key, content, metadata);
        requests.add(new Request(wrote ? Operation.PUT : Operation.REFUSED_PUT, key));
        return wrote;
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        recordRequest(Operation.LIST, prefix);
        return delegate.listVersions(prefix);
    }

    @Override
    public Optional<ObjectInfo> headVersion(String key, String versionId) {
        recordRequest(Operation.HEAD, key);
        return delegate.headVersion(key, versionId);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        recordRequest(Operation.OPEN, key);
        return counted(transformRead.apply(delegate.openVersion(key, versionId, range)));
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        recordRequest(Operation.START_MULTIPART, key);
        MultipartUpload upload = delegate.startMultipartUpload(key, metadata);
        return new MultipartUpload() {
            private boolean complete;

            @Override
            public void uploadPart(ContentSource content) {
                recordRequest(Operation.UPLOAD_PART, key);
                upload.uploadPart(content);
            }

            @Override
            public void complete() {
                beforeRequest.accept(Operation.COMPLETE, key);
                upload.complete();
                complete = true;
                requests.add(new Request(Operation.COMPLETE, key));
            }

            @Override
            public void close() {
                if (!complete) {
                    recordRequest(Operation.ABORT, key);
                }
                upload.close();
            }
        };
    }

    @Override
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        recordRequest(Operation.ABORT, prefix);
        return delegate.abortMultipartUploads(prefix, startedBefore);
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        recordRequest(Operation.DELETE, key);
        delegate.delete(key, versionId);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        recordRequest(Operation.LIST, prefix);
        return delegate.list(prefix);
    }

    @Override
    public void requireBucket() {
        recordRequest(Operation.BUCKET, "");
        delegate.requireBucket();
    }

    @Override
    public boolean isVersioned() {
        recordRequest(Operation.BUCKET, "");
        return delegate.isVersioned();
    }

    @Override
    public BucketConfiguration bucketConfiguration() {
        recordRequest(Operation.BUCKET, "");
        return delegate.bucketConfiguration();
    }

    @Override
    public String bucket() {
        return delegate.bucket();
    }
}
