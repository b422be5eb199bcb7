package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.LogContext;
import org.jboss.logmanager.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Events and records of libraries in a JSON log. */
class JsonLogFormatterTest {
    private static final String NAME = JsonLogFormatterTest.class.getName();

    private final List<String> lines = new ArrayList<>();
    private final Logger logger = LogContext.getLogContext().getLogger(NAME);
    private final ExtHandler handler = new ExtHandler() {
        @Override
        protected void doPublish(ExtLogRecord logRecord) {
            lines.add(new JsonLogFormatter().format(logRecord));
        }
    };

    JsonLogFormatterTest() {
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
    }

    @AfterEach
    void remove() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }

    private JsonNode onlyLine() throws Exception {
        assertEquals(1, lines.size());
        assertEquals(1, lines.get(0).lines().count(), lines.get(0));
        return new ObjectMapper().readTree(lines.get(0));
    }

    @Test
    void eachFieldOfAnEventIsAMember() throws Exception {
        // When
        LogEvent.of("rejected")
                .with("problem", "a {0} 'quoted' \"%s\"\nlevel=FATAL")
                .with("bytes", 71)
                .log(System.getLogger(NAME), Level.WARNING);

        // Then
        JsonNode line = onlyLine();
        assertEquals("WARN", line.path("level").asText());
        assertEquals(NAME, line.path("logger").asText());
        assertTrue(line.path("timestamp").asText().matches("20\\d\\d-\\d\\d-\\d\\dT.*Z"), line::toString);
        assertEquals("rejected", line.path("event").asText());
        assertEquals(71, line.path("bytes").asInt());
        assertEquals("a {0} 'quoted' \"%s\"\nlevel=FATAL", line.path("problem").asText());
    }

    @Test
    void aFailureHasItsStackTraceInTheSameLine() throws Exception {
        // When
        LogEvent.of("operation-failed")
                .with("id", "a")
                .log(System.getLogger(NAME), Level.ERROR, new IllegalStateException("no \"way\""));

        // Then
        JsonNode line = onlyLine();
        assertEquals("ERROR", line.path("level").asText());
        assertEquals("operation-failed", line.path("event").asText());
        assertTrue(
                line.path("stackTrace").asText().startsWith("java.lang.IllegalStateException: no \"way\"\n"),
                line::toString);
    }

    @Test
    void aLibrarysLogLineBecomesAMessage() throws Exception {
        // When
        org.jboss.logging.Logger.getLogger(NAME).infof("Listening on %s\nand %d", "\"all\"", 8080);

        // Then
        assertEquals(
                "Listening on \"all\"\nand 8080", onlyLine().path("message").asText());
    }
}
