package dev.registrybackup.app.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.app.config.Configuration.RegistryProperties.UnknownObjectMode;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.reconcile.ReconcilePolicy;
import dev.registrybackup.reconcile.rclone.Archive;
import dev.registrybackup.replication.Replicator;
import io.smallrye.config.EnvConfigSource;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How properties become settings, and which values stop the start. */
class SettingsTest {
    @Test
    void twoBucketsOnAwsNeedNothingElse() {
        // When
        Settings settings = TestSettings.with(Map.of());

        // Then
        assertEquals(
                Optional.empty(),
                settings.registryStore().bucket().orElseThrow().endpoint());
        assertEquals(
                Optional.empty(),
                settings.registryStore().bucket().orElseThrow().region());
        assertFalse(settings.registryStore().bucket().orElseThrow().pathStyle());
        assertEquals(Duration.ofSeconds(8), settings.configuration().events().answerWithin());
        assertEquals(
                UnknownObjectMode.REPORT, settings.configuration().registry().unknownObjects());
        assertFalse(settings.isDeadLetter());
    }

    @Test
    void theStoresShareNothing() {
        // Given
        Settings settings = TestSettings.with(Map.of(
                "registry.endpoint", "https://ceph.example",
                "registry.access-key", "a",
                "registry.secret-key", "b",
                "backup.endpoint", "http://other.example:8080",
                "backup.region", "eu-1",
                "backup.path-style", "false",
                "backup.storage-class", "STANDARD_IA",
                "backup.encryption", "aws:kms:arn:aws:kms:eu-1:1:key/k"));

        // When
        S3Settings registry = settings.registryStore().bucket().orElseThrow();
        S3Settings backup = settings.backupStore();

        // Then
        assertEquals(Optional.of(URI.create("https://ceph.example")), registry.endpoint());
        assertEquals(Optional.of("us-east-1"), registry.region());
        assertTrue(registry.pathStyle());
        assertEquals(Optional.of("eu-1"), backup.region());
        assertFalse(backup.pathStyle());
        assertEquals(Optional.empty(), backup.credentials());
        assertEquals(Optional.of("aws:kms"), backup.writeOptions().encryption());
        assertEquals(
                Optional.of("arn:aws:kms:eu-1:1:key/k"), backup.writeOptions().kmsKeyId());
        assertFalse(registry.toString().contains("secretKey=b"), registry::toString);
    }

    /** The message for an invalid configuration. */
    private static String problem(Map<String, String> given) {
        Exception failure = assertThrows(Exception.class, () -> TestSettings.with(given));
        return String.join("\n", ConfigurationException.find(failure));
    }

    @ParameterizedTest
    @CsvSource({
        "registry.access-key, x, registry.secret-key (environment: REGISTRY_SECRET_KEY) is not set though",
        "auth.token, short-secret-15, auth.token (environment: AUTH_TOKEN) has less than 16 characters",
        "backup.secret-key, x, backup.access-key (environment: BACKUP_ACCESS_KEY) is not set though",
        "registry.endpoint, ceph:7480, registry.endpoint (environment: REGISTRY_ENDPOINT) is not a URL",
        "registry.endpoint, http://user:secret@ceph, registry.endpoint",
        "backup.endpoint, ftp://ceph, backup.endpoint",
        "backup.ca-certificate, nowhere.pem, 'backup.ca-certificate (environment: BACKUP_CA_CERTIFICATE) names"
                + " nowhere.pem'",
        "registry.unknown-objects, maybe, 'registry.unknown-objects (environment: REGISTRY_UNKNOWN_OBJECTS) cannot be"
                + " \"maybe\": allowed values: '",
        "registry.kind, harbor, 'cannot be \"harbor\": allowed values: '",
        "registry.directory, /data, 'is set and registry.bucket too'",
        "service.role, everything, 'cannot be \"everything\": allowed values: '",
        "service.role, capture, 'registry.kind (environment: REGISTRY_KIND) is plain'",
        "auth.mode, everybody, 'cannot be \"everybody\": allowed values: '",
        "operations.runner, pod, 'cannot be \"pod\": allowed values: '",
        "operations.scheduled-content-share, 1.1, 'is 1.1 but must be from 0 to 1'",
        "bandwidth.bytes-per-second, -1, 'is -1 but must be 0 or more'",
        "restore.targets.backup.bucket, other, 'restore.targets.backup (environment: RESTORE_TARGETS_BACKUP) has a"
                + " name'",
        "restore.targets.dr.region, eu-1, 'restore.targets.dr.bucket (environment: RESTORE_TARGETS_DR_BUCKET) is not"
                + " set'",
        "reconcile.deletes, delete, 'cannot be \"delete\": allowed values: '",
        "reconcile.retention, PT59M, is PT59M but must be an hour or more",
        "reconcile.retention, -P1D, is PT-24H but must be an hour or more",
        "reconcile.alarm-share, 0, is 0.0 but must be above 0 and at most 1",
        "reconcile.alarm-share, 1.1, is 1.1 but must be above 0 and at most 1",
        "reconcile.alarm-share, NaN, is NaN but must be above 0 and at most 1",
        "reconcile.alarm-number, 0, is 0 but must be 1 or more",
        "reconcile.event-lag-threshold, -PT1S, is PT-1S but must be 0 or more",
        "reconcile.after-lost-canaries, -1, is -1 but must be 0 or more",
        "operations.drill-images, 0, is 0 but must be 1 or more",
        "operations.completions, 0, is 0 but must be 1 or more",
        "restore.targets.drill.bucket, images, is the bucket of the registry: restore drills need one of their own",
        "restore.targets.drill.bucket, backup, is the bucket of the backup: restore drills need one of their own",
        "archive.deletes, sometimes, 'cannot be \"sometimes\": allowed values: '",
        "archive.backup-dir, dr:aside, 'is set, but archive.remote is not'",
        "backup.encryption, rot13, backup.encryption",
        "events.answer-within, 2s, events.answer-within",
        "events.max-in-flight, 0, events.max-in-flight",
        "concurrency.small-objects, 0, concurrency.small-objects",
        "concurrency.large-objects, -1, concurrency.large-objects",
        "timeouts.idle, 0s, timeouts.idle",
        "backup.bucket, images, 'backup.bucket (environment: BACKUP_BUCKET) is the registry''s own bucket'"
    })
    void anInvalidValueIsNamed(String property, String value, String message) {
        // When
        String problem = problem(Map.of(property, value));

        // Then
        assertTrue(problem.startsWith("Configuration: ") && problem.lines().count() == 1, problem);
        assertTrue(problem.contains(message), problem);
        assertFalse(problem.contains("secret@") || problem.contains("short-secret-15"), problem);
    }

