package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OperationIdTest {
    @Test
    void anIdHasTheTimeOfTheRequest() {
        // When
        OperationId id = OperationId.of(Instant.parse("2026-11-22T13:45:00.987Z"), "1f3a9c2e");

        // Then
        assertEquals("20261122T134500Z-1f3a9c2e", id.toString());
        assertEquals(Instant.parse("2026-11-22T13:45:00Z"), id.requestedAt());
    }

    @Test
    void idsSortByTime() {
        // When
        OperationId earlier = OperationId.of(Instant.parse("2026-09-30T23:59:59Z"), "ffffffff");
        OperationId later = OperationId.of(Instant.parse("2026-10-01T00:00:00Z"), "00000000");

        // Then
        assertTrue(earlier.value().compareTo(later.value()) < 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "..",
                "20261122T134500Z",
                "20261122T134500Z-",
                "20261122T134500Z-1f3a9c2",
                "20261122T134500Z-1f3a9c2ee",
                "20261122T134500Z-1F3A9C2E",
                "20261322T134500Z-1f3a9c2e",
                "20260230T134500Z-1f3a9c2e",
                "20261122T254500Z-1f3a9c2e",
                "20261122T134500Z-1f3a9c2e/request",
                "../20261122T134500Z-1f3a9c2e",
                "20261122T134500Z-1f3a9c2e\n",
                "٢٠261122T134500Z-1f3a9c2e"
            })
    void anInvalidIdIsRefused(String text) {
        // When
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> new OperationId(text));

        // Then
        assertEquals(
                "Not an operation id: \"%s\". An id has the form 20261122T134500Z-1f3a9c2e".formatted(text),
                refusal.getMessage());
    }

    @Test
    void aLongTextIsRepeatedOnlyInPart() {
        // When
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> new OperationId("x".repeat(100_000)));

        // Then
        assertEquals(
                "Not an operation id: \"%s\". An id has the form 20261122T134500Z-1f3a9c2e".formatted("x".repeat(64)),
                refusal.getMessage());
    }
}
