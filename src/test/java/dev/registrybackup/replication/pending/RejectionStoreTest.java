package dev.registrybackup.replication.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RejectionStoreTest {
    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final RejectionStore rejectionStore = new RejectionStore(backup, clock, rejection -> {});

    @Test
    void theSameIsKeptOnceHoweverOftenItComes() {
        // Given
        Rejection corrupt = Rejection.ofKey("a", "corrupt");

        // When
        for (int hour = 0; hour < 3; hour++) {
            rejectionStore.save(corrupt);
            rejectionStore.save(Rejection.ofKey("a", "corrupt, in other words"));
            clock.advance(Duration.ofHours(2));
        }

        // Then
        assertEquals(1, bucket.versionCount(RejectionStore.PREFIX));
    }

    @Test
    void theStoreIsNotAskedAgainWithinAnHour() {
        // Given
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));
        backup.clearRequests();

        // When
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(List.of(), backup.requests());
    }

    @Test
    void aRejectionThatSomebodyDeletedIsRecordedAgainAfterAnHour() {
        // Given
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));
        String record = bucket.keys(RejectionStore.PREFIX).get(0);
        bucket.delete(record, Optional.empty());
        clock.advance(Duration.ofHours(1));

        // When
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(List.of(record), bucket.keys(RejectionStore.PREFIX));
    }

    @Test
    void differentKeysPayloadsAndBucketsHaveOneRecordEach() {
        // Given
        String beginning = "x".repeat(16 << 10);

        // When
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));
        rejectionStore.save(Rejection.ofKey("b", "corrupt"));
        rejectionStore.save(Rejection.ofPayload(bytes(beginning + "a"), "no notification"));
        rejectionStore.save(Rejection.ofPayload(bytes(beginning + "b"), "no notification"));
        rejectionStore.save(Rejection.ofBucket("a", "one event of another bucket"));
        rejectionStore.save(Rejection.ofBucket("a", "another event of it"));

        // Then
        assertEquals(5, bucket.keys(RejectionStore.PREFIX).size());
    }

    @Test
    void aRecordHasTimeReasonAndContent() throws IOException {
        // When
        rejectionStore.save(Rejection.ofKey("dir/\"a\"", "it is corrupt"));

        // Then
        assertEquals(
                "{\"rejectedAt\":\"2026-03-04T05:06:07Z\",\"reason\":\"it is corrupt\",\"key\":\"dir/\\\"a\\\"\"}",
                only().toString());
    }

    @Test
    void aRecordShowsAtMostSixteenKibibytesOfThePayload() throws IOException {
        // Given
        String payload = "x".repeat(16 << 10) + "y".repeat(1 << 20);

        // When
        rejectionStore.save(Rejection.ofPayload(bytes(payload), "no notification"));

        // Then
        assertEquals("x".repeat(16 << 10), only().path("payload").asText());
    }

    @Test
    void aPayloadThatIsNoTextIsKeptAsFarAsItCanBeShown() throws IOException {
        // When
        rejectionStore.save(Rejection.ofPayload(new byte[] {'a', (byte) 0xFF, 0, 'b'}, "no notification"));

        // Then
        assertEquals("a\uFFFD\0b", only().path("payload").asText());
    }

    @Test
    void aRejectionThatCannotBeWrittenIsAFailureAndIsKeptWhenItComesAgain() {
        // Given
        fail(Operation.PUT);
        assertThrows(ObjectStoreException.class, () -> rejectionStore.save(Rejection.ofKey("a", "corrupt")));
        backup.heal();

        // When
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(1, bucket.keys(RejectionStore.PREFIX).size());
    }

    @ParameterizedTest
    @EnumSource(names = {"HEAD", "LIST"})
    void aRejectionThatCannotBeComparedOrCountedIsAFailure(Operation operation) {
        // Given
        fail(operation);

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> rejectionStore.save(Rejection.ofKey("a", "corrupt")));

        // Then
        assertEquals("The store is down", failure.getMessage());
    }

    @Test
    void beyondTheBoundNothingMoreIsWritten() {
        // Given
        seed(RejectionStore.MAX_REJECTIONS - 1);

        // When
        rejectionStore.save(Rejection.ofKey("the last", "corrupt"));
        rejectionStore.save(Rejection.ofKey("one too many", "corrupt"));

        // Then
        assertEquals(
                RejectionStore.MAX_REJECTIONS,
                bucket.keys(RejectionStore.PREFIX).size());
    }

    @Test
    void roomThatAHumanMadeIsUsedAfterTheNextCount() {
        // Given
        seed(RejectionStore.MAX_REJECTIONS);
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));
        bucket.delete(RejectionStore.PREFIX + "00007", Optional.of("v8"));
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));
        int before = bucket.keys(RejectionStore.PREFIX).size();

        // When
        clock.advance(RejectionStore.COUNT_INTERVAL);
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(RejectionStore.MAX_REJECTIONS - 1, before);
        assertEquals(
                RejectionStore.MAX_REJECTIONS,
                bucket.keys(RejectionStore.PREFIX).size());
    }

    @Test
    void aFailedWriteTakesNobodysPlaceForLong() {
        // Given
        seed(RejectionStore.MAX_REJECTIONS - 1);
        fail(Operation.PUT);
        assertThrows(ObjectStoreException.class, () -> rejectionStore.save(Rejection.ofKey("a", "corrupt")));
        backup.heal();
        clock.advance(RejectionStore.COUNT_INTERVAL);

        // When
        rejectionStore.save(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(
                RejectionStore.MAX_REJECTIONS,
                bucket.keys(RejectionStore.PREFIX).size());
    }

    private void seed(int count) {
        for (int number = 0; number < count; number++) {
            bucket.seed(RejectionStore.PREFIX + "%05d".formatted(number), new byte[0]);
        }
    }

    private void fail(Operation which) {
        backup.failOn(which, "", StoreError.UNAVAILABLE, "The store is down");
    }

    private JsonNode only() throws IOException {
        List<String> keys = bucket.keys(RejectionStore.PREFIX);
        assertEquals(1, keys.size());
        assertTrue(keys.get(0).matches("registry-backup/rejected/[0-9a-f]{64}"), keys.get(0));
        return new ObjectMapper().readTree(bucket.bytes(keys.get(0)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
