package dev.registrybackup.function;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import java.net.URI;
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
        "SERVICE_ROLE, capture, registry.kind"
    })
    void whatCannotWorkStopsTheStartAndIsNamed(String variable, String value, String property) {
        // Given
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.put(variable, value);

        // When
        String log = Product.failedStart(settings);

        // Then
        assertTrue(log.contains(property), log);
        assertFalse(log.contains("very-secret-indeed"), log);
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
                "EVENT_SERVICE_PORT", "80"));

        // When
        try (Product product = Product.start(settings)) {
            // Then
            assertFalse(product.log().contains("very-secret-indeed"), product.log());
            assertFalse(product.log().contains("SRCFG"), product.log());
        }
    }
}
