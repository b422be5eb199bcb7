package dev.registrybackup.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.registry.VerifyingInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.http.AbortableInputStream;

class S3OpenObjectTest {
    private static final int SIZE = 1_000;

    private final AtomicBoolean cut = new AtomicBoolean();
    private final ByteArrayInputStream below = new ByteArrayInputStream(new byte[SIZE]);

    @Test
    void aReadThatIsLeftEarlyCutsItsConnectionAndFetchesNoMore() throws IOException {
        // Given
        S3OpenObject opened = opened();
        opened.stream().readNBytes(SIZE - 1);

        // When
        opened.close();

        // Then
        assertTrue(cut.get());
        assertEquals(1, below.available());
    }

    @Test
    void aReadToTheEndGivesItsConnectionBack() throws IOException {
        // Given
        S3OpenObject opened = opened();
        opened.stream().readAllBytes();

        // When
        opened.close();

        // Then
        assertFalse(cut.get());
    }

    @Test
    void singleBytesReadToTheEndGiveTheConnectionBack() throws IOException {
        // Given
        S3OpenObject opened = opened();
        while (opened.stream().read() >= 0) {
            assertFalse(cut.get());
        }

        // When
        opened.close();

        // Then
        assertFalse(cut.get());
    }

    /** As a copy reads: it knows the length, and does not ask what comes after the last byte. */
    @Test
    void aVerifiedReadToTheLastByteReleasesItsConnection() throws IOException {
        // Given
        S3OpenObject opened = opened();
        new VerifyingInputStream(opened.stream(), SIZE, Optional.empty(), true).readAllBytes();

        // When
        opened.close();

        // Then
        assertFalse(cut.get());
    }

    private S3OpenObject opened() {
        ObjectInfo info = new ObjectInfo("key", SIZE, "etag", Instant.EPOCH, Map.of(), Optional.empty());
        return new S3OpenObject(info, AbortableInputStream.create(below, () -> cut.set(true)), SIZE);
    }
}
