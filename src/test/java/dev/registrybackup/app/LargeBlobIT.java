package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3ProxyServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory does not grow with an object's size. */
class LargeBlobIT {
    private static final long TWO_GIBIBYTES = 2L << 30;
    /** The SHA-256 of 2 GiB of zeroes, computed with {@code head -c 2147483648 /dev/zero | sha256sum}. */
    private static final String ZEROES = "a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51";

    private static final String KEY = "docker/registry/v2/blobs/sha256/a7/" + ZEROES + "/data";

    @Test
    void aBlobOfTwoGibibytesIsReplicatedWithAHeapOf128Mebibytes(@TempDir Path folder) throws Exception {
        // Given
        sparseFile(folder.resolve("registry").resolve(KEY));
        Files.createDirectories(folder.resolve("registry-backup"));
        try (S3ProxyServer store = S3ProxyServer.onFiles(512, folder);
                NotifyingProxy front = NotifyingProxy.inFrontOf(store.endpoint(), Product.REGISTRY_BUCKET);
                Bucket backup = Bucket.of(store.endpoint(), Product.BACKUP_BUCKET);
                Product product = Product.start(Product.settings(front.endpoint(), front.endpoint()), "-Xmx128m")) {
            // When
            int status = Events.cloudEvent(product.uri(), "t")
                    .body(Events.notification(Product.REGISTRY_BUCKET, KEY))
                    .post("/notification")
                    .statusCode();

            // Then
            assertEquals(204, status, product.log());
            Awaitility.await()
                    .atMost(Duration.ofMinutes(5))
                    .untilAsserted(() -> assertTrue(product.log().contains("result=copied"), product.log()));
            assertEquals(TWO_GIBIBYTES, backup.sizes("docker/").get(KEY));
        }
    }

    private static void sparseFile(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(TWO_GIBIBYTES);
        }
    }
}
