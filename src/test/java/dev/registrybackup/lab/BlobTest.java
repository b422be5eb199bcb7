package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A layer has the same bytes however it is read. */
class BlobTest {

    private static final long SIZE = (1 << 18) + 1;

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1 << 16, 1 << 17, 1 << 20})
    void readingInPiecesChangesNothing(int piece) throws IOException {
        // Given
        Blob layer = Blob.layer(3, SIZE);
        ByteArrayOutputStream read = new ByteArrayOutputStream();

        // When
        try (InputStream content = layer.open()) {
            for (byte[] next = content.readNBytes(piece); next.length > 0; next = content.readNBytes(piece)) {
                read.write(next);
            }
        }

        // Then
        assertEquals(layer.digest(), Blob.of(read.toByteArray()).digest());
    }

    @Test
    void aLayerHasItsSizeAndLooksLikeAGzip() {
        // When
        byte[] bytes = Blob.layer(3, SIZE).bytes();

        // Then
        assertEquals(SIZE, bytes.length);
        assertArrayEquals(new byte[] {0x1f, (byte) 0x8b}, new byte[] {bytes[0], bytes[1]});
    }

    @Test
    void theSameSeedGivesTheSameImages() {
        // When
        List<String> digests = new ArrayList<>();
        for (int time = 0; time < 2; time++) {
            digests.add(new TestImages(9).index(3, 300, 20).digest());
        }

        // Then
        assertEquals(digests.get(0), digests.get(1));
    }

    @Test
    void anIndexComesAfterItsImagesAndTheyAfterTheirLayers() {
        // Given
        TestImage index = new TestImages(9).index(2, 300);

        // When
        List<Blob> closure = index.closure();

        // Then
        TestImage first = index.children().get(0);
        assertEquals(List.of(first.blobs().get(0), first.blobs().get(1), first.manifest()), closure.subList(0, 3));
        assertEquals(index.manifest(), closure.get(closure.size() - 1));
        assertEquals(7, closure.size());
    }
}
