package dev.registrybackup.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MissingIntervalsTest {
    private static final int NEVER = -1;
    private static final int MANY = 10_000;

    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final MissingIntervals missingIntervals = new MissingIntervals(backup);

    private static int minute(Instant time) {
        return (int) Duration.between(at(0), time).toMinutes();
    }

    private static Instant at(int minute) {
        return Instant.parse("2026-01-01T00:00:00Z").plusSeconds(60L * minute);
    }

    private void record(String... lines) {
        String all = String.join("\n", lines).replace('\'', '"') + "\n";
        backup.seed(MissingIntervals.KEY, all.getBytes(StandardCharsets.UTF_8));
    }

    private void readAll() {
        missingIntervals.read().absentSince("z", at(0));
    }

    @Test
    void withoutARecordNothingWasAbsent() {
        // When
        Optional<Instant> since = missingIntervals.read().absentSince("a", at(0));

        // Then
        assertEquals(Optional.empty(), since);
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
            MissingIntervals.MissingIntervalCursor missingIntervalCursor = missingIntervals.read();
            since.add(Stream.of("a", "b", "c")
                    .map(key -> missingIntervalCursor.absentSince(key, at(minute)))
                    .map(from -> from.map(MissingIntervalsTest::minute).orElse(NEVER))
                    .toList());
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
    void anUnreadableRecordIsNotTakenForNothingMissing() {
        // Given
        record("{'key':'a','from':'yesterday'}");

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, this::readAll);

        // Then
        assertEquals(
                "Failed to read registry-backup/missing-in-registry to its end: not an interval: {\"key\":\"a\",\"from\":\"yesterday\"}",
                failure.getMessage());
    }

    /** More than are fetched at once. */
    private static String[] many(int minute) {
        return IntStream.range(0, MANY)
                .mapToObj(number -> "{'key':'%s','from':'%s'}".formatted(key(number), at(minute)))
                .toArray(String[]::new);
    }

    private static String key(int number) {
        return "docker/registry/v2/repositories/ns/app/_manifests/tags/v%05d/current/link".formatted(number);
    }

    @Test
    void nothingIsLeftOpenHoweverLongTheNextKeyIsInComing() {
        // Given
        record(many(10));
        RecordingObjectStore asked = new RecordingObjectStore(backup);
        MissingIntervals.MissingIntervalCursor missingIntervalCursor = new MissingIntervals(asked).read();

        for (int number = 0; number < MANY; number++) {
            // When
            Optional<Instant> since = missingIntervalCursor.absentSince(key(number), at(20));

            // Then
            assertEquals(Optional.of(at(10)), since);
            assertEquals(0, asked.openNow(), key(number));
        }
        assertEquals(
                2,
                asked.requests().stream()
                        .filter(request -> request.operation() == Operation.OPEN)
                        .count());
    }

    @Test
    void aRecordThatIsWrittenAnewMeanwhileIsReadOnFromTheSameKey() {
        // Given
        record(many(10));
        MissingIntervals.MissingIntervalCursor missingIntervalCursor = missingIntervals.read();
        Optional<Instant> before = missingIntervalCursor.absentSince(key(0), at(20));
        record(many(15));

        // When
        Optional<Instant> after = missingIntervalCursor.absentSince(key(MANY - 1), at(20));

        // Then
        assertEquals(Optional.of(at(10)), before);
        assertEquals(Optional.of(at(15)), after);
    }

    @Test
    void aRecordThatEndsBeforeItsEndIsNotTakenForTheWhole() {
        // Given
        record(many(10));
        RecordingObjectStore cut = new RecordingObjectStore(backup);
        cut.transformRead(opened -> InMemoryObjectStore.openObject(opened.info(), InputStream.nullInputStream()));

        // When
        ObjectStoreException failure = assertThrows(
                ObjectStoreException.class,
                () -> new MissingIntervals(cut).read().absentSince("z", at(20)));

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
    }
}
