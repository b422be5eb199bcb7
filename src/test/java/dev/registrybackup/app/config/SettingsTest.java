package dev.registrybackup.app.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.s3.S3Settings;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of the configuration, and what of it stops the start. */
class SettingsTest {
    private static final Map<String, String> LEAST = Map.of("registry.bucket", "images", "backup.bucket", "backup");

    private static Settings settings(Map<String, String> given) {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(RegistryConfiguration.class)
                .withMapping(BackupConfiguration.class)
                .withMapping(ServiceConfiguration.class)
                .withMapping(EventsConfiguration.class)
                .withMapping(ConcurrencyConfiguration.class)
                .withMapping(TimeoutsConfiguration.class)
                .withSources(new PropertiesConfigSource(given, "test", 100))
                .build();
        return new Settings(
                config.getConfigMapping(RegistryConfiguration.class),
                config.getConfigMapping(BackupConfiguration.class),
                config.getConfigMapping(ServiceConfiguration.class),
                config.getConfigMapping(EventsConfiguration.class),
                config.getConfigMapping(ConcurrencyConfiguration.class),
                config.getConfigMapping(TimeoutsConfiguration.class));
    }

    private static Settings with(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(LEAST);
        all.putAll(more);
        return settings(all);
    }

    @Test
    void twoBucketsOnAwsNeedNothingElse() {
        // When
        Settings settings = settings(LEAST);
        settings.check();

        // Then
        assertEquals(
                Optional.empty(),
                settings.registryStore().bucket().orElseThrow().endpoint());
        assertEquals(
                Optional.empty(),
                settings.registryStore().bucket().orElseThrow().region());
        assertFalse(settings.registryStore().bucket().orElseThrow().pathStyle());
        assertEquals(Duration.ofSeconds(8), settings.answerWithin());
        assertFalse(settings.copiesUnknownObjects());
        assertFalse(settings.isDeadLetter());
    }

    @Test
    void theStoresShareNothing() {
        // Given
        Settings settings = with(Map.of(
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

    @ParameterizedTest
    @CsvSource({
        "registry.access-key, x, registry.secret-key (environment: REGISTRY_SECRET_KEY) is not set though",
        "backup.secret-key, x, backup.access-key (environment: BACKUP_ACCESS_KEY) is not set though",
        "registry.endpoint, ceph:7480, registry.endpoint (environment: REGISTRY_ENDPOINT) is no URL",
        "registry.endpoint, http://user:secret@ceph, registry.endpoint",
        "backup.endpoint, ftp://ceph, backup.endpoint",
        "backup.ca-certificate, nowhere.pem, 'backup.ca-certificate (environment: BACKUP_CA_CERTIFICATE) names nowhere.pem'",
        "registry.unknown-objects, maybe, registry.unknown-objects",
        "backup.encryption, rot13, backup.encryption",
        "events.answer-within, 2s, events.answer-within",
        "events.max-in-flight, 0, events.max-in-flight",
        "concurrency.small-objects, 0, concurrency.small-objects",
        "concurrency.large-objects, -1, concurrency.large-objects",
        "timeouts.idle, 0s, timeouts.idle",
        "backup.bucket, images, 'backup.bucket (environment: BACKUP_BUCKET) is the registry''s own bucket'"
    })
    void whatCannotWorkIsNamed(String property, String value, String message) {
        // Given
        Settings settings = with(Map.of(property, value));

        // When
        ConfigurationException problem = assertThrows(ConfigurationException.class, settings::check);

        // Then
        assertTrue(String.valueOf(problem.getMessage()).contains(message), problem::getMessage);
        assertFalse(String.valueOf(problem.getMessage()).contains("secret@"), problem::getMessage);
    }

    @Test
    void theSameBucketIsRecognisedUnderAnotherSpellingOfItsEndpoint() {
        // Given
        Settings settings = settings(Map.of(
                "registry.bucket", "images",
                "registry.endpoint", "https://Ceph.example/",
                "backup.bucket", "images",
                "backup.endpoint", "https://ceph.example:443"));

        // When, Then
        assertThrows(ConfigurationException.class, settings::check);
    }

    @Test
    void bucketsOfOneNameInTwoStoresAreTwo() {
        settings(Map.of(
                        "registry.bucket", "images",
                        "registry.endpoint", "https://one.example",
                        "backup.bucket", "images",
                        "backup.endpoint", "https://two.example"))
                .check();
    }
}
