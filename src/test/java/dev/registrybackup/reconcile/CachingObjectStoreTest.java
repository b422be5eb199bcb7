package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is read from memory, and what is asked of the store. */
class CachingObjectStoreTest {
    private static final String BLOBS = "blobs/";
    private static final String KEY = "blobs/manifest";
    private static final byte[] DOCUMENT = "{\"schemaVersion\":2}".getBytes(StandardCharsets.UTF_8);

    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup");
    private final RecordingObjectStore below = new RecordingObjectStore(bucket);
    private final CachingObjectStore store = new CachingObjectStore(below, BLOBS);

    private void write(String key, byte[] content) {
        store.put(key, ContentSource.of(content), Map.of());
    }

    private byte[] read(String key) {
        try (OpenObject opened = store.open(key, Optional.empty(), Optional.empty())) {
            assertEquals(key, opened.info().key());
            byte[] bytes = opened.readAll(CachingObjectStore.MAX_TOTAL_BYTES);
            assertEquals(bytes.length, opened.info().size());
            return bytes;
        }
    }

    private long reads() {
        return below.keysOf(Operation.OPEN).size();
    }

    private static byte[] document(int size) {
        byte[] content = new byte[size];
        Arrays.fill(content, (byte) ' ');
        content[0] = '{';
        return content;
    }

    @Test
    void aDocumentThatWasWrittenIsReadFromMemoryHoweverOften() {
        // Given
        write(KEY, DOCUMENT);

        // When, Then
        assertArrayEquals(DOCUMENT, read(KEY));
        assertArrayEquals(DOCUMENT, read(KEY));
        assertEquals(0, reads());
    }

    @Test
    void layersAndWhatIsNoBlobAndWhatOthersWroteAreReadFromTheStore() {
        // Given
        write("blobs/layer", new byte[] {31, -117, 8});
        write("registry-backup/record", DOCUMENT);
        bucket.seed("blobs/other", DOCUMENT);

        // When
        read("blobs/layer");
        read("registry-backup/record");
        read("blobs/other");

        // Then
        assertEquals(3, reads());
    }

    @Test
    void whatIsReadByItsETagIsReadFromTheStore() {
        // Given
        write(KEY, DOCUMENT);
        String etag = bucket.head(KEY).orElseThrow().etag();

        // When
        try (OpenObject opened = store.open(KEY, Optional.empty(), Optional.of(etag))) {
            // Then
            assertEquals(etag, opened.info().etag());
            assertEquals(1, reads());
        }
    }

    @Test
    void whatWasDeletedIsGone() {
        // Given
        write(KEY, DOCUMENT);

        // When
        store.delete(KEY, Optional.empty());

        // Then
        ObjectStoreException gone = assertThrows(ObjectStoreException.class, () -> read(KEY));
        assertEquals(StoreError.NOT_FOUND, gone.error());
    }

    @Test
    void aWriteThatFailedLeavesNothingInMemory() {
        // Given
        write(KEY, DOCUMENT);
        byte[] other = document(100);
        below.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT) {
                bucket.seed(key, other);
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The answer was lost");
            }
        });

        // When
        assertThrows(ObjectStoreException.class, () -> write(KEY, other));

        // Then
        assertArrayEquals(other, read(KEY));
        assertEquals(1, reads());
    }

    @Test
    void onceTheMemoryIsFullTheRestIsReadFromTheStore() {
        // Given
        int size = 64 << 10;
        int fitting = CachingObjectStore.MAX_TOTAL_BYTES / size;
        for (int number = 0; number <= fitting; number++) {
            write("blobs/" + number, document(size));
        }

        // When
        for (int number = 0; number <= fitting; number++) {
            read("blobs/" + number);
        }
        store.delete("blobs/0", Optional.empty());
        write("blobs/last", document(size));
        read("blobs/last");

        // Then
        assertEquals(1, reads());
    }
}
