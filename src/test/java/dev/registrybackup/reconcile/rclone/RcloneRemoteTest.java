package dev.registrybackup.reconcile.rclone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.s3.S3Settings;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RcloneRemoteTest {
    private static final S3Settings.Credentials CREDENTIALS = new S3Settings.Credentials("key-id", "hush");

    @Test
    void aStoreWithAnEndpointHasTheProviderOther() {
        // When
        Map<String, String> environment =
                bucket(Optional.of(CREDENTIALS), Optional.empty()).environment();

        // Then
        assertEquals(
                Map.of(
                        "RCLONE_CONFIG_BACKUP_TYPE", "s3",
                        "RCLONE_CONFIG_BACKUP_PROVIDER", "Other",
                        "RCLONE_CONFIG_BACKUP_ENDPOINT", "https://rgw.example",
                        "RCLONE_CONFIG_BACKUP_REGION", "default",
                        "RCLONE_CONFIG_BACKUP_ACCESS_KEY_ID", "key-id",
                        "RCLONE_CONFIG_BACKUP_SECRET_ACCESS_KEY", "hush",
                        "RCLONE_CONFIG_BACKUP_FORCE_PATH_STYLE", "true",
                        "RCLONE_CONFIG_BACKUP_NO_CHECK_BUCKET", "true"),
                environment);
    }

    @Test
    void awsWithoutCredentialsOfItsOwnTakesTheProcesssOwn() {
        // Given
        S3Settings settings = new S3Settings(
                "registry",
                Optional.empty(),
                Optional.empty(),
                "images",
                Optional.empty(),
                false,
                Optional.empty(),
                S3Settings.WriteOptions.DEFAULT);

        // When
        Map<String, String> environment =
                new RcloneRemote("registry", Optional.of(settings), Optional.empty()).environment();

        // Then
        assertEquals(
                Map.of(
                        "RCLONE_CONFIG_REGISTRY_TYPE", "s3",
                        "RCLONE_CONFIG_REGISTRY_PROVIDER", "AWS",
                        "RCLONE_CONFIG_REGISTRY_ENV_AUTH", "true",
                        "RCLONE_CONFIG_REGISTRY_FORCE_PATH_STYLE", "false",
                        "RCLONE_CONFIG_REGISTRY_NO_CHECK_BUCKET", "true"),
                environment);
    }

    @ParameterizedTest
    @ValueSource(strings = {"aws:kms", "aws:kms:dsse"})
    void kmsEncryptionHidesHashes(String encryption) {
        // Given
        RcloneRemote rcloneRemote = bucket(Optional.of(CREDENTIALS), Optional.of(encryption));

        // When
        boolean listsHashes = rcloneRemote.listsHashes();

        // Then
        assertFalse(listsHashes);
    }

    @Test
    void otherEncryptionLeavesTheETagAnMd5() {
        // Given
        RcloneRemote rcloneRemote = bucket(Optional.of(CREDENTIALS), Optional.of("AES256"));

        // When
        boolean listsHashes = rcloneRemote.listsHashes();

        // Then
        assertTrue(listsHashes);
    }

    @Test
    void aDirectoryIsALocalPath() {
        // Given
        RcloneRemote rcloneRemote = directory("/srv/registry");

        // When
        String path = rcloneRemote.path("docker/registry/v2/");

        // Then
        assertEquals("registry:/srv/registry/docker/registry/v2/", path);
        assertEquals(Map.of("RCLONE_CONFIG_REGISTRY_TYPE", "local"), rcloneRemote.environment());
    }

    @Test
    void aBucketsPathBeginsWithItsName() {
        // When
        String path = bucket(Optional.of(CREDENTIALS), Optional.empty()).path("docker/registry/v2/blobs");

        // Then
        assertEquals("backup:bucket/docker/registry/v2/blobs", path);
    }

    @Test
    void itsTextHasNoCredentials() {
        // When
        String text = bucket(Optional.of(CREDENTIALS), Optional.empty()).toString();

        // Then
        assertEquals("Remote[backup:bucket/]", text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Backup", "back up", "backup2", "back_up"})
    void aNameThatIsNoVariablesIsRefused(String name) {
        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> new RcloneRemote(name, Optional.empty(), Optional.of(Path.of("/srv"))));

        // Then
        assertEquals(
                "Failed to name a store \"" + name + "\" for rclone: use lower-case letters only",
                refusal.getMessage());
    }

    @Test
    void aStoreIsAtOnePlace() {
        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class, () -> new RcloneRemote("backup", Optional.empty(), Optional.empty()));

        // Then
        assertEquals(
                "Failed to configure rclone for the backup: it must be either a bucket or a directory",
                refusal.getMessage());
    }

    @Test
    void aProcessKnowsOnlyOurSettingsOfRcloneAndTheRemoteOfTheArchive() {
        // Given
        Map<String, String> parent = Map.of(
                "PATH", "/usr/bin",
                "RCLONE_DRY_RUN", "true",
                "RCLONE_CONFIG_BACKUP_ENDPOINT", "https://elsewhere.example",
                "RCLONE_CONFIG_PASS", "hush",
                "RCLONE_CONFIG_DR_TYPE", "s3",
                "AWS_ACCESS_KEY_ID", "another",
                "AWS_CA_BUNDLE", "/etc/ca.pem");

        // When
        Map<String, String> environment = environmentOf(parent, Optional.empty());
        Map<String, String> withArchive = environmentOf(parent, Optional.of("dr:bucket/path"));

        // Then
        Map<String, String> expected = new HashMap<>(Map.of(
                "PATH", "/usr/bin",
                "RCLONE_CONFIG", "/scratch/none",
                "RCLONE_CONFIG_REGISTRY_TYPE", "local"));
        assertEquals(expected, environment);
        expected.put("RCLONE_CONFIG_DR_TYPE", "s3");
        assertEquals(expected, withArchive);
    }

    private static Map<String, String> environmentOf(Map<String, String> parent, Optional<String> archive) {
        return RcloneSetup.environment(parent, Path.of("/scratch/none"), List.of(directory("/srv/registry")), archive);
    }

    @Test
    void aStoreWithoutKeysLeavesNothingOfAwsInTheEnvironmentButTheRegion() {
        // Given
        Map<String, String> parent = Map.of(
                "AWS_ROLE_ARN", "arn:role",
                "AWS_REGION", "eu-west-1",
                "AWS_CA_BUNDLE", "/etc/ca.pem");
        RcloneRemote rcloneRemote = bucket(Optional.empty(), Optional.empty());

        // When
        Map<String, String> environment =
                RcloneSetup.environment(parent, Path.of("/scratch/none"), List.of(rcloneRemote), Optional.empty());

        // Then
        environment.keySet().removeIf(name -> !name.startsWith("AWS_"));
        assertEquals(
                Map.of(
                        "AWS_REGION", "eu-west-1",
                        "AWS_CONFIG_FILE", "/scratch/none",
                        "AWS_SHARED_CREDENTIALS_FILE", "/scratch/none"),
                environment);
    }

    private static RcloneRemote directory(String path) {
        return new RcloneRemote("registry", Optional.empty(), Optional.of(Path.of(path)));
    }

    private static RcloneRemote bucket(Optional<S3Settings.Credentials> credentials, Optional<String> encryption) {
        return new RcloneRemote(
                "backup",
                Optional.of(new S3Settings(
                        "backup",
                        Optional.of(URI.create("https://rgw.example")),
                        Optional.of("default"),
                        "bucket",
                        credentials,
                        true,
                        Optional.empty(),
                        new S3Settings.WriteOptions(Optional.empty(), encryption, Optional.empty()))),
                Optional.empty());
    }
}
