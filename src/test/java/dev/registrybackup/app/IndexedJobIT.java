package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.RunningCommand;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The pods of an Indexed Job as processes side by side on the embedded store, one of which is killed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IndexedJobIT {
    private static final int COMPLETIONS = 3;

    private TwoBuckets buckets;
    private Bucket backup;
    private Bucket elsewhere;

    @BeforeAll
    void start() {
        buckets = TwoBuckets.start(512);
        backup = buckets.backup();
        elsewhere = Bucket.create(buckets.store().endpoint(), "elsewhere");
        TestImages images = new TestImages(5);
        RegistryPush push = new RegistryPush(backup.client(), backup.name());
        for (int number = 0; number < 12; number++) {
            push.push(images.index(2, 300, 5_000), "team-%d/app".formatted(number), "v1");
        }
        backup.sizes("").keySet().stream()
                .filter(key -> key.contains("_uploads"))
                .forEach(backup::remove);
    }

    @AfterAll
    void stop() {
        elsewhere.close();
        buckets.close();
    }

    @Test
    void processesShareAVerificationAndItsResultIsThatOfOne() {
        // Given
        String damaged = backup.sizes("docker/registry/v2/blobs/").entrySet().stream()
                .filter(blob -> blob.getValue() == 5_000)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        byte[] good = backup.bytes(damaged);
        backup.put(damaged, new byte[5_000]);
        ProductCommand alone = ProductCommand.run(settings(), "verify", "--all", "--depth", "content", "--json");
        String id = "20261122T134500Z-00000001";
        record(id, "verify", "backup", "{\"depth\":\"content\"}");

        // When
        runIndexes(id);

        // Then
        ProductCommand divided = ProductCommand.run(settings(), "operation", "show", id, "--json");
        backup.put(damaged, good);
        assertEquals("succeeded", divided.json().path("state").asText(), divided::toString);
        assertEquals(
                1, divided.json().at("/summary/findings/BLOB_DIGEST_MISMATCH").asInt());
        assertEquals(summary(alone), summary(divided));
        assertEquals(alone.json().at("/findings/counts"), divided.json().at("/findings/counts"));
    }

    @Test
    void processesShareARestore() {
        // Given
        String id = "20261122T134500Z-00000002";
        record(id, "restore", "dr", "{\"scope\":{\"all\":true},\"target\":\"dr\"}");

        // When
        runIndexes(id);

        // Then
        ProductCommand shown = ProductCommand.run(settings(), "operation", "show", id, "--json");
        assertEquals("succeeded", shown.json().path("state").asText(), shown::toString);
        assertEquals(backup.contents("docker/"), elsewhere.contents("docker/"));
    }

    @Test
    @RequiresRealStack("rclone")
    void processesShareAReconciliation() {
        // Given
        TestImages images = new TestImages(6);
        RegistryPush push =
                new RegistryPush(buckets.registry().client(), buckets.registry().name());
        for (int number = 0; number < 12; number++) {
            push.push(images.index(2, 300, 5_000), "new-%d/app".formatted(number), "v1");
        }
        String id = "20261122T134500Z-00000003";
        record(id, "reconcile", "backup", "{}");

        // When
        runIndexes(id);

        // Then
        ProductCommand shown = ProductCommand.run(settings(), "operation", "show", id, "--json");
        assertEquals("succeeded", shown.json().path("state").asText(), shown::toString);
        SortedMap<String, String> pushed = buckets.registry().contents("docker/");
        pushed.keySet().removeIf(key -> key.contains("_uploads"));
        SortedMap<String, String> copied = backup.contents("docker/");
        copied.keySet().retainAll(pushed.keySet());
        assertEquals(pushed, copied);
        assertEquals("complete", shown.json().at("/summary/outcome").asText(), shown::toString);
    }

    /** As the service records it before it creates the Job, and the lock that all indexes then hold. */
    private void record(String id, String kind, String lock, String parameters) {
        backup.put(
                "registry-backup/locks/%s/%s".formatted(kind, lock),
                "{\"operation\":\"%s\",\"run\":\"\"}".formatted(id).getBytes(StandardCharsets.UTF_8));
        backup.put("registry-backup/operations/" + id + "/request", """
            {"id":"%s","kind":"%s","lock":"%s","parameters":%s,"requestedBy":"a test",\
            "requestedAt":"2026-11-22T13:45:00Z"}
            """.formatted(id, kind, lock, parameters)
                .getBytes(StandardCharsets.UTF_8));
    }

    /** All side by side; the first is killed and repeated, alone. */
    private void runIndexes(String id) {
        List<RunningCommand> running = IntStream.range(0, COMPLETIONS)
                .mapToObj(index -> startIndex(id, index))
                .toList();
        running.get(0).kill();
        try (RunningCommand repeated = startIndex(id, 0)) {
            ProductCommand ended = repeated.ended();
            assertEquals(0, ended.code(), ended::toString);
            running.stream().skip(1).map(RunningCommand::ended).forEach(other -> {
                assertEquals(0, other.code(), other::toString);
                assertTrue(other.output().contains(id), other::toString);
            });
        } finally {
            running.forEach(RunningCommand::close);
        }
    }

    private RunningCommand startIndex(String id, int index) {
        Map<String, String> settings = settings();
        settings.put("JOB_COMPLETIONS", Integer.toString(COMPLETIONS));
        settings.put("JOB_COMPLETION_INDEX", Integer.toString(index));
        return RunningCommand.start(settings, "operation", "run", id, "--json");
    }

    private static ObjectNode summary(ProductCommand command) {
        ObjectNode summary = (ObjectNode) command.json().path("summary");
        // What was pushed just now is read by each index that needs it.
        summary.remove(List.of("startedAt", "finishedAt", "bytes"));
        return summary.put("reports", summary.path("reports").size());
    }

    private Map<String, String> settings() {
        S3Endpoint endpoint = buckets.store().endpoint();
        Map<String, String> settings = buckets.settings();
        settings.put("SERVICE_ROLE", "restore");
        settings.put("RESTORE_TARGETS_DR_ENDPOINT", endpoint.uri().toString());
        settings.put("RESTORE_TARGETS_DR_BUCKET", "elsewhere");
        settings.put("RESTORE_TARGETS_DR_ACCESS_KEY", endpoint.accessKey());
        settings.put("RESTORE_TARGETS_DR_SECRET_KEY", endpoint.secretKey());
        return settings;
    }
}
