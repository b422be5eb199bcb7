package dev.registrybackup.operation;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStore;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A store that is written only as long as the operation is permitted to. Each write asks first, and again with each piece
 * of content that it sends: a client that retries, or goes on with a body, after its process stood still must not.
 */
public final class FencedObjectStore extends ForwardingObjectStore {
    private final Fence fence;

    /** Writes there if permitted. */
    public FencedObjectStore(ObjectStore below, Fence fence) {
        super(below);
        this.fence = fence;
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        fence.check();
        return super.put(key, fenced(content), metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        fence.check();
        return super.putIfAbsent(key, fenced(content));
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
        return new FencedUpload(super.startMultipartUpload(key, metadata));
    }

    private ContentSource fenced(ContentSource content) {
        return new ContentSource() {
            @Override
            public long size() {
                return content.size();
            }

            @Override
            public InputStream open() throws IOException {
                fence.check();
                return new FencedInputStream(content.open(), fence);
            }
        };
    }

    /** Asked once the bytes are there: reading them is what may have taken long. */
    private static final class FencedInputStream extends FilterInputStream {
        private final Fence fence;

        FencedInputStream(InputStream in, Fence fence) {
            super(in);
            this.fence = fence;
        }

        @Override
        public int read() throws IOException {
            int one = in.read();
            fence.check();
            return one;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            fence.check();
            return count;
        }
    }

    private final class FencedUpload implements MultipartUpload {
        private final MultipartUpload upload;

        FencedUpload(MultipartUpload upload) {
            this.upload = upload;
        }

        @Override
        public void uploadPart(ContentSource content) {
            fence.check();
            upload.uploadPart(fenced(content));
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
    }
}
