package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AlarmsTest {
    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final Alarms alarms = new Alarms(backup, clock);

    @Test
    void anAlarmStaysOpenForEveryReader() {
        // When
        Alarm raised = alarms.raise("mass-deletion", "12 \"objects\" are absent");

        // Then
        assertEquals(List.of(raised), new Alarms(backup, clock).openAlarms());
        assertEquals("12 \"objects\" are absent", raised.problem());
        assertEquals(clock.instant(), raised.raisedAt());
    }

    @Test
    void oneThatStandsIsNotRaisedAgain() {
        // Given
        Alarm first = alarms.raise("mass-deletion", "12 objects");
        clock.advance(Duration.ofDays(1));

        // When
        Alarm second = alarms.raise("mass-deletion", "13 objects");

        // Then
        assertEquals(first, second);
        assertEquals(1, backup.keys(Alarms.PREFIX).size());
    }

    @Test
    void anotherCauseIsAnotherAlarm() {
        // Given
        alarms.raise("mass-deletion", "12 objects");

        // When
        alarms.raise("registry-empty", "nothing is there");

        // Then
        assertEquals(
                List.of("mass-deletion", "registry-empty"),
                alarms.openAlarms().stream().map(Alarm::cause).toList());
    }

    @Test
    void anAcknowledgedOneIsOpenNoMoreAndHasWhoAcknowledgedIt() {
        // Given
        Alarm raised = alarms.raise("mass-deletion", "12 objects");
        clock.advance(Duration.ofHours(1));

        // When
        Alarm acknowledged = alarms.acknowledge(raised.id(), "somebody");

        // Then
        assertFalse(acknowledged.isOpen());
        assertEquals(Optional.of(clock.instant() + " by somebody"), acknowledged.acknowledgement());
        assertEquals(List.of(), alarms.openAlarms());
        assertEquals(acknowledged, alarms.require(raised.id()));
    }

    @Test
    void theFirstAcknowledgementIsKept() {
        // Given
        Alarm raised = alarms.raise("mass-deletion", "12 objects");
        Alarm first = alarms.acknowledge(raised.id(), "somebody");

        // When
        Alarm second = alarms.acknowledge(raised.id(), "somebody else");

        // Then
        assertEquals(first, second);
    }

    @Test
    void afterAnAcknowledgedOneTheSameCauseIsAnAlarmAgain() {
        // Given
        Alarm first = alarms.raise("mass-deletion", "12 objects");
        alarms.acknowledge(first.id(), "somebody");
        clock.advance(Duration.ofSeconds(1));

        // When
        Alarm second = alarms.raise("mass-deletion", "13 objects");

        // Then
        assertEquals(List.of(second), alarms.openAlarms());
        assertFalse(alarms.require(first.id()).isOpen());
    }

    @Test
    void oneThatThereIsNotIsRefusedAndTheOpenOnesAreListed() {
        // Given
        Alarm raised = alarms.raise("mass-deletion", "12 objects");

        // When
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> alarms.acknowledge("many-absent-0", "somebody"));

        // Then
        assertEquals("There is no alarm \"many-absent-0\". Open alarms: [" + raised.id() + "]", refusal.getMessage());
    }

    @Test
    void aRecordThatIsNoneIsAnAlarmThatCanBeAcknowledged() {
        // Given
        backup.seed(Alarms.PREFIX + "odd", "all is well".getBytes(StandardCharsets.UTF_8));

        // When
        List<Alarm> open = alarms.openAlarms();

        // Then
        assertEquals(List.of("odd"), open.stream().map(Alarm::id).toList());
        alarms.acknowledge("odd", "somebody");
        assertEquals(List.of(), alarms.openAlarms());
    }

    @Test
    void noNumberOfOldOnesHidesANewOne() {
        // Given
        for (int number = 0; number < 1_100; number++) {
            String acknowledged =
                    "{\"cause\":\"a\",\"problem\":\"\",\"raisedAt\":\"2026-01-01T00:00:00Z\",\"acknowledged\":\"x\"}";
            backup.seed(Alarms.PREFIX + "a-%04d".formatted(number), acknowledged.getBytes(StandardCharsets.UTF_8));
        }

        // When
        Alarm raised = alarms.raise("registry-empty", "nothing is there");

        // Then
        assertTrue(alarms.openAlarms().contains(raised));
    }
}
