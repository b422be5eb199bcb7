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
        fence.require();
        return super.put(key, asking(content), metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        fence.require();
        return super.putIfAbsent(key, asking(content));
    }

    @Override
    public long abortUploads(String prefix, Instant startedBefore) {
        fence.require();
        return super.abortUploads(prefix, startedBefore);
    }

    @Override
    public void remove(String key, Optional<String> versionId) {
        fence.require();
        super.remove(key, versionId);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        fence.require();
        return new PermittedUpload(super.startMultipart(key, metadata));
    }

    private ContentSource asking(ContentSource content) {
        return new ContentSource() {
            @Override
            public long size() {
                return content.size();
            }

            @Override
            public InputStream open() throws IOException {
                fence.require();
                return new PermittedStream(content.open(), fence);
            }
        };
    }

    /** Asked once the bytes are there: reading them is what may have taken long. */
    private static final class PermittedStream extends FilterInputStream {
        private final Fence fence;

        PermittedStream(InputStream in, Fence fence) {
            super(in);
            this.fence = fence;
        }

        @Override
        public int read() throws IOException {
            int one = in.read();
            fence.require();
            return one;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            fence.require();
            return count;
        }
    }

    private final class PermittedUpload implements MultipartUpload {
        private final MultipartUpload upload;

        PermittedUpload(MultipartUpload upload) {
            this.upload = upload;
        }

        @Override
        public void part(ContentSource content) {
            fence.require();
            upload.part(asking(content));
        }

        @Override
        public void complete() {
            fence.require();
            upload.complete();
        }

        @Override
        public void close() {
            upload.close();
        }
    }
}
