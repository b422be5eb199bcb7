package dev.registrybackup.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AbsencesTest {
    private static final int NEVER = -1;

    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final Absences absences = new Absences(backup);

    private static int minute(Instant time) {
        return (int) Duration.between(at(0), time).toMinutes();
    }

    private static Instant at(int minute) {
        return Instant.parse("2026-01-01T00:00:00Z").plusSeconds(60L * minute);
    }

    private void record(String... lines) {
        String all = String.join("\n", lines).replace('\'', '"') + "\n";
        backup.seed(Absences.KEY, all.getBytes(StandardCharsets.UTF_8));
    }

    private void readAll() {
        try (Absences.Reading reading = absences.read()) {
            reading.absentSince("z", at(0));
        }
    }

    @Test
    void withoutARecordNothingWasAbsent() {
        // When
        try (Absences.Reading reading = absences.read()) {
            // Then
            assertEquals(Optional.empty(), reading.absentSince("a", at(0)));
        }
    }

    @Test
    void anIntervalCoversItsBeginningAndNotItsEnd() {
        // Given
        record(
                "{'key':'a','from':'%s','until':'%s'}".formatted(at(10), at(20)),
                "{'key':'a','from':'%s','until':'%s'}".formatted(at(30), at(40)),
                "{'key':'c','from':'%s'}".formatted(at(10)));
        List<List<Integer>> since = new ArrayList<>();

        // When
        for (int minute : List.of(9, 10, 19, 20, 35, 40, 1000)) {
            try (Absences.Reading reading = absences.read()) {
                since.add(Stream.of("a", "b", "c")
                        .map(key -> reading.absentSince(key, at(minute)))
                        .map(from -> from.map(AbsencesTest::minute).orElse(NEVER))
                        .toList());
            }
        }

        // Then
        assertEquals(
                List.of(
                        List.of(NEVER, NEVER, NEVER),
                        List.of(10, NEVER, 10),
                        List.of(10, NEVER, 10),
                        List.of(NEVER, NEVER, 10),
                        List.of(30, NEVER, 10),
                        List.of(NEVER, NEVER, 10),
                        List.of(NEVER, NEVER, 10)),
                since);
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
