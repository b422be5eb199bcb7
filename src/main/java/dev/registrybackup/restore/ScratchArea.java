package dev.registrybackup.restore;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStore;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Refuses to write or delete keys outside one prefix. */
final class ScratchArea extends ForwardingObjectStore {
    private final String prefix;

    /**
     * The area in this store.
     *
     * @param prefix the prefix of every key that may be written or deleted; ends in a slash
     */
    ScratchArea(ObjectStore store, String prefix) {
        super(store);
        this.prefix = prefix;
    }

    /** Deletes everything in the area: every version of every object, and incomplete uploads. */
    void clear(Instant now) {
        abortMultipartUploads(prefix, now);
        deleteVersions(prefix, Instant.MAX);
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        return super.put(requireInside(key), content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        return super.putIfAbsent(requireInside(key), content, metadata);
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        return super.startMultipartUpload(requireInside(key), metadata);
    }

    @Override
    public long abortMultipartUploads(String uploadPrefix, Instant startedBefore) {
        return super.abortMultipartUploads(requireInside(uploadPrefix), startedBefore);
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        super.delete(requireInside(key), versionId);
    }

    private String requireInside(String key) {
        if (!key.startsWith(prefix) || key.contains("/../")) {
            throw new IllegalArgumentException(
                    "Refused to change %s in %s: only keys under %s may be written or deleted"
                            .formatted(key, bucket(), prefix));
        }
        return key;
    }
}
