package dev.registrybackup.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AbsencesTest {
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final Absences absences = new Absences(backup);

    private static Instant at(int minute) {
        return Instant.parse("2026-01-01T00:00:00Z").plusSeconds(60L * minute);
    }

    private void record(String... lines) {
        String all = String.join("\n", lines).replace('\'', '"') + "\n";
        backup.seed(Absences.KEY, all.getBytes(StandardCharsets.UTF_8));
    }

    private void readAll() {
        try (Absences.Reading reading = absences.read()) {
            reading.covers("z", at(0));
        }
    }

    @Test
    void withoutARecordNothingWasAbsent() {
        // When
        try (Absences.Reading reading = absences.read()) {
            // Then
            assertFalse(reading.covers("a", at(0)));
        }
    }

    @Test
    void anIntervalCoversItsBeginningAndNotItsEnd() {
        // Given
        record(
                "{'key':'a','from':'%s','until':'%s'}".formatted(at(10), at(20)),
                "{'key':'a','from':'%s','until':'%s'}".formatted(at(30), at(40)),
                "{'key':'c','from':'%s'}".formatted(at(10)));
        List<Boolean> covered = new ArrayList<>();

        // When
        for (int minute : List.of(9, 10, 19, 20, 35, 40, 1000)) {
            try (Absences.Reading reading = absences.read()) {
                covered.add(reading.covers("a", at(minute)));
                covered.add(reading.covers("b", at(minute)));
                covered.add(reading.covers("c", at(minute)));
            }
        }

        // Then
        boolean no = false;
        boolean yes = true;
        assertEquals(
                List.of(no, no, no, yes, no, yes, yes, no, yes, no, no, yes, yes, no, yes, no, no, yes, no, no, yes),
                covered);
    }

    @Test
    void aRecordThatIsNoneIsNotTakenForNothingAbsent() {
        // Given
        record("{'key':'a','from':'yesterday'}");

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, this::readAll);

        // Then
        assertEquals(
                "Failed to read registry-backup/absences to its end: no interval: {\"key\":\"a\",\"from\":\"yesterday\"}",
                failure.getMessage());
    }
}
