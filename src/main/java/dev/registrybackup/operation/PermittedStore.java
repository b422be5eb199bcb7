package dev.registrybackup.operation;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.store.ForwardingObjectStore;
import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ReplayableContent;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/**
 * A store that is written only as long as the operation is permitted to. Each write asks first, and once more whenever its
 * content is read again: a client that retries after its process stood still is a new write.
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
                return content.open();
            }
        };
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
