package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** A gateway of our own that tells of what is put into it. */
@RequiresRealStack
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CephRgwIT {

    private static final Duration BOUND = Duration.ofMinutes(1);

    private final CephRgw gateway = CephRgw.start();
    private final S3Client client = gateway.registryEndpoint().client();

    @BeforeAll
    void bucket() {
        client.createBucket(request -> request.bucket("images"));
    }

    @AfterAll
    void close() {
        client.close();
        gateway.close();
    }

    @Test
    void whatMakesAnObjectIsToldOf() {
        try (NotificationReceiver receiver = new NotificationReceiver()) {
            // Given
            gateway.createTopicAndNotification("images", receiver.uri());

            // When
            client.putObject(request -> request.bucket("images").key("a/put"), RequestBody.fromString("content"));
            client.copyObject(request -> request.sourceBucket("images")
                    .sourceKey("a/put")
                    .destinationBucket("images")
                    .destinationKey("a/copy"));
            Multipart.putInOnePart(client, "images", "a/parts", new byte[] {7});

            // Then
            Set<String> expected = Set.of(
                    "ObjectCreated:Put images a/put",
                    "ObjectCreated:Copy images a/copy",
                    "ObjectCreated:CompleteMultipartUpload images a/parts");
            Awaitility.await().atMost(BOUND).untilAsserted(() -> assertEquals(expected, Set.copyOf(receiver.events())));
        }
    }

    @Test
    void theRegistrysBucketIsClosedToTheBackupsUser() {
        try (S3Client backup = gateway.backupEndpoint().client()) {
            // When
            S3Exception refusal =
                    assertThrows(S3Exception.class, () -> backup.listObjectsV2(request -> request.bucket("images")));

            // Then
            assertEquals(403, refusal.statusCode());
        }
    }
}
