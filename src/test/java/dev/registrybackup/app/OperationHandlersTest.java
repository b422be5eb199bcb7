package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import java.io.IOException;
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
                "RECONCILE | {} | false",
                "DRILL | {} | false"
            })
    void onlyVerificationsAndRestoresOfEverythingAreDivided(OperationKind kind, String parameters, boolean isDivisible)
            throws IOException {
        // Given
        OperationId id = new OperationId("20261122T134500Z-1f3a9c2e");
        ObjectNode json = (ObjectNode) new ObjectMapper().readTree(parameters);
        OperationRequest request = new OperationRequest(id, kind, "backup", json, "a test", id.requestedAt());

        // Then
        assertEquals(isDivisible, OperationHandlers.isDivisible(request));
    }
}
