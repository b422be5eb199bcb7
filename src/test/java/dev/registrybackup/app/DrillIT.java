package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RunningCommand;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.restore.Drill;
import dev.registrybackup.restore.LastDrill;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Restore drills, of the service and as a command, on the embedded store. */
class DrillIT {
    private static final Duration BOUND = Duration.ofMinutes(1);

    private S3ProxyServer store;
    private NotifyingProxy front;
    private Bucket registry;
    private Bucket backup;
    private Bucket drill;

    @BeforeEach
    void start() {
        store = S3ProxyServer.inMemory(512);
        front = NotifyingProxy.inFrontOf(store.endpoint(), "none");
        registry = Bucket.create(store.endpoint(), Product.REGISTRY_BUCKET);
        // Without versions: a corrupt blob is not restored from an older one.
        backup = Bucket.create(store.endpoint(), Product.BACKUP_BUCKET);
        drill = Bucket.create(store.endpoint(), "drill");
        drill.put("docker/registry/v2/somebody/elses", new byte[] {1});
        TestImages images = new TestImages(7);
        RegistryPush push = new RegistryPush(backup.client(), backup.name());
        push.push(images.index(2, 300, 2_000_000), "demo/app", "v1");
        push.push(images.image(5_000), "demo/other", "v1");
        backup.sizes("").keySet().stream()
                .filter(key -> key.contains("_uploads"))
                .forEach(backup::remove);
    }

    @AfterEach
    void stop() {
        List.of(registry, backup, drill).forEach(Bucket::close);
        front.close();
        store.close();
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(Product.settings(front.endpoint(), front.endpoint()));
        settings.put("RESTORE_TARGETS_DRILL_ENDPOINT", front.endpoint().uri().toString());
        settings.put("RESTORE_TARGETS_DRILL_BUCKET", drill.name());
        settings.put("RESTORE_TARGETS_DRILL_ACCESS_KEY", front.endpoint().accessKey());
        settings.put("RESTORE_TARGETS_DRILL_SECRET_KEY", front.endpoint().secretKey());
        return settings;
    }

    private JsonNode last() throws IOException {
        return new ObjectMapper().readTree(backup.bytes(LastDrill.KEY));
    }

    private void assertNothingIsLeft() {
        assertEquals(
                Set.of("docker/registry/v2/somebody/elses"), drill.sizes("").keySet());
        assertEquals(Set.of(), registry.sizes("").keySet());
        assertEquals(
                Set.of(),
                backup.sizes("").keySet().stream()
                        .filter(key -> !key.startsWith("docker/registry/v2/") && !key.startsWith("registry-backup/"))
                        .collect(Collectors.toSet()));
    }

    private String largestBlob() {
        return backup.sizes("docker/registry/v2/blobs/").entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
    }

    @Test
    void theServiceRestoresReadsBackRemovesAndEstimatesTheTimeForEverything() throws IOException {
        // Given
        Map<String, String> settings = settings();
        settings.put("SERVICE_ROLE", "operations");
        try (Product service = Product.start(settings, "-Xmx128m")) {
            OperationsClient client = new OperationsClient(service.uri());

            // When
            JsonNode operation = client.done("/drill", "{'images':10}");

            // Then: an index, its two images, and another one
            assertEquals("succeeded", operation.path("state").asText(), operation::toPrettyString);
            assertEquals("drill", operation.path("lock").asText());
            assertEquals(4, operation.at("/summary/images").asInt(), operation::toPrettyString);
            assertEquals(0, operation.at("/summary/failed").asInt(-1), operation::toPrettyString);
            assertEquals("{}", operation.at("/findings/counts").toString(), operation::toPrettyString);
            long blobs = backup.sizes("docker/registry/v2/blobs/").values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            assertEquals(blobs, operation.at("/summary/backup/bytes").asLong(), operation::toPrettyString);
            assertTrue(operation.at("/summary/bytes").asLong() >= blobs, operation::toPrettyString);
            assertTrue(last().path("bytesPerSecond").asDouble() > 0, () -> operation.toPrettyString());
            assertTrue(last().path("expectedRestoreSeconds").asDouble() > 0, () -> operation.toPrettyString());
            assertEquals(last().path("finishedAt"), last().path("lastSuccessAt"));
            assertNothingIsLeft();
            assertEquals(400, client.post("/drill", "{'target':'registry'}").status());
        }
    }

    @Test
    void aCorruptBlobOfTheBackupIsAFailure() throws IOException {
        // Given
        String blob = largestBlob();
        byte[] good = backup.bytes(blob);
        byte[] bad = good.clone();
        bad[1_000_000] ^= 1;
        backup.put(blob, bad);

        // When
        ProductCommand corrupt = ProductCommand.run(settings(), "drill", "--images", "10", "--json");
        int failedByCorrupt = last().path("failed").asInt();
        backup.put(blob, good);
        ProductCommand mended = ProductCommand.run(settings(), "drill", "--images", "10", "--json");

        // Then: the image that has it, and the index
        assertEquals(1, corrupt.code(), corrupt::toString);
        assertTrue(corrupt.json().at("/findings/counts").has("BLOB_DIGEST_MISMATCH"), corrupt::toString);
        assertEquals(2, failedByCorrupt, corrupt::toString);
        assertEquals(0, mended.code(), mended::toString);
        assertEquals(0, last().path("failed").asInt(-1));
        assertNothingIsLeft();
    }

    @Test
    void whatAKilledDrillLeftIsRemovedWhenItRunsAgain() {
        // Given: it is killed while it writes its first link
        front.inject(
                request -> request.bucket().equals(drill.name())
                        && request.operation().isWrite()
                        && request.key().endsWith("/link"),
                Fault.hang());
        try (RunningCommand running = RunningCommand.start(settings(), "drill", "--images", "10")) {
            Awaitility.await()
                    .atMost(BOUND)
                    .until(() -> front.requests().stream()
                            .anyMatch(sent -> sent.request().bucket().equals(drill.name())
                                    && sent.request().operation().isWrite()
                                    && sent.request().key().endsWith("/link")));
            running.kill();
        }
        front.heal();
        boolean isLeft = !drill.sizes(Drill.PREFIX).isEmpty();
        String id = ProductCommand.run(settings(), "operation", "list", "--json")
                .json()
                .at("/operations/0/id")
                .asText();

        // When: as a Job does
        ProductCommand again = ProductCommand.run(settings(), "operation", "run", id, "--json");

        // Then
        assertTrue(isLeft);
        assertEquals("succeeded", again.json().path("state").asText(), again::toString);
        assertNothingIsLeft();
    }

    @Test
    void withoutATargetItGoesIntoTheScratchDirectory(@TempDir Path scratch) throws IOException {
        // Given
        Map<String, String> settings = new HashMap<>(Product.settings(front.endpoint(), front.endpoint()));
        settings.put("RECONCILE_SCRATCH", scratch.toString());

        // When
        ProductCommand command = ProductCommand.run(settings, "drill", "--images", "10");

        // Then
        assertEquals(0, command.code(), command::toString);
        assertTrue(command.output().contains("4 images, 0 failed"), command::toString);
        try (Stream<Path> files = Files.walk(scratch)) {
            assertFalse(files.anyMatch(Files::isRegularFile));
        }
        assertTrue(
                front.requests().stream()
                        .noneMatch(sent -> sent.request().bucket().equals(registry.name())),
                () -> front.requests().toString());
    }
}
