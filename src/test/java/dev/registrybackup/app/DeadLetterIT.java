package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.TwoBuckets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The shipped jar in the dead-letter role: it records what a broker could not deliver, and does nothing else. */
class DeadLetterIT {
    private static final String KEY = "docker/registry/v2/blobs/sha256/aa/" + "a".repeat(64) + "/data";

    private static TwoBuckets buckets;
    private static Bucket backup;
    private static Product product;

    @BeforeAll
    static void start() {
        buckets = TwoBuckets.start(256);
        backup = buckets.backup();
        Map<String, String> settings = buckets.settings();
        settings.put("SERVICE_ROLE", "dead-letter");
        // It reads nothing of the registry, and so gets no credentials for it.
        settings.remove("REGISTRY_ACCESS_KEY");
        settings.remove("REGISTRY_SECRET_KEY");
        product = Product.start(settings);
    }

    @AfterAll
    static void stop() {
        product.close();
        buckets.close();
    }

    @AfterEach
    void heal() {
        buckets.front().heal();
    }

    private static int post(String type, String errorCode, String key) {
        return Events.cloudEvent(product.uri(), type)
                .header("ce-knativeerrorcode", errorCode)
                .body(Events.notification(Product.REGISTRY_BUCKET, key))
                .post("/")
                .statusCode();
    }

    @Test
    void undeliveredEventsBecomePendingAndNothingIsCopied() {
        // Given
        buckets.registry().put(KEY, new byte[] {1});

        // When
        int status = post("replicate", "503", KEY);

        // Then
        assertEquals(204, status, product.log());
        assertTrue(backup.hasText("registry-backup/pending/", KEY));
        assertEquals(Map.of(), backup.sizes("docker/"));
        assertFalse(
                backup.sizes("registry-backup/pending/").keySet().stream().anyMatch(key -> key.endsWith("/heartbeat")));
    }

    @Test
    void permanentlyRefusedEventsAreRecordedAsRejected() {
        // When
        int status = post("com.amazonaws.ObjectCreated:Put", "422", KEY.replace('a', 'b'));

        // Then
        assertEquals(204, status, product.log());
        assertTrue(backup.hasText("registry-backup/rejected/", KEY.replace('a', 'b')));
    }

    @Test
    void anEventThatCannotBeRecordedIsHandedBack() {
        // Given
        buckets.front().inject(request -> request.bucket().equals(Product.BACKUP_BUCKET), Fault.internalError());

        // When
        int status = post("t", "503", KEY.replace('a', 'c'));

        // Then
        assertEquals(503, status, product.log());
    }

    @Test
    void noEventDoesAnythingElsewhere() {
        // When
        Map<String, Integer> unrefused = new EveryEvent(product.uri(), Optional.empty()).unrefused(List.of("/"));

        // Then
        assertEquals(Map.of(), unrefused);
    }
}
