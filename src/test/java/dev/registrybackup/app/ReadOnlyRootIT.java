package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.RunningCommand;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIf;

/** The program in a container like those of the manifests: read-only except for what they mount, and without capabilities. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@RequiresRealStack({"unshare", "setpriv", "rclone"})
@EnabledIf(
        value = "dev.registrybackup.lab.ReadOnlyRoot#canBeMade",
        disabledReason = "This machine lets no namespace of mounts be made")
class ReadOnlyRootIT {
    /** A mount point that every Debian has; not /tmp, below which the program under test may lie. */
    private static final String SCRATCH = "/media";

    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final String[] AS_IN_THE_IMAGE = {"-Xmx128m", "-XX:-UsePerfData"};

    private final TestImages images = new TestImages(6);
    private TwoBuckets buckets;
    private Bucket registry;
    private Bucket backup;

    @BeforeAll
    void start() {
        buckets = TwoBuckets.start(256);
        registry = buckets.registry();
        backup = buckets.backup();
    }

    @AfterAll
    void stop() {
        buckets.close();
    }

    private Map<String, String> settings() {
        Map<String, String> settings = buckets.settings();
        // As the images set them.
        settings.put("QUARKUS_VERTX_CACHING", "false");
        settings.put("QUARKUS_VERTX_CLASSPATH_RESOLVING", "false");
        return settings;
    }

    @Test
    void anEventIsDurableWithoutAFileThatCanBeWritten() {
        // Given
        Blob blob = images.image(300).closure().get(0);
        RegistryPush push = new RegistryPush(registry.client(), registry.name());
        push.pushBlob(blob, "demo/blob");
        String key = push.blobKey(blob);

        // When
        int status;
        try (Product product = Product.startReadOnly(settings(), AS_IN_THE_IMAGE)) {
            status = Events.cloudEvent(product.uri(), "t")
                    .body(Events.notification(registry.name(), key))
                    .post("/notification")
                    .statusCode();
            // What was accepted may be pending.
            Awaitility.await().atMost(BOUND).until(() -> backup.sizes("docker/").containsKey(key));
        }

        // Then
        assertEquals(204, status);
        assertEquals(registry.sizes("docker/").get(key), backup.sizes("docker/").get(key));
    }

    @Test
    void aReconciliationAndItsRcloneWriteNowhereButToTheScratchDirectory() {
        // Given
        new RegistryPush(registry.client(), registry.name()).push(images.image(300, 5_000), "demo/app", "v1");
        Map<String, String> settings = settings();
        settings.put("RECONCILE_SCRATCH", SCRATCH);

        // When
        ProductCommand ended;
        try (RunningCommand running = RunningCommand.startReadOnly(settings, SCRATCH, "reconcile")) {
            ended = running.ended();
        }

        // Then
        assertEquals(0, ended.code(), ended::toString);
        assertEquals(List.of(), new BackupCheck(registry, backup).differences());
    }
}
