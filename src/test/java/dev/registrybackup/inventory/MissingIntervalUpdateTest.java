package dev.registrybackup.inventory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.inventory.MissingIntervalUpdate.Added;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rewriting the record of missing intervals, compared with a model in memory. */
class MissingIntervalUpdateTest {
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    private static final int KEYS = 40;

    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, new SettableClock());
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);

    private Path scratch;

    @BeforeEach
    void createRecord(@TempDir Path directory) {
        scratch = directory;
    }

    private static Instant daysAgo(long days) {
        return NOW.minus(Duration.ofDays(days));
    }

    private static String key(int number) {
        return "k%02d".formatted(number);
    }

    private void record(List<MissingInterval> absences) {
        StringBuilder lines = new StringBuilder();
        absences.forEach(
                missingInterval -> lines.append(missingInterval.toJson()).append('\n'));
        bucket.seed(MissingIntervals.KEY, lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    private List<MissingInterval> storedIntervals() {
        try (Stream<MissingInterval> all = new MissingIntervals(bucket).list(scratch)) {
            return all.toList();
        }
    }

    /** One range of a comparison: its last key, and the keys missing in it, if they are known. */
    private record Range(String end, Optional<SortedSet<String>> absent) {}

    private List<String> update(List<Range> ranges) throws IOException {
        List<String> fresh = new ArrayList<>();
        try (MissingIntervalUpdate update = new MissingIntervals(backup).update(scratch, NOW)) {
            for (Range range : ranges) {
                range.absent()
                        .ifPresentOrElse(
                                absent -> {
                                    absent.stream()
                                            .filter(key -> update.add(key, asked -> true) == Added.NEW)
                                            .forEach(fresh::add);
                                    update.endIntervalsBefore(range.end());
                                },
                                () -> update.keepRange(range.end()));
            }
            update.commit();
        }
        return fresh;
    }

    /** Zero to three intervals for each key, the last of which may last. */
    private static Map<String, List<MissingInterval>> randomRecord(Random random) {
        TreeMap<String, List<MissingInterval>> all = new TreeMap<>();
        for (int number = 0; number < KEYS; number++) {
            List<MissingInterval> intervals = new ArrayList<>();
            long days = 900;
            for (int count = random.nextInt(4); count > 0; count--) {
                long from = days - 1 - random.nextInt(100);
                long until = from - 1 - random.nextInt(100);
                boolean lasts = count == 1 && random.nextBoolean();
                intervals.add(new MissingInterval(
                        key(number), daysAgo(from), lasts ? Optional.empty() : Optional.of(daysAgo(until))));
                days = until;
            }
            if (!intervals.isEmpty()) {
                all.put(key(number), intervals);
            }
        }
        return all;
    }

    private static List<Range> randomRanges(Random random) {
        List<Range> ranges = new ArrayList<>();
        int from = 0;
        while (from < KEYS - 5) {
            int end = from + 1 + random.nextInt(12);
            SortedSet<String> absent = new TreeSet<>();
            for (int number = from; number < Math.min(end, KEYS); number++) {
                if (random.nextInt(3) == 0) {
                    absent.add(key(number));
                }
            }
            ranges.add(new Range(key(end), random.nextInt(4) == 0 ? Optional.empty() : Optional.of(absent)));
            from = end;
        }
        return ranges;
    }

    /** The expected record, computed key by key. */
    private static List<MissingInterval> expectedIntervals(Map<String, List<MissingInterval>> old, List<Range> ranges) {
        List<MissingInterval> all = new ArrayList<>();
        for (int number = 0; number < KEYS + 20; number++) {
            String key = key(number);
            List<MissingInterval> before = old.getOrDefault(key, List.of());
            Optional<Range> in = ranges.stream()
                    .filter(range -> key.compareTo(range.end()) < 0)
                    .findFirst();
            Optional<SortedSet<String>> missingKeys = in.flatMap(Range::absent);
            if (missingKeys.isEmpty()) {
                all.addAll(before);
                continue;
            }
            boolean isAbsent = missingKeys.get().contains(key);
            before.stream()
                    .filter(missingInterval -> missingInterval.isOpen()
                            || !missingInterval
                                    .until()
                                    .orElseThrow()
                                    .isBefore(daysAgo(MissingIntervalUpdate.RETENTION_DAYS)))
                    .map(missingInterval ->
                            missingInterval.isOpen() && !isAbsent ? missingInterval.endAt(NOW) : missingInterval)
                    .forEach(all::add);
            if (isAbsent && before.stream().noneMatch(MissingInterval::isOpen)) {
                all.add(new MissingInterval(key, NOW, Optional.empty()));
            }
        }
        return all;
    }

    @Test
    void itBecomesWhatAModelInMemorySays() throws IOException {
        for (int seed = 0; seed < 300; seed++) {
            // Given
            Random random = new Random(seed);
            Map<String, List<MissingInterval>> old = randomRecord(random);
            List<Range> ranges = randomRanges(random);
            record(old.values().stream().flatMap(List::stream).toList());

            // When
            List<String> fresh = update(ranges);

            // Then
            List<MissingInterval> now = storedIntervals();
            assertEquals(expectedIntervals(old, ranges), now, "seed " + seed);
            assertEquals(
                    now.stream()
                            .filter(missingInterval -> missingInterval.from().equals(NOW))
                            .map(MissingInterval::key)
                            .toList(),
                    fresh,
                    "seed " + seed);
            assertEquals(
                    now.stream()
                            .sorted(Comparator.comparing(MissingInterval::key).thenComparing(MissingInterval::from))
                            .toList(),
                    now,
                    "seed " + seed);
        }
    }

    @Test
    void aContinuingAbsenceIsNotWrittenAgain() throws IOException {
        // Given
        record(List.of(
                new MissingInterval("a", daysAgo(5), Optional.empty()),
                new MissingInterval("b", daysAgo(9), Optional.of(daysAgo(2))),
                new MissingInterval("c", daysAgo(5), Optional.empty())));

        // When
        List<String> fresh = update(
                List.of(new Range("b", Optional.of(new TreeSet<>(List.of("a")))), new Range("z", Optional.empty())));

        // Then
        assertEquals(List.of(), fresh);
        assertEquals(List.of(), backup.writtenKeys());
    }

    @Test
    void withoutARecordAndWithoutAbsencesNoneIsWritten() throws IOException {
        // When
        update(List.of(new Range("z", Optional.of(new TreeSet<>()))));

        // Then
        assertEquals(List.of(), backup.writtenKeys());
    }

    @ParameterizedTest
    @ValueSource(ints = {399, 401})
    void anEndedAbsenceIsKeptForFourHundredDays(int days) throws IOException {
        // Given
        record(List.of(new MissingInterval("a", daysAgo(500), Optional.of(daysAgo(days)))));

        // When
        update(List.of(new Range("z", Optional.of(new TreeSet<>()))));

        // Then
        assertEquals(days < 400 ? 1 : 0, storedIntervals().size());
    }

    @Test
    void aNewRecordThatCannotBeWrittenLeavesTheOldOneAndNoFile() throws IOException {
        // Given
        record(List.of(new MissingInterval("a", daysAgo(5), Optional.empty())));
        byte[] before = bucket.bytes(MissingIntervals.KEY);
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is tired");
            }
        });

        // When
        assertThrows(ObjectStoreException.class, () -> update(List.of(new Range("z", Optional.of(new TreeSet<>())))));

        // Then
        assertArrayEquals(before, bucket.bytes(MissingIntervals.KEY));
        try (Stream<Path> files = Files.list(scratch)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void anAbandonedUpdateLeavesTheOldRecord() throws IOException {
        // Given
        record(List.of(new MissingInterval("a", daysAgo(5), Optional.empty())));

        // When
        try (MissingIntervalUpdate update = new MissingIntervals(backup).update(scratch, NOW)) {
            update.endIntervalsBefore("z");
        }

        // Then
        assertTrue(storedIntervals().get(0).isOpen());
    }

    @Test
    void oneRecordIsLeftHoweverOftenItIsWritten() throws IOException {
        // Given
        update(List.of(new Range("z", Optional.of(new TreeSet<>(List.of("a"))))));

        // When
        update(List.of(new Range("z", Optional.of(new TreeSet<>(List.of("b"))))));

        // Then
        assertEquals(1, bucket.versionCount(MissingIntervals.KEY));
        assertEquals(
                Map.of("a", false, "b", true),
                storedIntervals().stream()
                        .collect(java.util.stream.Collectors.toMap(MissingInterval::key, MissingInterval::isOpen)));
    }
}
