package dev.registrybackup.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ImageStreamCapture;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RepositoryName;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The documents of repositories whose tags are in ImageStreams. */
class ImageStreamCatalogTest {
    private static final String DEV = "dev/app";
    private static final String PROD = "prod/app";
    private static final Instant EARLIER = SettableClock.START.minus(Duration.ofDays(2));
    private static final Instant LATER = SettableClock.START.minus(Duration.ofDays(1));

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final RandomRegistry registry = new RandomRegistry(12);
    private final Digest layer = registry.layer(DEV, 1000);
    private final Digest old = registry.image(DEV, layer);
    private final Digest image = registry.image(DEV, registry.layer(DEV, 100));
    private final FakeCluster cluster = new FakeCluster();

    @TempDir
    private Path scratch = Path.of("");

    @AfterEach
    void close() {
        workerPools.close();
    }

    private void copyAndCapture() {
        registry.writeTo(backup::seed);
        cluster.push(old);
        cluster.push(image);
        cluster.capture(backup, workerPools, clock, scratch);
    }

    private Optional<ObjectNode> liveDocument(String repository) {
        return new Catalog(
                        new RegistryStore(backup, registry.layout()),
                        workerPools,
                        clock,
                        Optional.of(new CaptureReader(backup, scratch)))
                .liveDocument(new RepositoryName(repository));
    }

    @Test
    void tagsAndTheirHistoryAreTheImageStreams() throws IOException {
        // Given
        registry.tag(DEV, "of-a-link", old);
        cluster.tag(DEV, "v1", old, EARLIER);
        cluster.tag(DEV, "v1", image, LATER);
        copyAndCapture();
        backup.delete(registry.blobKey(layer), Optional.empty());
        clock.advance(Duration.ofHours(1));

        // When
        ObjectNode document = liveDocument(DEV).orElseThrow();

        // Then
        assertEquals(
                List.of("repository", "at", "counts", "imageStream", "images", "tags"),
                StreamSupport.stream(((Iterable<String>) document::fieldNames).spliterator(), false)
                        .toList());
        assertEquals(
                "{\"at\":\"%s\"}".formatted(SettableClock.START),
                document.path("imageStream").toString());
        assertEquals(new ObjectMapper().readTree("""
            [{"tag":"v1","digest":"%1$s","time":"%2$s","restorable":true,"history":[
              {"digest":"%1$s","time":"%2$s","restorable":true},
              {"digest":"%3$s","time":"%4$s","restorable":false}]}]
            """.formatted(image, LATER, old, EARLIER)), document.path("tags"));
        assertEquals("[\"v1\"]", CatalogTest.image(document, image).path("tags").toString());
        assertEquals("[]", CatalogTest.image(document, old).path("tags").toString());
    }

    @Test
    void aRepositoryThatIsAnImageStreamOnlyHasADocument() {
        // Given
        Digest index = registry.index(DEV, image);
        cluster.push(index, image);
        cluster.tag(PROD, "v1", index, LATER);
        copyAndCapture();

        // When
        ObjectNode document = liveDocument(PROD).orElseThrow();

        // Then
        assertEquals(2, document.path("counts").path("images").asInt());
        assertEquals(1, document.path("counts").path("tags").asInt());
        assertEquals(2, document.path("counts").path("restorable").asInt());
        assertFalse(CatalogTest.image(document, index).has("pushed"));
        assertEquals("true", CatalogTest.image(document, index).path("managed").toString());
        assertEquals(
                "true", CatalogTest.image(document, image).path("restorable").toString());
    }

    @Test
    void changesSinceTheSnapshotAreReported() {
        // Given
        copyAndCapture();
        clock.advance(Duration.ofHours(1));
        cluster.tag(PROD, "v1", image, LATER);
        new ImageStreamCapture(cluster, backup, clock, () -> "00000000").capture(new RepositoryName(PROD));

        // When
        ObjectNode document = liveDocument(PROD).orElseThrow();

        // Then
        assertEquals(
                clock.instant().toString(),
                document.path("imageStream").path("at").asText());
    }
}
