package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import software.amazon.awssdk.services.s3.S3Client;

/** A push writes what a registry writes, in its order. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RegistryPushIT {

    private final S3ProxyServer server = S3ProxyServer.inMemory(512);
    private final NotifyingProxy proxy = NotifyingProxy.inFrontOf(server.endpoint(), "images");
    private final S3Client client = proxy.endpoint().client();
    private final RegistryPush push = new RegistryPush(client, "images");

    @BeforeAll
    void bucket() {
        client.createBucket(request -> request.bucket("images"));
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

    private List<String> writes() {
        return proxy.requests().stream()
                .filter(request -> request.operation().createsObject())
                .filter(request -> !request.key().contains("_uploads"))
                .map(request -> request.operation() + " " + request.key())
                .toList();
    }
}
