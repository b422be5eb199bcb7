package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.S3Endpoint;
import io.restassured.RestAssured;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped jar checks its settings at start. */
class ConfigurationIT {
    /** Nobody listens there: a start sends no request to a store. */
    private static final S3Endpoint NOWHERE =
            new S3Endpoint(URI.create("http://127.0.0.1:9"), "us-east-1", "access", "very-secret-indeed");

    @ParameterizedTest
    @CsvSource({
        "REGISTRY_BUCKET, '', registry.bucket",
        "SERVICE_ROLE, everything, service.role",
        "EVENTS_ANSWER_WITHIN, soon, events.answer-within"
    })
    void anInvalidValueStopsTheStartAndIsNamed(String variable, String value, String property) {
        // Given
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.put(variable, value);

        // When
        ProductCommand start = Product.failedStart(settings);

        // Then
        assertEquals(2, start.code(), start::toString);
        assertEquals("", start.output());
        String errors = start.errors();
        assertEquals(1, errors.lines().count(), errors);
        assertTrue(
                errors.startsWith("Configuration: " + property + " (environment: " + variable(property) + ") "),
                errors);
        assertFalse(errors.contains("very-secret-indeed"), errors);
    }

    @Test
    void anUnknownPropertyInAFileStopsACommandAndIsNamed(@TempDir Path directory) throws IOException {
        // Given
        Path file = Files.writeString(directory.resolve("backup.properties"), "reconcile.deltes=mirror\n");
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.put("QUARKUS_CONFIG_LOCATIONS", file.toString());

        // When
        ProductCommand command = ProductCommand.run(settings, "catalog");

        // Then
        assertEquals(
                new ProductCommand(
                        2,
                        "",
                        "Configuration: reconcile.deltes is not a known property. The nearest is reconcile.deletes;"
                                + " docs/configuration.md lists all\n"),
                command);
    }

    @Test
    void aCommandNamesWhatIsMissingInOneLine() {
        // When
        ProductCommand command = ProductCommand.run(Map.of("BACKUP_BUCKET", "backup"), "catalog");

        // Then
        assertEquals(2, command.code(), command::toString);
        assertEquals("", command.output());
        assertEquals(
                "Configuration: registry.bucket (environment: REGISTRY_BUCKET) is not set: name the bucket\n",
                command.errors());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--help             | 0 | Usage: registry-backup",
                "--version          | 0 | registry-backup 0.",
                "restore --everyone | 2 | Try 'registry-backup restore --help'."
            })
    void helpVersionAndUsageNeedNoConfiguration(String arguments, int code, String text) {
        // When
        ProductCommand command = ProductCommand.run(Map.of(), arguments.split(" "));

        // Then
        assertEquals(code, command.code(), command::toString);
        assertTrue((code == 0 ? command.output() : command.errors()).contains(text), command::toString);
        assertEquals("", code == 0 ? command.errors() : command.output());
    }

    @Test
    void itStartsWithoutItsStoresAndAmongForeignVariablesAndLogsJson() throws Exception {
        // Given
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.put("LOGGING_FORMAT", "json");
        settings.putAll(Map.of(
                "REGISTRY_PORT", "tcp://10.0.0.1:5000",
                "REGISTRY_STORAGE_S3_ACCESSKEY", "somebody's",
                "BACKUP_PORT_80_TCP_ADDR", "10.0.0.2",
                "EVENTS_SERVICE_PORT", "80"));

        // When
        String log;
        try (Product product = Product.start(settings)) {
            RestAssured.get(product.uri().resolve("/q/health/group/stores"));
            log = Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(
                            product::log,
                            // In whole lines.
                            logged -> logged.contains("\"store\":\"backup\"") && logged.endsWith("\n"));
        }

        // Then
        List<String> stores = new ArrayList<>();
        for (String line : log.lines().toList()) {
            JsonNode json = new ObjectMapper().readTree(line);
            assertTrue(json.hasNonNull("timestamp") && json.hasNonNull("level") && json.hasNonNull("logger"), line);
            if (json.path("event").asText().equals("store-unreachable")) {
                stores.add(json.path("store").asText());
            }
        }
        assertTrue(stores.containsAll(List.of("registry", "backup")), log);
        assertFalse(log.contains("very-secret-indeed"), log);
        assertFalse(log.contains("SRCFG"), log);
    }

    private static String variable(String property) {
        return property.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
    }
}
