package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in the area can be changed, and no others. */
class ScratchAreaTest {
    private static final ContentSource CONTENT = ContentSource.of(new byte[] {1});

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("elsewhere", true, clock);
    private final RecordingObjectStore recorded = new RecordingObjectStore(bucket);
    private final ScratchArea area = new ScratchArea(recorded, "registry-backup-drill/");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker/registry/v2/blobs/sha256/00/00/data",
                "registry-backup/drill/last",
                "registry-backup-drill",
                "registry-backup-drill/../docker/registry/v2/blobs/sha256/00/00/data",
                "",
            })
    void noKeyOutsideIsWrittenOrRemoved(String key) {
        // When
        List<Runnable> changes = List.of(
                () -> area.put(key, CONTENT, Map.of()),
                () -> area.putIfAbsent(key, CONTENT, Map.of()),
                () -> {
                    try (MultipartUpload upload = area.startMultipartUpload(key, Map.of())) {
                        upload.complete();
                    }
                },
                () -> area.abortMultipartUploads(key, clock.instant()),
                () -> area.delete(key, Optional.empty()),
                () -> area.delete(key, Optional.of("v1")));

        // Then
        changes.forEach(change -> assertThrows(IllegalArgumentException.class, change::run));
        assertEquals(List.<Request>of(), recorded.requests());
    }

    @Test
    void itIsClearedOfEveryVersionAndOfUploadsAndNothingElseIs() {
        // Given
        bucket.seed("registry-backup-drill/one/data", new byte[] {1});
        bucket.seed("registry-backup-drill/one/data", new byte[] {2});
        bucket.delete("registry-backup-drill/one/data", Optional.empty());
        bucket.seed("registry-backup-drill/other", new byte[] {3});
        bucket.seed("registry-backup-drills", new byte[] {4});
        bucket.seed("docker/registry/v2/blobs/sha256/00/00/data", new byte[] {5});
        try (MultipartUpload left = bucket.startMultipartUpload("registry-backup-drill/large", Map.of());
                MultipartUpload other = bucket.startMultipartUpload("docker/large", Map.of())) {
            left.uploadPart(CONTENT);
            other.uploadPart(CONTENT);
            clock.advance(Duration.ofSeconds(1));

            // When
            area.clear(clock.instant());

            // Then
            assertEquals(0, bucket.versionCount("registry-backup-drill/"));
            assertEquals(
                    List.of("docker/registry/v2/blobs/sha256/00/00/data", "registry-backup-drills"), bucket.keys(""));
            other.complete();
            assertThrows(RuntimeException.class, left::complete);
        }
    }
}
