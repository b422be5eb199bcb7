package dev.registrybackup.operation;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.store.ForwardingObjectStore;
import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ReplayableContent;
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
public final class PermittedStore extends ForwardingObjectStore {
    private final Permit permit;

    /** Writes there if permitted. */
    public PermittedStore(ObjectStore below, Permit permit) {
        super(below);
        this.permit = permit;
    }

    @Override
    public Optional<String> put(String key, ReplayableContent content, Map<String, String> metadata) {
        permit.require();
        return super.put(key, asking(content), metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ReplayableContent content) {
        permit.require();
        return super.putIfAbsent(key, asking(content));
    }

    @Override
    public long abortUploads(String prefix, Instant startedBefore) {
        permit.require();
        return super.abortUploads(prefix, startedBefore);
    }

    @Override
    public void remove(String key, Optional<String> versionId) {
        permit.require();
        super.remove(key, versionId);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        permit.require();
        return new PermittedUpload(super.startMultipart(key, metadata));
    }

    private ReplayableContent asking(ReplayableContent content) {
        return new ReplayableContent() {
            @Override
            public long size() {
                return content.size();
            }

            @Override
            public InputStream open() throws IOException {
                permit.require();
                return new PermittedStream(content.open(), permit);
            }
        };
    }

    /** Asked once the bytes are there: reading them is what may have taken long. */
    private static final class PermittedStream extends FilterInputStream {
        private final Permit permit;

        PermittedStream(InputStream in, Permit permit) {
            super(in);
            this.permit = permit;
        }

        @Override
        public int read() throws IOException {
            int one = in.read();
            permit.require();
            return one;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            permit.require();
            return count;
        }
    }

    private final class PermittedUpload implements MultipartUpload {
        private final MultipartUpload upload;

        PermittedUpload(MultipartUpload upload) {
            this.upload = upload;
        }

        @Override
        public void part(ReplayableContent content) {
            permit.require();
            upload.part(asking(content));
        }

        @Override
        public void complete() {
            permit.require();
            upload.complete();
        }

        @Override
        public void close() {
            upload.close();
        }
    }
}
