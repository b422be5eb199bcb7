package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LastRunTest {
    private static final Instant MONDAY = Instant.parse("2026-11-16T00:00:00Z");
    private static final Instant TUESDAY = Instant.parse("2026-11-17T00:00:00Z");

    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, new SettableClock());
    private final LastRun lastRun = new LastRun(backup);

    private static ObjectNode summary(int copied) {
        return JsonNodeFactory.instance.objectNode().put("copied", copied);
    }

    @Test
    void withoutARecordThereWasNone() {
        // When
        LastRun.LastRunRecord lastRunRecord = lastRun.read();

        // Then
        assertEquals(
                new LastRun.LastRunRecord(
                        JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty(), Optional.empty()),
                lastRunRecord);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRunThatFailedOrLeftSomethingDoesNotHideTheLastThatDidNot(boolean isSuccess) {
        // Given
        lastRun.write(summary(1), true, true, MONDAY, MONDAY.plusSeconds(60));

        // When
        lastRun.write(summary(2), isSuccess, false, TUESDAY, TUESDAY.plusSeconds(60));

        // Then
        Instant lastSuccess = isSuccess ? TUESDAY : MONDAY;
        assertEquals(
                new LastRun.LastRunRecord(
                        summary(2),
                        Optional.of(lastSuccess),
                        Optional.of(lastSuccess.plusSeconds(60)),
                        Optional.of(MONDAY)),
                lastRun.read());
        assertEquals(1, backup.versionCount(LastRun.KEY));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "[]", "none", "{\"summary\":1}", "{\"summary\":{},\"lastSuccessStartedAt\":\"yesterday\"}"})
    void aRecordThatCannotBeParsedIsIgnored(String text) {
        // Given
        backup.seed(LastRun.KEY, text.getBytes(StandardCharsets.UTF_8));

        // When
        lastRun.write(summary(3), true, true, MONDAY, TUESDAY);

        // Then
        assertEquals(Optional.of(TUESDAY), lastRun.read().lastSuccessFinishedAt());
        assertEquals(summary(3), lastRun.read().summary());
    }
}
