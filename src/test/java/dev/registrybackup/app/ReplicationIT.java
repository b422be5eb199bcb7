package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The shipped jar between two buckets of an embedded store, with everything that passes to them recorded. */
class ReplicationIT {
    private static final Duration BOUND = Duration.ofMinutes(2);

    private final TestImages images = new TestImages(11);
    private TwoBuckets buckets;
    private NotifyingProxy front;
    private Bucket registry;
    private Bucket backup;

    @BeforeEach
    void startStore() {
        buckets = TwoBuckets.start(512);
        front = buckets.front();
        registry = Bucket.of(front.endpoint(), Product.REGISTRY_BUCKET);
        backup = buckets.backup();
    }

    @AfterEach
    void stopStore() {
        registry.close();
        buckets.close();
    }

    @Test
    void eventsShuffledAndDoubledChangeNothingAndWriteNothingTwice() {
        // Given
        front.repeatEvery(2);
        front.holdNotifications();
        new RegistryPush(registry.client(), registry.name()).push(images.index(3, 300, 90_000), "team/app", "v1");
        try (Product product = Product.start(buckets.settings(), "-Xmx128m")) {
            // When
            front.notifyTo(product.notificationUri());
            front.awaitDelivered(BOUND);
            // What was accepted may be pending.
            Awaitility.await()
                    .atMost(BOUND)
                    .untilAsserted(() -> assertEquals(List.of(), new BackupCheck(registry, backup).differences()));

            // Then
            assertEquals(List.of(), BackupCheck.linksBeforeTargets(front.requests(), backup));
            assertEquals(backup.sizes("docker/").size(), backup.versionCount("docker/"), product.log());
        }
    }

    @Test
    void aRegistryBelowARootDirectoryIsReplicatedAndNothingBesideIt() {
        // Given
        Map<String, String> settings = buckets.settings();
        settings.put("REGISTRY_ROOT_DIRECTORY", "/images/");
        settings.put("REGISTRY_UNKNOWN_OBJECTS", "copy");
        try (Product product = Product.start(settings)) {
            front.notifyTo(product.notificationUri());

            // When
            new RegistryPush(registry.client(), registry.name(), "images/").push(images.image(400), "team/app", "v1");
            registry.put("images/scheduler-state.json", new byte[] {'{', '}'});
            registry.put("elsewhere/object", new byte[] {1});
            registry.put("registry-backup/verified", new byte[] {1});
            front.awaitDelivered(BOUND);

            // Then
            Awaitility.await()
                    .atMost(BOUND)
                    .untilAsserted(
                            () -> assertEquals(registry.sizes("images/"), backup.sizes("images/"), product::log));
            assertEquals(Map.of(), backup.sizes("elsewhere/"));
        }
    }
}
