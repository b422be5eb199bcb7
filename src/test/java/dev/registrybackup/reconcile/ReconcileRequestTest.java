package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReconcileRequestTest {
    private static JsonNode json(String text) throws JsonProcessingException {
        return new ObjectMapper().readTree(text.replace('\'', '"'));
    }

    @Test
    void aRequestIsWrittenAsItWasRead() throws JsonProcessingException {
        // Given
        JsonNode empty = json("{}");
        JsonNode acknowledging = json("{'acknowledge':'mass-deletion-1'}");

        // When
        ReconcileRequest usual = ReconcileRequest.parse(empty);
        ReconcileRequest named = ReconcileRequest.parse(acknowledging);

        // Then
        assertEquals(new ReconcileRequest(Optional.empty()), usual);
        assertEquals(new ReconcileRequest(Optional.of("mass-deletion-1")), named);
        assertEquals(empty, usual.json());
        assertEquals(acknowledging, named.json());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'scope':{}}         | \"scope\" is not a field of a reconcile request",
                "{'acknowledge':true} | \"acknowledge\" must be the id of an alarm",
                "{'acknowledge':null} | \"acknowledge\" must be the id of an alarm",
                "{'acknowledge':['x']}| \"acknowledge\" must be the id of an alarm",
                "{'acknowledge':''}   | \"acknowledge\" must be the id of an alarm",
            })
    void anythingElseIsRefused(String text, String message) throws JsonProcessingException {
        // Given
        JsonNode request = json(text);

        // When
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> ReconcileRequest.parse(request));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).startsWith(message), refusal::getMessage);
    }
}
