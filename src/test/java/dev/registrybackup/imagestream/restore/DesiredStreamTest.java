package dev.registrybackup.imagestream.restore;

import static dev.registrybackup.imagestream.FakeCluster.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ImageStreamReader;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which images count as the registry's own in a restore and in a verification. */
class DesiredStreamTest {
    private static final RepositoryName APP = new RepositoryName("ns/app");
    private static final String ELSEWHERE = "quay.io/ns/app@sha256:";

    private final SettableClock clock = new SettableClock();
    private final FakeCluster cluster = new FakeCluster();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final Digest image = digest("image");
    private Path scratch;

    @BeforeEach
    void start(@TempDir Path directory) {
        scratch = directory;
    }

    @AfterEach
    void stop() {
        workerPools.close();
    }

    private DesiredStream desired() {
        CaptureReader captureReader = new CaptureReader(backup, scratch);
        return DesiredStream.of(captured(captureReader), captureReader);
    }

    private TaggedImages verified() {
        CaptureReader captureReader = new CaptureReader(backup, scratch);
        return Objects.requireNonNull(new ImageStreamReader(captureReader, workerPools)
                .read(List.of(captured(captureReader)), (subject, failure) -> {
                    throw failure;
                })
                .get(APP));
    }

    private CapturedStream captured(CaptureReader captureReader) {
        return captureReader.find(APP, clock.instant()).orElseThrow();
    }

    /** A restore goes by the reference, which spares reading the Image; a verification reads all Images anyway. */
    @ParameterizedTest
    @CsvSource({
        // the Image, pulled from the own registry, managed for a restore, managed for a verification
        "pushed, true, true, true",
        "pushed, false, true, true",
        "imported, true, true, false",
        "imported, false, false, false",
        "missing, true, true, true",
        "missing, false, false, false",
    })
    void anImageIsManagedByItsObjectOrItsReference(
            String object, boolean isOfOwnRegistry, boolean forRestore, boolean forVerification) {
        // Given
        switch (object) {
            case "pushed" -> cluster.push(image);
            case "imported" -> cluster.importImage(image);
            default -> {}
        }
        if (isOfOwnRegistry) {
            cluster.tag("ns/app", "v1", image, clock.instant());
        } else {
            cluster.tag("ns/app", "v1", image, clock.instant(), ELSEWHERE + image.hex());
        }

        // When
        cluster.capture(backup, workerPools, clock, scratch);

        // Then
        assertEquals(forRestore ? Set.of(image) : Set.of(), desired().managed());
        assertEquals(Optional.of(forVerification), verified().isManaged(image));
    }
}
