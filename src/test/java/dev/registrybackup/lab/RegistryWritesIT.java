package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;

/** {@link RegistryPush} writes what the real registry writes. */
@RequiresRealStack
class RegistryWritesIT {

    @Test
    void theRealRegistryWritesTheSame(@TempDir Path folder) {
        try (S3ProxyServer server = S3ProxyServer.inMemory(512);
                NotifyingProxy proxy = NotifyingProxy.inFrontOf(server.endpoint(), "images");
                S3Client client = proxy.endpoint().client()) {
            // Given
            TestImage image = new TestImages(21).image(33 << 20);
            image.writeOciLayout(folder, "v1");
            client.createBucket(request -> request.bucket("images"));
            client.createBucket(request -> request.bucket("synthetic"));
            new RegistryPush(client, "synthetic").push(image, "team/app", "v1");

            // When
            try (DockerRegistry registry = DockerRegistry.onBucket(proxy.endpoint(), "images")) {
                Skopeo.push(folder, "v1", registry.uri(), "team/app:v1");
            }

            // Then
            assertEquals(writes(proxy, "synthetic"), writes(proxy, "images"));
        }
    }

    /** All but the parts and hash states of an upload, whose number depends on how the client cuts its body. */
    private static List<String> writes(NotifyingProxy proxy, String bucket) {
        return proxy.requests().stream()
                .filter(request ->
                        request.bucket().equals(bucket) && request.operation().isWrite())
                .filter(request -> request.operation() != Operation.UPLOAD_PART)
                .filter(request -> !request.key().contains("/hashstates/"))
                .map(request -> request.operation() + " " + request.key().replaceAll("_uploads/[^/]+", "_uploads/id"))
                .toList();
    }
}
