package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What is restored from the backup alone proves nothing where the backup's user can read the registry's bucket. */
@RequiresRealStack
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CephRgwIT {

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
