package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.lab.TestJson;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperationHandlersTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "VERIFY | {} | true",
                "VERIFY | {\"store\":\"registry\",\"depth\":\"content\"} | true",
                "VERIFY | {\"scope\":{\"repository\":\"team/app\"}} | false",
                "RESTORE | {\"scope\":{\"all\":true}} | true",
                "RESTORE | {\"scope\":{\"namespace\":\"team\"}} | false",
                "RESTORE | {\"scope\":{\"all\":true},\"imageStreams\":\"status\"} | false",
                "RECONCILE | {} | true",
                "DRILL | {} | false"
            })
    void onlyOperationsOnEverythingAreDivided(OperationKind kind, String parameters, boolean isDivisible) {
        // Given
        OperationId id = new OperationId("20261122T134500Z-1f3a9c2e");
        OperationRequest request =
                new OperationRequest(id, kind, "backup", TestJson.object(parameters), "a test", id.requestedAt());

        // Then
        assertEquals(isDivisible, OperationHandlers.isDivisible(request));
    }
}
