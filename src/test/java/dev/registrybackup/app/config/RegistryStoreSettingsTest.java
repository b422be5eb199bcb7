package dev.registrybackup.app.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.S3Settings.Credentials;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

@DisabledIfEnvironmentVariable(named = "AWS_REGION", matches = ".+")
class RegistryStoreSettingsTest {
    /** Where the SDK would look for a region besides. */
    private static final Map<String, String> NOWHERE =
            Map.of("aws.disableEc2Metadata", "true", "aws.configFile", "", "aws.sharedCredentialsFile", "");

    @AfterEach
    void clearProperties() {
        NOWHERE.keySet().forEach(System::clearProperty);
    }

    @Test
    void aBucketWithoutEndpointAndRegionIsAProblemOfTheConfiguration(@TempDir Path folder) {
        // Given
        NOWHERE.forEach((property, file) -> System.setProperty(
                property, file.isEmpty() ? folder.resolve("none").toString() : file));
        S3Settings settings = new S3Settings(
                "backup",
                Optional.empty(),
                Optional.empty(),
                "bucket",
                Optional.of(new Credentials("access", "secret")),
                false,
                Optional.empty(),
                WriteOptions.DEFAULT);
        S3Timeouts timeouts = new S3Timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1));

        // When
        ConfigurationException failure = assertThrows(
                ConfigurationException.class, () -> RegistryStoreSettings.openBucket(settings, timeouts, 1));

        // Then
        assertEquals(
                List.of("Configuration: Neither backup.region nor backup.endpoint is set, and the AWS SDK found no"
                        + " region. Set backup.region or AWS_REGION; for a store other than AWS set backup.endpoint"),
                ConfigurationException.find(failure));
    }
}