    @ParameterizedTest
    @CsvSource({
        "reconcile.deltes, reconcile.deletes",
        "registry.acess-key, registry.access-key",
        "backup.storage-clas, backup.storage-class",
        "restore.targets.dr.buckt, restore.targets.<name>.bucket",
        "restore.target.dr.bucket, restore.targets.<name>.bucket"
    })
    void anUnknownPropertyIsNamedWithTheNearestKnownOne(String property, String nearest) {
        // When
        String problem = problem(Map.of(property, "short-secret"));

        // Then
        assertEquals(
                "Configuration: %s is not a known property. The nearest is %s; docs/configuration.md lists all"
                        .formatted(property, nearest),
                problem);
    }

    @Test
    void unknownPropertiesOfOthersAndEnvironmentVariablesAreIgnored() {
        // Given
        Map<String, String> others = Map.of(
                "quarkus.log.level", "INFO",
                "registry", "x",
                "registryx.bucket", "x",
                "logging.initial-configurator.min-level", "500");
        Map<String, String> environment = Map.of("REGISTRY_PORT", "tcp://10.0.0.1:5000", "RECONCILE_DELTES", "mirror");

        // When
        Settings settings = TestSettings.with(others, new EnvConfigSource(environment, 300));

        // Then
        assertFalse(settings.reconcilePolicy().isMirror());
    }

    @Test
    void aDrillNeverGoesIntoTheRegistrysDirectory() {
        // When
        String problem = problem(Map.of(
                "service.role", "operations",
                "registry.bucket", "",
                "registry.directory", "/var/lib/registry",
                "restore.targets.drill.directory", "/var/lib/registry"));

        // Then
        assertTrue(problem.contains("is the directory of the registry"), problem);
    }

    @Test
    void withoutATargetADrillGoesIntoTheScratchDirectory() {
        // When
        Settings settings = TestSettings.with(Map.of("reconcile.scratch", "/scratch"));

        // Then
        assertEquals(Optional.of(Path.of("/scratch")), settings.drillStore().directory());
        assertFalse(settings.targets().containsKey("drill"));
    }

    @Test
    void theSameBucketIsRecognisedUnderAnotherSpellingOfItsEndpoint() {
        // When
        String problem = problem(Map.of(
                "registry.bucket", "images",
                "registry.endpoint", "https://Ceph.example/",
                "backup.bucket", "images",
                "backup.endpoint", "https://ceph.example:443"));

        // Then
        assertTrue(problem.contains("is the registry's own bucket"), problem);
    }

    @Test
    void bucketsOfOneNameInTwoStoresAreTwo() {
        // When
        Settings settings = TestSettings.with(Map.of(
                "registry.bucket", "images",
                "registry.endpoint", "https://one.example",
                "backup.bucket", "images",
                "backup.endpoint", "https://two.example"));

        // Then
        assertEquals("images", settings.backupStore().bucket());
    }

    @Test
    void anArchiveIsWhereItIsSaidToBe() {
        // When
        Optional<Archive.Destination> archive = TestSettings.with(
                        Map.of("archive.remote", "dr:bucket", "archive.backup-dir", "dr:aside"))
                .archive();

        // Then
        assertEquals(
                Optional.of(new Archive.Destination("dr:bucket", Optional.of("dr:aside"), false, Duration.ofDays(90))),
                archive);
        assertEquals(Optional.empty(), TestSettings.with(Map.of()).archive());
    }

    @Test
    void anArchiveDoesNotMoveWhatLeavesIntoItself() {
        // When
        String problem = problem(Map.of("archive.remote", "dr:bucket", "archive.backup-dir", "dr:bucket"));

        // Then
        assertTrue(problem.contains("archive.backup-dir") && problem.contains("is archive.remote itself"), problem);
    }

    @Test
    void withoutAnySettingNothingIsEverRemoved() {
        // When
        Settings settings = TestSettings.with(Map.of());

        // Then
        assertFalse(settings.reconcilePolicy().isMirror());
        assertEquals(Duration.ofDays(30), settings.reconcilePolicy().retention());
        assertEquals(0.1, settings.reconcilePolicy().alarmShare());
        assertEquals("rclone", settings.configuration().reconcile().rclone());
        assertEquals(Path.of("/tmp"), settings.scratch());
    }

    @Test
    void linksAreCheckedOnlyOnceEveryProcessHasForgottenWhatItTookForDurable() {
        // When
        ReconcilePolicy policy =
                TestSettings.with(Map.of("reconcile.deletes", "mirror")).reconcilePolicy();

        // Then
        assertTrue(policy.isMirror());
        assertTrue(policy.durableKeyTtl().compareTo(Replicator.DURABLE_KEY_TTL) > 0);
    }
}
