package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.TwoBuckets;
import dev.registrybackup.replication.LastCanary;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The preflight as a command, with the replicate service running, on the embedded store. */
class PreflightIT {
    /** The state of a check. */
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
        try (TwoBuckets buckets = TwoBuckets.start(256);
                Product replicate = Product.start(buckets.settings(), "-Xmx128m")) {
            // Given
            buckets.front().notifyTo(replicate.notificationUri());

            // When
            ProductCommand scheduled = ProductCommand.run(buckets.settings(), "canary", "--json");

            // Then
            assertEquals(0, scheduled.code(), scheduled::toString);
            assertEquals("pass", state(scheduled.json(), "canary"), replicate::log);
            JsonNode last = new ObjectMapper().readTree(buckets.backup().bytes(LastCanary.KEY));
            assertEquals(0, last.path("lost").asInt(-1), last::toPrettyString);
            assertTrue(
                    Instant.parse(last.path("lastArrivalAt").asText())
                            .isAfter(Instant.parse(last.path("lastSentAt").asText())),
                    last::toPrettyString);

            // When
            ProductCommand command = ProductCommand.run(buckets.settings(), "preflight", "--canary", "--json");

            // Then: S3Proxy answers 501 to what it does not know, which is noted
            JsonNode answer = command.json();
            assertEquals("pass", state(answer, "canary"), replicate::log);
            assertEquals("pass", state(answer, "backup write"), answer::toPrettyString);
            assertEquals("pass", state(answer, "backup versioning"), answer::toPrettyString);
            assertEquals("warn", state(answer, "backup lifecycle"), answer::toPrettyString);
            assertEquals("warn", state(answer, "registry notification"), answer::toPrettyString);
            assertEquals(state(answer, "rclone").equals("pass") ? 0 : 1, command.code(), command::toString);
            assertEquals(Map.of(), buckets.registry().sizes("registry-backup"));
            assertEquals(Map.of(), buckets.backup().sizes("registry-backup/canary/"));
            assertEquals(Map.of(), buckets.backup().sizes("registry-backup/preflight/"));
        }
    }
}
