package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive, written by the real rclone and restored from. */
@RequiresRealStack
class ArchiveIT {
    private TwoBuckets buckets;
    private Bucket registry;
    private Bucket backup;
    private Bucket archive;
    private Bucket replaced;
    private final TestImages images = new TestImages(11);

    @BeforeEach
    void start() {
        buckets = TwoBuckets.start(512);
        registry = buckets.registry();
        backup = buckets.backup();
        archive = Bucket.create(buckets.store().endpoint(), "archive");
        replaced = Bucket.create(buckets.store().endpoint(), "replaced");
    }

    @AfterEach
    void stop() {
        archive.close();
        replaced.close();
        buckets.close();
    }

    private Map<String, String> settings() {
        S3Endpoint elsewhere = buckets.front().endpoint();
        Map<String, String> settings = buckets.settings();
        settings.put("ARCHIVE_REMOTE", "dr:archive");
        settings.put("ARCHIVE_BACKUP_DIR", "dr:replaced");
        settings.put("RCLONE_CONFIG_DR_TYPE", "s3");
        settings.put("RCLONE_CONFIG_DR_PROVIDER", "Other");
        settings.put("RCLONE_CONFIG_DR_ENDPOINT", elsewhere.uri().toString());
        settings.put("RCLONE_CONFIG_DR_ACCESS_KEY_ID", elsewhere.accessKey());
        settings.put("RCLONE_CONFIG_DR_SECRET_ACCESS_KEY", elsewhere.secretKey());
        settings.put("RCLONE_CONFIG_DR_NO_CHECK_BUCKET", "true");
        return settings;
    }

    private void push(TestImage image, String tag) {
        new RegistryPush(registry.client(), registry.name()).push(image, "demo/app", tag);
    }

    @Test
    void itFollowsTheBackupChildrenFirstKeepsWhatWasReplacedAndIsRestoredFrom(@TempDir Path folder) {
        // Given
        TestImage first = images.index(2, 300, 5_000);
        push(first, "v1");
        ProductCommand filled = ProductCommand.run(settings(), "reconcile");
        push(images.image(400), "v1");

        // When
        ProductCommand moved = ProductCommand.run(settings(), "reconcile");

        // Then
        assertEquals(0, filled.code(), filled::toString);
        assertEquals(0, moved.code(), moved::toString);
        assertEquals(backup.contents("docker/"), archive.contents("docker/"));
        assertEquals(registry.contents("docker/"), archive.contents("docker/"));
        assertEquals(List.of(), BackupCheck.linksBeforeTargets(buckets.front().requests(), archive));
        List<String> kept = List.copyOf(replaced.sizes("").keySet());
        assertTrue(kept.stream().anyMatch(key -> key.endsWith("/tags/v1/current/link")), kept::toString);
        Map<String, String> from = new HashMap<>(settings());
        from.put("BACKUP_BUCKET", "archive");
        registry.wipe();
        ProductCommand restored = ProductCommand.run(from, "restore", "--all");
        assertEquals(0, restored.code(), restored::toString);
        assertEquals(backup.contents("docker/"), registry.contents("docker/"));
    }

    @Test
    void aFailedArchiveIsReportedAndTheBackupIsComplete() {
        // Given
        push(images.image(400), "v1");
        Map<String, String> settings = settings();
        settings.put("ARCHIVE_REMOTE", "dr:no-such-bucket");

        // When
        ProductCommand run = ProductCommand.run(settings, "reconcile");

        // Then
        assertEquals(3, run.code(), run::toString);
        assertTrue(run.output().contains("no-such-bucket"), run::output);
        assertEquals(List.of(), new BackupCheck(registry, backup).differences());
    }
}
