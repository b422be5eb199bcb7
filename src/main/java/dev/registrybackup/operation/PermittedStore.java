package dev.registrybackup.operation;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.store.ForwardingObjectStore;
import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ReplayableContent;
import java.util.Map;
import java.util.Optional;

/** A store that is written only as long as the operation is permitted to; each write asks first. */
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
        return super.put(key, content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ReplayableContent content) {
        permit.require();
        return super.putIfAbsent(key, content);
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
        return new PermittedUpload(super.startMultipart(key, metadata), permit);
    }

    private record PermittedUpload(MultipartUpload upload, Permit permit) implements MultipartUpload {
        @Override
        public void part(ReplayableContent content) {
            permit.require();
            upload.part(content);
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
