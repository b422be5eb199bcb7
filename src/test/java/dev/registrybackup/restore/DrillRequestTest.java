package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.TestJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DrillRequestTest {
    private static DrillRequest parse(String json) {
        return DrillRequest.parse(TestJson.parse(json), 5, () -> 42);
    }

    @Test
    void whatIsNotSaidIsAsUsualAndOnRecordAfterwards() {
        // When
        DrillRequest usual = parse("{}");

        // Then
        assertEquals(new DrillRequest(5, 42), usual);
        assertEquals(usual, parse(usual.json().toString()));
        assertEquals(new DrillRequest(2, -3), parse("{'images':2,'seed':-3}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'images':0}              | from 1 to 1000",
                "{'images':1001}           | from 1 to 1000",
                "{'images':-9000000000}    | \"images\"",
                "{'images':9000000000}     | \"images\" must be an integer",
                "{'images':'5'}            | \"images\" must be an integer",
                "{'seed':1.5}              | \"seed\" must be an integer",
                "{'target':'registry'}     | \"target\" is not a field",
            })
    void anythingElseIsRefused(String json, String reason) {
        // When
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> parse(json));

        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains(reason), refused::getMessage);
    }
}
