package dev.registrybackup.app.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.OpenApi;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenApiTest {
    private static final String PENDING = """
            {"id": "20260304T050607Z-00000001", "kind": "restore", "state": "pending", "lock": "registry",
             "parameters": {}, "requestedBy": "alice", "requestedAt": "2026-03-04T05:06:07Z", "phase": "starting",
             "objects": {"done": 0, "total": 0}, "bytes": {"done": 0, "total": 0},
             "rate": {"objectsPerSecond": 0.0, "bytesPerSecond": 0.0}, "findings": {"counts": {}, "first": []}}
            """;

    private final OpenApi openApi = OpenApi.read();

    @Test
    void eachRouteIsDocumentedWithItsVerbAndEachThatIsDocumentedIsARoute() {
        assertEquals(OperationRoutes.verbs(), openApi.verbs());
    }

    @Test
    void anAnswerThatFitsHasNoFlaws() {
        // When
        List<String> flaws = openApi.flaws("GET", "/operations/20260304T050607Z-00000001", 200, PENDING);

        // Then
        assertEquals(List.of(), flaws);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"pending\" | \"resting\" | 200",
                "\"lock\"    | \"extra\"   | 200",
                "\"done\": 0 | \"done\": \"none\" | 200",
                "pending     | pending     | 418"
            })
    void anAnswerThatDoesNotFitHasFlaws(String part, String other, int status) {
        // When
        List<String> flaws =
                openApi.flaws("GET", "/operations/20260304T050607Z-00000001", status, PENDING.replace(part, other));

        // Then
        assertTrue(!flaws.isEmpty());
    }

    @Test
    void pathsOutsideTheApiAreNotCheckedAgainstIt() {
        assertEquals(List.of(), openApi.flaws("POST", "/notification", 204, ""));
    }
}
