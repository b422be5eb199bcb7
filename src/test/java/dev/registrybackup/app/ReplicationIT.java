package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RecordedRequest;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The shipped jar between two buckets of an embedded store, with everything that passes to them recorded. */
class ReplicationIT {
    private static final Duration BOUND = Duration.ofMinutes(2);

    private final TestImages images = new TestImages(11);
    private S3ProxyServer store;
    private NotifyingProxy front;
    private Bucket registry;
    private Bucket backup;

    @BeforeEach
    void startStore() {
        store = S3ProxyServer.inMemory(512);
        front = NotifyingProxy.inFrontOf(store.endpoint(), Product.REGISTRY_BUCKET);
        registry = Bucket.create(front.endpoint(), Product.REGISTRY_BUCKET);
        backup = Bucket.create(front.endpoint(), Product.BACKUP_BUCKET).versioned();
    }

    @AfterEach
    void stopStore() {
        registry.close();
        backup.close();
        front.close();
        store.close();
    }

    private Product product() {
        Product product = Product.start(Product.settings(front.endpoint(), front.endpoint()), "-Xmx128m");
        front.notifyTo(product.notificationUri());
        return product;
    }

    private RegistryPush push() {
        return new RegistryPush(registry.client(), registry.name());
    }

    @Test
    void whatARegistryWritesIsInTheBackupWithNoLinkBeforeItsTarget() {
        try (Product product = product()) {
            // Given
            TestImage index = images.index(2, 300, 2 << 20);
            TestImage moved = images.image(500, 40 << 20);

            // When
            push().push(index, "team/app", "v1");
            push().push(index.children().get(0), "team/other", "v1");
            push().push(moved, "team/app", "v1");
            front.awaitDelivered(BOUND);

            // Then
            assertEquals(List.of(), new BackupCheck(registry, backup).differences());
            assertEquals(List.of(), BackupCheck.linksBeforeTargets(front.requests(), backup));
            assertTrue(product.log().contains("kind=tag-current-link"), product.log());
        }
    }

    @Test
    void eventsShuffledAndDoubledChangeNothingAndWriteNothingTwice() {
        // Given
        front.repeatEvery(2);
        front.holdNotifications();
        push().push(images.index(3, 300, 90_000), "team/app", "v1");
        try (Product product = product()) {
            // When
            front.awaitDelivered(BOUND);

            // Then
            assertEquals(List.of(), new BackupCheck(registry, backup).differences());
            assertEquals(List.of(), BackupCheck.linksBeforeTargets(front.requests(), backup));
            assertEquals(backup.sizes("docker/").size(), backup.versionCount("docker/"), product.log());
        }
    }

    @Test
    void anEventKeepsItsPromiseWhenTheProductIsKilledAndStartedAgain() {
        // Given
        TestImage image = images.image(300, 5 << 20, 40 << 20);
        Product killed = product();
        push().push(image, "team/app", "v1");
        Awaitility.await().atMost(BOUND).until(() -> !backup.sizes("docker/").isEmpty());

        // When
        killed.kill();
        killed.close();
        try (Product next = product()) {
            front.awaitDelivered(BOUND);

            // Then
            assertEquals(List.of(), new BackupCheck(registry, backup).differences(), next.log());
            assertEquals(List.of(), BackupCheck.linksBeforeTargets(front.requests(), backup));
        }
    }

    @Test
    void aRegistryBelowARootDirectoryIsReplicatedAndNothingBesideIt() {
        // Given
        Map<String, String> settings = Product.settings(front.endpoint(), front.endpoint());
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
            assertEquals(registry.sizes("images/"), backup.sizes("images/"), product.log());
            assertEquals(Map.of(), backup.sizes("elsewhere/"));
        }
    }

    @Test
    void uploadsAreNeverReadAndNothingBesideTheCopyIsAskedMoreThanTwice() {
        try (Product product = product()) {
            // Given
            front.awaitDelivered(BOUND);
            front.reset();

            // When
            push().pushBlob(images.layer(300), "team/app");
            front.awaitDelivered(BOUND);

            // Then
            List<RecordedRequest> asked = askedByTheProduct(key -> key.contains("/_uploads/"));
            assertEquals(List.of(), asked, product.log());
            // A blob: two looks, the read and the write; its layer link: the read, a look and the write.
            assertTrue(askedByTheProduct(key -> key.endsWith("/data")).size() <= 4);
            assertTrue(askedByTheProduct(key -> key.endsWith("/link")).size() <= 4);
        }
    }

    /** The pusher never reads a blob or link, and its looks for blobs go to the registry bucket before they are there. */
    private List<RecordedRequest> askedByTheProduct(Predicate<String> key) {
        return front.requests().stream()
                .filter(request -> key.test(request.key()))
                .filter(request -> request.bucket().equals(backup.name())
                        || request.method().equals("GET")
                        || (request.method().equals("HEAD") && request.succeeded()))
                .toList();
    }
}
