package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.replication.LastCanary;
import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The preflight as a command, with the replicate service running, on the embedded store. */
class PreflightIT {
    /** How that point of a preflight came out. */
    static String state(JsonNode answer, String point) {
        return answer.path("checks")
                .valueStream()
                .filter(each -> each.path("check").asText().equals(point))
                .findFirst()
                .orElseThrow(() -> new AssertionError(answer.toPrettyString()))
                .path("state")
                .asText();
    }

    @Test
    void aCanarysEventReachesReplicateAndNothingIsLeft() throws IOException {
        try (S3ProxyServer store = S3ProxyServer.inMemory(256);
                NotifyingProxy front = NotifyingProxy.inFrontOf(store.endpoint(), Product.REGISTRY_BUCKET);
                Bucket registry = Bucket.create(store.endpoint(), Product.REGISTRY_BUCKET);
                Bucket backup =
                        Bucket.create(store.endpoint(), Product.BACKUP_BUCKET).versioned();
                Product replicate = Product.start(Product.settings(store.endpoint(), store.endpoint()), "-Xmx128m")) {
            // Given
            front.notifyTo(replicate.notificationUri());

            // When
            ProductCommand scheduled =
                    ProductCommand.run(Product.settings(front.endpoint(), store.endpoint()), "canary", "--json");

            // Then
            assertEquals(0, scheduled.code(), scheduled::toString);
            assertEquals("pass", state(scheduled.json(), "canary"), replicate::log);
            JsonNode last = new ObjectMapper().readTree(backup.bytes(LastCanary.KEY));
            assertEquals(0, last.path("lost").asInt(-1), last::toPrettyString);
            assertTrue(
                    Instant.parse(last.path("lastArrivalAt").asText())
                            .isAfter(Instant.parse(last.path("lastSentAt").asText())),
                    last::toPrettyString);

            // When
            ProductCommand command = ProductCommand.run(
                    Product.settings(front.endpoint(), store.endpoint()), "preflight", "--canary", "--json");

            // Then: S3Proxy answers 501 to what it does not know, which is noted
            JsonNode answer = command.json();
            assertEquals("pass", state(answer, "canary"), replicate::log);
            assertEquals("pass", state(answer, "backup write"), answer::toPrettyString);
            assertEquals("pass", state(answer, "backup versioning"), answer::toPrettyString);
            assertEquals("warn", state(answer, "backup lifecycle"), answer::toPrettyString);
            assertEquals("warn", state(answer, "registry notification"), answer::toPrettyString);
            assertEquals(state(answer, "rclone").equals("pass") ? 0 : 1, command.code(), command::toString);
            assertTrue(
                    registry.sizes("registry-backup").isEmpty(),
                    () -> registry.sizes("").toString());
            assertTrue(
                    backup.sizes("registry-backup/canary/").isEmpty()
                            && backup.sizes("registry-backup/preflight/").isEmpty(),
                    () -> backup.sizes("").toString());
        }
    }
}
