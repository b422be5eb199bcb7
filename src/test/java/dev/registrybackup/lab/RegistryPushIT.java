package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A push writes what a registry writes, in its order. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RegistryPushIT {

    private static final long LARGE = (40 << 20) + 1;

    private final S3ProxyServer server = S3ProxyServer.inMemory(512);
    private final NotifyingProxy proxy = NotifyingProxy.inFrontOf(server.endpoint(), "images");
    private final S3Client client = proxy.endpoint().client();
    private final RegistryPush push = new RegistryPush(client, "images");

    @BeforeAll
    void bucket() {
        client.createBucket(request -> request.bucket("images"));
    }

    @BeforeEach
    void forget() {
        proxy.reset();
    }

    @AfterAll
    void close() {
        client.close();
        proxy.close();
        server.close();
    }

    @Test
    void anImageIsWrittenBlobsFirstTagLast() {
        // Given
        TestImage image = new TestImages(1).image(300);

        // When
        push.push(image, "team/app", "v1");

        // Then
        String layer = image.blobs().get(0).hex();
        String config = image.blobs().get(1).hex();
        String manifest = image.manifest().hex();
        assertEquals(
                List.of(
                        "COPY_OBJECT " + push.blobKey(image.blobs().get(0)),
                        "PUT_OBJECT docker/registry/v2/repositories/team/app/_layers/sha256/" + layer + "/link",
                        "COPY_OBJECT " + push.blobKey(image.blobs().get(1)),
                        "PUT_OBJECT docker/registry/v2/repositories/team/app/_layers/sha256/" + config + "/link",
                        "PUT_OBJECT " + push.blobKey(image.manifest()),
                        "PUT_OBJECT docker/registry/v2/repositories/team/app/_manifests/revisions/sha256/" + manifest
                                + "/link",
                        "PUT_OBJECT docker/registry/v2/repositories/team/app/_manifests/tags/v1/index/sha256/"
                                + manifest + "/link",
                        "PUT_OBJECT docker/registry/v2/repositories/team/app/_manifests/tags/v1/current/link"),
                writes());
    }

    @Test
    void aLargeBlobIsCopiedInPartsAndNoUploadStays() {
        // Given
        TestImage image = new TestImages(2).index(2, LARGE);

        // When
        push.push(image, "team/large", "v1");

        // Then
        Blob layer = image.children().get(0).blobs().get(0);
        byte[] stored = client.getObjectAsBytes(
                        request -> request.bucket("images").key(push.blobKey(layer)))
                .asByteArray();
        assertEquals(layer.digest(), Blob.of(stored).digest());
        assertEquals(
                List.of(),
                client.listObjectsV2(request -> request.bucket("images")).contents().stream()
                        .map(S3Object::key)
                        .filter(key -> key.contains("_uploads"))
                        .toList());
    }

    @Test
    void whatIsThereIsOnlyLinked() {
        // Given
        TestImage image = new TestImages(3).image(300);
        push.push(image, "team/first");
        proxy.reset();

        // When
        push.push(image, "team/second");

        // Then
        assertEquals(
                List.of(),
                writes().stream().filter(write -> write.contains("/blobs/")).toList());
    }

    @Test
    void notificationsOfAPushArriveInSomeOrder() {
        try (NotificationReceiver receiver = new NotificationReceiver()) {
            // Given
            push.push(new TestImages(4).image(LARGE, 400), "team/told", "v1");

            // When
            proxy.notifyTo(receiver.uri());
            proxy.awaitDelivered(Duration.ofSeconds(30));

            // Then
            assertEquals(
                    1,
                    receiver.events().stream()
                            .filter(event -> event.startsWith(
                                    "ObjectCreated:CompleteMultipartUpload images " + "docker/registry/v2/blobs/"))
                            .filter(event -> event.endsWith(
                                    new TestImages(4).layer(LARGE).hex() + "/data"))
                            .count());
        }
    }

    private List<String> writes() {
        return proxy.requests().stream()
                .filter(request -> request.operation().createsObject())
                .filter(request -> !request.key().contains("_uploads"))
                .map(request -> request.operation() + " " + request.key())
                .toList();
    }
}
