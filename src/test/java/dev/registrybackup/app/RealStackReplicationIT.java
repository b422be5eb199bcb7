package dev.registrybackup.app;

import static io.restassured.RestAssured.given;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.DockerRegistry;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.Skopeo;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The real thing: Ceph RGW with a persistent topic, docker-registry, skopeo, and the shipped jar, which is killed in
 * mid-push. What the product writes passes a recording proxy before the backup bucket.
 */
@RequiresRealStack
class RealStackReplicationIT {
    private static final Duration BOUND = Duration.ofMinutes(4);

    private Path folder;
    private CephRgw ceph;
    private NotifyingProxy beforeBackup;
    private Bucket registry;
    private Bucket backup;

    @BeforeEach
    void startStore(@TempDir Path temporary) {
        folder = temporary;
        ceph = CephRgw.start();
        beforeBackup = NotifyingProxy.inFrontOf(ceph.backupEndpoint(), "none");
        registry = Bucket.create(ceph.registryEndpoint(), Product.REGISTRY_BUCKET);
        backup = Bucket.create(ceph.backupEndpoint(), Product.BACKUP_BUCKET).versioned();
    }

    @AfterEach
    void stopStore() {
        registry.close();
        backup.close();
        beforeBackup.close();
        ceph.close();
    }

    private Map<String, String> settings() {
        return Product.settings(ceph.registryEndpoint(), beforeBackup.endpoint());
    }

    @Test
    void pushedImagesAreServedByASecondRegistryFromTheBackupAlone() {
        // Given: two processes that each get every event, and images of every size class, some sharing layers
        TestImages images = new TestImages(7);
        TestImage index = images.index(2, 300, 70_000, 3 << 20, 66L << 20);
        Blob shared = index.children().get(0).blobs().get(2);
        TestImage sharing = images.imageOf(List.of(shared, images.layer(4_000)));
        TestImage moved = images.image(5_000, 2 << 20);
        index.writeOciLayout(folder.resolve("index"), "v1");
        sharing.writeOciLayout(folder.resolve("sharing"), "v1");
        moved.writeOciLayout(folder.resolve("moved"), "v1");
        Product killed = Product.start(settings(), "-Xmx128m");
        Product other = Product.start(settings(), "-Xmx128m");
        ceph.createTopicAndNotification(Product.REGISTRY_BUCKET, killed.notificationUri());
        ceph.createTopicAndNotification(Product.REGISTRY_BUCKET, other.notificationUri());

        try (DockerRegistry docker = DockerRegistry.onBucket(ceph.registryEndpoint(), Product.REGISTRY_BUCKET)) {
            // When
            Skopeo.push(folder.resolve("sharing"), "v1", docker.uri(), "team/base:v1");
            Skopeo.push(folder.resolve("index"), "v1", docker.uri(), "team/app:v1");
            Awaitility.await()
                    .atMost(BOUND)
                    .until(() -> !backup.sizes("docker/").isEmpty());
            killed.kill();
            Skopeo.push(folder.resolve("sharing"), "v1", docker.uri(), "team/other:v1");
            Skopeo.push(folder.resolve("moved"), "v1", docker.uri(), "team/base:v1");
            try (Product next = killed.startAgain()) {
                ceph.restartGateway();
                Skopeo.push(folder.resolve("sharing"), "v1", docker.uri(), "team/base:later");
                Awaitility.await()
                        .atMost(BOUND)
                        .pollInterval(Duration.ofSeconds(2))
                        .untilAsserted(() ->
                                assertEquals(List.of(), new BackupCheck(registry, backup).differences(), other::log));

                // Then
                assertEquals(List.of(), BackupCheck.linksBeforeTargets(beforeBackup.requests(), backup));
                servesTheSame(index, sharing, moved);
                Awaitility.await().atMost(BOUND).until(() -> next.metrics().contains("registry_backup_objects_total"));
                aCanarysEventArrives();
            }
        } finally {
            killed.close();
            other.close();
        }
    }

    @Test
    void anImageOfWhichOnlyTheTagsEventCameIsServedByASecondRegistryByItsTag() {
        // Given
        TestImage image = new TestImages(8).image(300, 70_000);
        image.writeOciLayout(folder.resolve("image"), "v1");
        try (DockerRegistry docker = DockerRegistry.onBucket(ceph.registryEndpoint(), Product.REGISTRY_BUCKET)) {
            Skopeo.push(folder.resolve("image"), "v1", docker.uri(), "team/app:v1");
        }
        try (Product product = Product.start(settings(), "-Xmx128m")) {
            // When
            given().body(Events.notification(
                            Product.REGISTRY_BUCKET,
                            "docker/registry/v2/repositories/team/app/_manifests/tags/v1/current/link"))
                    .post(product.notificationUri())
                    .then()
                    .statusCode(204);
            // What was accepted may be pending.
            Awaitility.await()
                    .atMost(BOUND)
                    .until(() ->
                            backup.sizes("docker/").keySet().stream().anyMatch(key -> key.endsWith("/current/link")));
        }

        // Then: the backup's user cannot read the registry's bucket, so all this comes from the backup
        try (Bucket forbidden = Bucket.of(ceph.backupEndpoint(), Product.REGISTRY_BUCKET)) {
            S3Exception refusal = assertThrows(S3Exception.class, () -> forbidden.sizes(""));
            assertEquals(403, refusal.statusCode());
        }
        try (DockerRegistry standby = DockerRegistry.readOnly(ceph.backupEndpoint(), Product.BACKUP_BUCKET)) {
            assertEquals(image.digest(), pulled(standby, "team/app:v1"));
        }
        assertEquals(List.of(), BackupCheck.linksBeforeTargets(beforeBackup.requests(), backup));
    }

    /** The canary passes the store's own queue, and the checks read this store's bucket configuration. */
    private void aCanarysEventArrives() {
        JsonNode answer = ProductCommand.run(settings(), "preflight", "--canary", "--json")
                .json();
        assertEquals("pass", PreflightIT.state(answer, "canary"), answer::toPrettyString);
        assertEquals("pass", PreflightIT.state(answer, "canary removal"), answer::toPrettyString);
        assertEquals("pass", PreflightIT.state(answer, "backup write"), answer::toPrettyString);
        assertTrue(
                Set.of("pass", "warn").contains(PreflightIT.state(answer, "registry notification")),
                answer::toPrettyString);
    }

    private void servesTheSame(TestImage index, TestImage sharing, TestImage moved) {
        try (DockerRegistry standby = DockerRegistry.readOnly(ceph.backupEndpoint(), Product.BACKUP_BUCKET)) {
            assertEquals(index.digest(), pulled(standby, "team/app:v1"));
            assertEquals(moved.digest(), pulled(standby, "team/base:v1"));
            assertEquals(sharing.digest(), pulled(standby, "team/base@" + sharing.digest()));
            assertEquals(sharing.digest(), pulled(standby, "team/other:v1"));
            assertEquals(sharing.digest(), pulled(standby, "team/base:later"));
            for (TestImage child : index.children()) {
                assertEquals(child.digest(), pulled(standby, "team/app@" + child.digest()));
            }
        }
    }

    private String pulled(DockerRegistry standby, String reference) {
        Path out = folder.resolve("pulled-" + reference.replaceAll("[^a-z0-9]", "-"));
        Skopeo.pull(standby.uri(), reference, out, "out");
        return Blob.of(Skopeo.manifest(standby.uri(), reference)).digest();
    }
}
