package dev.registrybackup.reconcile;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.OpenObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps in memory the manifests and configs that one run writes to the backup, because copying a revision reads its
 * manifest, and the catalog reads both. Serves reads of a whole current object from memory, with key and size as its
 * only facts, and passes every other request on. Keeps at most {@value #MAX_TOTAL_BYTES} bytes. Safe for use by many
 * threads.
 */
final class CachingObjectStore extends ForwardingObjectStore {
    static final int MAX_TOTAL_BYTES = 16 << 20;

    /** In bytes. A manifest or a config of 100 layers has about 30 KiB. */
    private static final int MAX_DOCUMENT_BYTES = 128 << 10;

    private final String blobsPrefix;
    private final Map<String, byte[]> documents = new ConcurrentHashMap<>();
    private final AtomicLong totalBytes = new AtomicLong();

    /** Keeps blobs written under this prefix. */
    CachingObjectStore(ObjectStore below, String blobsPrefix) {
        super(below);
        this.blobsPrefix = blobsPrefix;
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        forget(key);
        Optional<String> version = super.put(key, content, metadata);
        if (key.startsWith(blobsPrefix) && content.size() <= MAX_DOCUMENT_BYTES) {
            keepDocument(key, content);
        }
        return version;
    }

    private void keepDocument(String key, ContentSource content) {
        try (InputStream stream = content.open()) {
            byte[] bytes = stream.readAllBytes();
            boolean isDocument = bytes.length > 0 && bytes[0] == '{';
            if (isDocument && totalBytes.get() + bytes.length <= MAX_TOTAL_BYTES) {
                forget(key);
                documents.put(key, bytes);
                totalBytes.addAndGet(bytes.length);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to read the content of %s again".formatted(key), e);
        }
    }

    private void forget(String key) {
        byte[] before = documents.remove(key);
        if (before != null) {
            totalBytes.addAndGet(-before.length);
        }
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        forget(key);
        super.delete(key, versionId);
    }

    @Override
    @MustBeClosed
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        byte[] document = documents.get(key);
        if (document == null || range.isPresent() || etag.isPresent()) {
            return super.open(key, range, etag);
        }
        ObjectInfo info = new ObjectInfo(key, document.length, "", Instant.EPOCH, Map.of(), Optional.empty());
        return new CachedDocument(info, new ByteArrayInputStream(document));
    }

    private record CachedDocument(ObjectInfo info, InputStream stream) implements OpenObject {
        @Override
        public void close() {
            // The bytes are in memory, so closing cannot fail.
        }
    }
}
