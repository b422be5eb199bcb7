package dev.registrybackup.replication;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** A store whose client reads half of every body, loses the connection, and sends the body again from its start. */
final class RetryingStore extends ForwardingObjectStore {
    private final List<Long> sizes = new CopyOnWriteArrayList<>();

    RetryingStore(ObjectStore below) {
        super(below);
    }

    /** The sizes of all bodies so far. */
    List<Long> sizes() {
        return List.copyOf(sizes);
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        readHalf(content);
        return super.put(key, content, metadata);
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
        MultipartUpload upload = super.startMultipartUpload(key, metadata);
        return new MultipartUpload() {
            @Override
            public void uploadPart(ContentSource content) {
                readHalf(content);
                upload.uploadPart(content);
            }

            @Override
            public void complete() {
                upload.complete();
            }

            @Override
            public void close() {
                upload.close();
            }
        };
    }

    private void readHalf(ContentSource content) {
        sizes.add(content.size());
        try (InputStream lost = content.open()) {
            lost.readNBytes((int) (content.size() / 2));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
