package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.lab.StsServer;
import dev.registrybackup.lab.TestImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A role of the pod's service account instead of access keys: no key is in any setting. */
@RequiresRealStack
class WebIdentityIT {
    private static final String ROLE = "arn:aws:iam::111122223333:role/registry-backup";

    private final Path folder;

    private S3ProxyServer store;
    private Bucket registry;
    private Bucket backup;

    WebIdentityIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeEach
    void start() {
        store = S3ProxyServer.inMemoryForSessions(256);
        registry = Bucket.create(store.endpoint(), Product.REGISTRY_BUCKET);
        backup = Bucket.create(store.endpoint(), Product.BACKUP_BUCKET).versioned();
    }

    @AfterEach
    void stop() {
        registry.close();
        backup.close();
        store.close();
    }

    /** As AWS's webhook puts it into a pod, with the address of the stand-in. */
    private Map<String, String> settings(StsServer sts, String token) throws IOException {
        Path file = Files.writeString(folder.resolve("token"), token);
        Map<String, String> settings = new HashMap<>(Product.settings(store.endpoint(), store.endpoint()));
        settings.keySet().removeIf(name -> name.endsWith("_KEY"));
        settings.put("AWS_ROLE_ARN", ROLE);
        settings.put("AWS_WEB_IDENTITY_TOKEN_FILE", file.toString());
        // Without a region the SDK asks AWS itself, whatever else is set.
        settings.put("AWS_REGION", "us-east-1");
        settings.put("AWS_ENDPOINT_URL_STS", sts.uri().toString());
        return settings;
    }

    @Test
    void aReconciliationWithRcloneNeedsNoKeyButTheRoleOfItsServiceAccount() throws Exception {
        // Given
        new RegistryPush(registry.client(), registry.name()).push(new TestImages(5).image(300), "demo/app", "v1");

        try (StsServer sts = new StsServer(store.endpoint(), "the-token", Duration.ofHours(1))) {
            // When
            ProductCommand filled = ProductCommand.run(settings(sts, "the-token"), "reconcile", "--json");

            // Then
            assertEquals(0, filled.code(), filled::toString);
            assertEquals(registry.contents("docker/"), backup.contents("docker/"));
            // One for each store, and one for all runs of rclone.
            assertEquals(3, sts.requests().size(), () -> sts.requests().toString());
            assertTrue(
                    sts.requests().stream().allMatch(request -> ROLE.equals(request.get("RoleArn"))),
                    () -> sts.requests().toString());
        }
    }

    @Test
    void credentialsThatAreAboutToExpireAreReplacedBeforeTheyDo() throws Exception {
        // Given: the SDK takes what ends within a minute for stale
        new RegistryPush(registry.client(), registry.name()).push(new TestImages(6).image(300), "demo/app", "v1");

        try (StsServer sts = new StsServer(store.endpoint(), "the-token", Duration.ofSeconds(30));
                Product product = Product.start(settings(sts, "the-token"))) {
            int atStart = sts.requests().size();

            // When
            ProductCommand filled = ProductCommand.run(settings(sts, "the-token"), "reconcile");

            // Then
            assertEquals(0, filled.code(), filled::toString);
            assertTrue(sts.requests().size() > atStart + 2, () -> sts.requests().toString());
            assertEquals(
                    List.of(),
                    product.log().lines().filter(line -> line.contains("ERROR")).toList());
        }
    }

    @Test
    void aTokenThatTheServiceRefusesIsNamedWithWhatItSaid() throws Exception {
        try (StsServer sts = new StsServer(store.endpoint(), "the-token", Duration.ofHours(1))) {
            // When
            ProductCommand refused = ProductCommand.run(settings(sts, "another"), "reconcile");

            // Then
            assertTrue(refused.code() != 0, refused::toString);
            assertTrue((refused.output() + refused.errors()).contains("not the token"), refused::toString);
        }
    }
}
