package dev.registrybackup.operation;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStore;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** A store that starts no write and no multipart part once its operation must stop. */
public final class FencedObjectStore extends ForwardingObjectStore {
    private final Fence fence;

    /** Passes writes on while the fence allows; after that each write throws {@link FencedException}. */
    public FencedObjectStore(ObjectStore below, Fence fence) {
        super(below);
        this.fence = fence;
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        fence.check();
        return super.put(key, content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        fence.check();
        return super.putIfAbsent(key, content, metadata);
    }

    @Override
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        fence.check();
        return super.abortMultipartUploads(prefix, startedBefore);
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        fence.check();
        super.delete(key, versionId);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        fence.check();
        MultipartUpload upload = super.startMultipartUpload(key, metadata);
        return new MultipartUpload() {
            @Override
            public void uploadPart(ContentSource content) {
                fence.check();
                upload.uploadPart(content);
            }

            @Override
            public void complete() {
                fence.check();
                upload.complete();
            }

            @Override
            public void close() {
                upload.close();
            }
        };
    }
}
