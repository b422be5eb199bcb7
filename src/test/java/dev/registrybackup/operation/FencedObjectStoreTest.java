package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class FencedObjectStoreTest {
    private final AtomicBoolean isPermitted = new AtomicBoolean(true);
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("bucket");
    private final FencedObjectStore store = new FencedObjectStore(bucket, this::checkFence);

    private void checkFence() {
        if (!isPermitted.get()) {
            throw new FencedException("stopped");
        }
    }

    private void upload() {
        try (MultipartUpload upload = store.startMultipartUpload("new", Map.of())) {
            upload.complete();
        }
    }

    @Test
    void nothingIsWrittenOrRemovedOnceItIsFenced() {
        // Given
        ContentSource content = ContentSource.of(new byte[] {1});
        bucket.seed("there", new byte[] {2});
        List<Executable> writes = List.of(
                () -> store.put("new", content, Map.of()),
                () -> store.putIfAbsent("new", content, Map.of()),
                this::upload,
                () -> store.abortMultipartUploads("", Instant.MAX),
                () -> store.delete("there", Optional.empty()));
        isPermitted.set(false);

        // When
        writes.forEach(write -> assertThrows(FencedException.class, write));

        // Then
        assertEquals(List.of("there"), bucket.keys(""));
    }

    @Test
    void anUploadThatWasBegunIsNotCompleted() {
        // Given
        ContentSource content = ContentSource.of(new byte[] {1});
        try (MultipartUpload upload = store.startMultipartUpload("new", Map.of())) {
            upload.uploadPart(content);
            isPermitted.set(false);

            // When
            assertThrows(FencedException.class, () -> upload.uploadPart(content));
            assertThrows(FencedException.class, upload::complete);
        }

        // Then
        assertEquals(List.of(), bucket.keys(""));
    }
}
