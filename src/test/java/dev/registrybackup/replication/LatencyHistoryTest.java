package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatencyHistoryTest {
    /** The clock's first day. */
    private static final LocalDate DAY = LocalDate.parse("2026-03-04");

    private static final String OWN = "registry-backup/history/latency/2026-03-04/pod-1";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final LatencyRecorder first = new LatencyRecorder(backup, "pod-1", clock);
    private final LatencyRecorder second = new LatencyRecorder(backup, "pod-2", clock);
    private final LatencyHistory history = new LatencyHistory(backup);

    private static void record(LatencyRecorder recorder, int objects, Duration latency) {
        for (int object = 0; object < objects; object++) {
            recorder.record(latency);
        }
    }

    private LatencyHistogram histogram(LocalDate day) {
        return Optional.ofNullable(history.read().get(day)).orElseThrow();
    }

    private Set<String> keys() {
        try (var listing = bucket.list("registry-backup/history/")) {
            return listing.map(object -> object.key()).collect(Collectors.toSet());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "9, 10", "100, 121", "121, 121", "1000, 1113", "172800000, 97338793"})
    void aPercentileIsRoundedUpToItsBucket(long millis, long bound) {
        // Given
        LatencyHistogram histogram = new LatencyHistogram();

        // When
        histogram.record(Duration.ofMillis(millis));

        // Then
        assertEquals(Optional.of(Duration.ofMillis(bound)), histogram.percentile(0.99));
    }

    @Test
    void figuresOfAllInstancesAddUp() {
        // Given
        record(first, 98, Duration.ofMillis(100));
        record(second, 2, Duration.ofSeconds(1));
        first.flush();
        second.flush();

        // When
        LatencyHistogram day = histogram(DAY);

        // Then
        assertEquals(100, day.objects());
        assertEquals(Optional.of(Duration.ofMillis(121)), day.percentile(0.5));
        assertEquals(Optional.of(Duration.ofMillis(1113)), day.percentile(0.99));
    }

    @Test
    void anInstanceWritesOnlyWhatIsNewAndKeepsOneVersion() {
        // Given
        record(first, 1, Duration.ofMillis(100));
        first.flush();
        record(first, 1, Duration.ofMillis(100));
        first.flush();
        backup.clearRequests();

        // When
        first.flush();

        // Then
        assertEquals(List.of(), backup.requests());
        assertEquals(1, bucket.versionCount(OWN));
        assertEquals(2, histogram(DAY).objects());
    }

    @Test
    void whatCouldNotBeWrittenIsWrittenNextTime() {
        // Given
        backup.failAlways(StoreError.UNAVAILABLE, "no answer");
        record(first, 3, Duration.ofMillis(100));
        assertThrows(ObjectStoreException.class, first::flush);
        backup.heal();

        // When
        first.flush();

        // Then
        assertEquals(3, histogram(DAY).objects());
    }

    @Test
    void endedDaysBecomeOneRecordAndTodayStaysWithItsInstances() {
        // Given
        record(first, 1, Duration.ofMillis(100));
        record(second, 2, Duration.ofMillis(100));
        clock.advance(Duration.ofDays(1));
        record(first, 4, Duration.ofMillis(100));
        first.flush();
        second.flush();

        // When
        history.fold(clock.instant());

        // Then
        assertEquals(
                Set.of("registry-backup/history/replication", "registry-backup/history/latency/2026-03-05/pod-1"),
                keys());
        assertEquals(0, bucket.versionCount(OWN));
        assertEquals(3, histogram(DAY).objects());
        assertEquals(4, histogram(DAY.plusDays(1)).objects());
    }

    @Test
    void aDayThatHasJustEndedIsLeftForItsLastFigures() {
        // Given
        record(first, 1, Duration.ofMillis(100));
        first.flush();
        clock.advance(Duration.between(clock.instant(), Instant.parse("2026-03-05T00:59:59Z")));

        // When
        history.fold(clock.instant());

        // Then
        assertEquals(Set.of(OWN), keys());
    }

    @Test
    void anInterruptedFoldCountsNothingTwice() {
        // Given
        record(first, 5, Duration.ofMillis(100));
        record(second, 5, Duration.ofMillis(100));
        first.flush();
        second.flush();
        clock.advance(Duration.ofDays(1));
        backup.failOn(Operation.DELETE, "", StoreError.UNAVAILABLE, "no answer");
        assertThrows(ObjectStoreException.class, () -> history.fold(clock.instant()));
        assertEquals(10, histogram(DAY).objects());
        backup.heal();

        // When
        history.fold(clock.instant());

        // Then
        assertEquals(10, histogram(DAY).objects());
        assertEquals(Set.of("registry-backup/history/replication"), keys());
    }

    @Test
    void daysOlderThanTheHistoryAreRemoved() {
        // Given
        record(first, 1, Duration.ofMillis(100));
        first.flush();
        clock.advance(Duration.ofDays(1));
        history.fold(clock.instant());
        record(first, 1, Duration.ofMillis(100));
        first.flush();
        clock.advance(Duration.ofDays(DailyHistory.MAX_DAYS));

        // When
        history.fold(clock.instant());

        // Then
        assertEquals(Set.of(DAY.plusDays(1)), history.read().keySet());
    }

    @Test
    void damagedRecordsAreNoFigures() {
        // Given
        MetadataStore records = new MetadataStore(bucket);
        records.put(OWN, "no JSON");
        records.put("registry-backup/history/latency/someday/pod-1", "{\"1\":1}");
        records.put("registry-backup/history/replication", "{\"2026-03-01\":{\"x\":1,\"-5\":2,\"121\":-3},\"y\":{}}");

        // When
        Set<LocalDate> days = history.read().keySet();

        // Then
        assertEquals(Set.of(DAY, LocalDate.parse("2026-03-01")), days);
        assertEquals(0, histogram(DAY).objects());
        assertEquals(Optional.empty(), histogram(LocalDate.parse("2026-03-01")).percentile(0.5));
    }
}
