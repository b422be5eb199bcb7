package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** The real registry reads what {@link RegistryPush} writes, refuses a push when told to, and knows a root. */
@RequiresRealStack
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DockerRegistryIT {

    private final CephRgw gateway = CephRgw.start();
    private final S3Client client = gateway.registryEndpoint().client();

    @BeforeAll
    void buckets() {
        client.createBucket(request -> request.bucket("images"));
        client.createBucket(request -> request.bucket("synthetic"));
    }

    @AfterAll
    void close() {
        client.close();
        gateway.close();
    }

    @Test
    void anImageWrittenWithoutARegistryIsServedByOne(@TempDir Path folder) {
        // Given
        TestImages images = new TestImages(12);
        TestImage image = images.image(300, 33 << 20);
        new RegistryPush(client, "synthetic").push(image, "team/app", "v1");

        try (DockerRegistry registry = DockerRegistry.readOnly(gateway.registryEndpoint(), "synthetic")) {
            // When
            Skopeo.pull(registry.uri(), "team/app:v1", folder.resolve("pulled"), "v1");

            // Then
            assertArrayEquals(image.manifest().bytes(), Skopeo.manifest(registry.uri(), "team/app:v1"));
            images.image(300).writeOciLayout(folder.resolve("refused"), "v1");
            assertThrows(
                    IllegalStateException.class,
                    () -> Skopeo.push(folder.resolve("refused"), "v1", registry.uri(), "team/app:v2"));
        }
    }

    @Test
    void aRegistryMayKeepItsImagesBelowARoot(@TempDir Path folder) {
        try (DockerRegistry registry = DockerRegistry.onBucket(gateway.registryEndpoint(), "images", "below/here")) {
            // Given
            new TestImages(13).image(300).writeOciLayout(folder, "v1");

            // When
            Skopeo.push(folder, "v1", registry.uri(), "team/rooted:v1");

            // Then
            assertTrue(client
                    .listObjectsV2(request -> request.bucket("images").prefix("below/here/docker/registry/v2/"))
                    .contents()
                    .stream()
                    .map(S3Object::key)
                    .anyMatch(key -> key.endsWith("repositories/team/rooted/_manifests/tags/v1/current/link")));
        }
    }
}
