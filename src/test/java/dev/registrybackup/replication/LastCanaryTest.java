package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.replication.LastCanary.CanaryRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LastCanaryTest {
    private static final Instant FIRST = Instant.parse("2026-11-22T10:00:00Z");
    private static final Instant SECOND = FIRST.plusSeconds(600);
    private static final Instant THIRD = SECOND.plusSeconds(600);

    private final InMemoryObjectStore backup = new InMemoryObjectStore("copy", true, new SettableClock());
    private final LastCanary lastCanary = new LastCanary(backup);

    @Test
    void beforeTheFirstNothingIsKnown() {
        // When
        CanaryRecord record = lastCanary.read();

        // Then
        assertEquals(new CanaryRecord(Optional.empty(), Optional.empty(), 0), record);
    }

    @Test
    void lostOnesAreCountedUntilOneArrivesAndTheLastArrivalStays() {
        // Given
        lastCanary.write(FIRST, Optional.of(FIRST.plusSeconds(2)));
        lastCanary.write(SECOND, Optional.empty());

        // When
        CanaryRecord lost = lastCanary.write(THIRD, Optional.empty());
        CanaryRecord arrived = lastCanary.write(THIRD.plusSeconds(600), Optional.of(THIRD.plusSeconds(601)));

        // Then
        assertEquals(new CanaryRecord(Optional.of(THIRD), Optional.of(FIRST.plusSeconds(2)), 2), lost);
        assertEquals(
                new CanaryRecord(Optional.of(THIRD.plusSeconds(600)), Optional.of(THIRD.plusSeconds(601)), 0), arrived);
        assertEquals(1, backup.versionCount(""));
    }

    @Test
    void aDamagedRecordCountsAsNone() {
        // Given
        backup.seed(LastCanary.KEY, "{".getBytes(StandardCharsets.UTF_8));

        // When
        CanaryRecord lost = lastCanary.write(FIRST, Optional.empty());

        // Then
        assertEquals(new CanaryRecord(Optional.of(FIRST), Optional.empty(), 1), lost);
    }
}
