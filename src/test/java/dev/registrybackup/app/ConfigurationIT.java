package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.S3Endpoint;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the shipped jar makes of its settings at start. */
class ConfigurationIT {
    /** Nobody listens there: a start asks no store for anything. */
    private static final S3Endpoint NOWHERE =
            new S3Endpoint(URI.create("http://127.0.0.1:9"), "us-east-1", "access", "very-secret-indeed");

    @ParameterizedTest
    @CsvSource({
        "REGISTRY_BUCKET, '', registry.bucket",
        "BACKUP_BUCKET, registry, backup.bucket",
        "SERVICE_ROLE, everything, service.role",
        "SERVICE_ROLE, capture, registry.kind",
        "CONCURRENCY_SMALL_OBJECTS, many, concurrency.small-objects",
        "EVENTS_ANSWER_WITHIN, soon, events.answer-within"
    })
    void whatCannotWorkStopsTheStartAndIsNamed(String variable, String value, String property) {
        // Given
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.put(variable, value);

        // When
        String log = Product.failedStart(settings);

        // Then
        assertEquals(1, log.lines().count(), log);
        assertTrue(log.startsWith("Configuration: " + property + " (environment: " + variable(property) + ") "), log);
        assertFalse(log.contains("very-secret-indeed"), log);
    }

    @Test
    void aCommandNamesWhatIsMissingInOneLine() {
        // When
        ProductCommand command = ProductCommand.run(Map.of("BACKUP_BUCKET", "backup"), "catalog");

        // Then
        assertEquals(2, command.code(), command::toString);
        assertEquals("", command.output());
        assertEquals(
                "Configuration: registry.bucket (environment: REGISTRY_BUCKET) is not set, but has no default\n",
                command.errors());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--help             | 0 | Usage: registry-backup",
                "restore --help     | 0 | Usage: registry-backup restore",
                "--version          | 0 | registry-backup 0.",
                "restore --everyone | 2 | Try 'registry-backup restore --help'.",
                "operation          | 2 | Usage: registry-backup operation",
                "delete             | 2 | Try 'registry-backup --help'."
            })
    void helpVersionAndUsageNeedNoConfiguration(String arguments, int code, String text) {
        // When
        ProductCommand command = ProductCommand.run(Map.of(), arguments.split(" "));

        // Then
        assertEquals(code, command.code(), command::toString);
        assertTrue((code == 0 ? command.output() : command.errors()).contains(text), command::toString);
        assertEquals("", code == 0 ? command.errors() : command.output());
    }

    private static String variable(String property) {
        return property.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
    }

    @Test
    void itStartsWithoutItsStoresAndAmongForeignVariables() {
        // Given
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.putAll(Map.of(
                "REGISTRY_PORT", "tcp://10.0.0.1:5000",
                "REGISTRY_SERVICE_HOST", "10.0.0.1",
                "REGISTRY_STORAGE_S3_ACCESSKEY", "somebody's",
                "BACKUP_PORT_80_TCP_ADDR", "10.0.0.2",
                "EVENTS_SERVICE_PORT", "80"));

        // When
        try (Product product = Product.start(settings)) {
            // Then
            assertFalse(product.log().contains("very-secret-indeed"), product.log());
            assertFalse(product.log().contains("SRCFG"), product.log());
        }
    }
}
