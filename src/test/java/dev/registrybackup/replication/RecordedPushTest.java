package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.registrybackup.replication.EventResult.Disposition;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Ceph RGW 16.2.15 announced while docker-registry 2.8.2 took a push, recorded by {@code lab.RecordPush}, replayed
 * doubled and in any order.
 */
class RecordedPushTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void theBackupIsWhatTheRegistryHasInWhateverOrderAndHoweverOften(long seed) throws IOException {
        // Given
        HandlerFixture handlerFixture = new HandlerFixture();
        List<String> objects = lines("objects.txt");
        for (String object : objects) {
            int space = object.indexOf(' ');
            handlerFixture.registryBucket.seed(
                    object.substring(0, space), Base64.getDecoder().decode(object.substring(space + 1)));
        }
        List<String> notifications = new ArrayList<>(lines("notifications.ndjson"));
        notifications.addAll(lines("notifications.ndjson"));
        Collections.shuffle(notifications, new Random(seed));

        NotificationHandler notificationHandler = handlerFixture.notificationHandler(2_048);

        // When
        List<CompletableFuture<EventResult>> replies = notifications.stream()
                .map(body -> body.replace("\"name\":\"registry\"", "\"name\":\"" + HandlerFixture.BUCKET + "\""))
                .map(body -> notificationHandler.handle(body.getBytes(StandardCharsets.UTF_8), TIMEOUT))
                .toList();

        // Then
        replies.forEach(reply -> assertEquals(Disposition.ACK, reply.join().disposition()));
        List<String> keys = handlerFixture.registryBucket.keys("docker/");
        assertEquals(keys, handlerFixture.backupBucket.keys("docker/"));
        keys.forEach(key -> assertArrayEquals(
                handlerFixture.registryBucket.bytes(key), handlerFixture.backupBucket.bytes(key), key));
        handlerFixture.close();
    }

    private static List<String> lines(String name) throws IOException {
        try (InputStream resource = RecordedPushTest.class.getResourceAsStream("/recorded/" + name)) {
            assertNotNull(resource, name);
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }
}
