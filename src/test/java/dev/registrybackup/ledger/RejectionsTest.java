package dev.registrybackup.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.ledger.Rejections.Rejection;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.RecordingObjectStore;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import dev.registrybackup.store.StoreError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RejectionsTest {
    private final TestClock clock = new TestClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final Rejections rejections = new Rejections(backup, clock, rejection -> {});

    @Test
    void theSameIsKeptOnceHoweverOftenItComes() {
        // Given
        Rejection corrupt = Rejection.ofKey("a", "corrupt");

        // When
        for (int hour = 0; hour < 3; hour++) {
            rejections.keep(corrupt);
            rejections.keep(Rejection.ofKey("a", "corrupt, in other words"));
            clock.pass(Duration.ofHours(2));
        }

        // Then
        assertEquals(1, bucket.versionCount(Rejections.PREFIX));
    }

    @Test
    void whatAnotherInstanceKeptIsNotKeptAgain() {
        // Given
        new Rejections(bucket, clock, rejection -> {}).keep(Rejection.ofKey("a", "corrupt"));

        // When
        rejections.keep(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(1, bucket.versionCount(Rejections.PREFIX));
    }

    @Test
    void theStoreIsNotAskedAgainWithinAnHour() {
        // Given
        rejections.keep(Rejection.ofKey("a", "corrupt"));
        backup.forget();

        // When
        rejections.keep(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(List.of(), backup.requests());
    }

    @Test
    void whatAHumanRemovedIsKeptAnewWhenItComesAfterAnHour() {
        // Given
        rejections.keep(Rejection.ofKey("a", "corrupt"));
        String record = bucket.keys(Rejections.PREFIX).get(0);
        bucket.remove(record, Optional.empty());
        clock.pass(Duration.ofHours(1));

        // When
        rejections.keep(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(List.of(record), bucket.keys(Rejections.PREFIX));
    }

    @Test
    void differentKeysAndPayloadsHaveRecordsOfTheirOwn() {
        // When
        rejections.keep(Rejection.ofKey("a", "corrupt"));
        rejections.keep(Rejection.ofKey("b", "corrupt"));
        rejections.keep(Rejection.ofPayload(bytes("a"), "no notification"));
        rejections.keep(Rejection.ofPayload(bytes("b"), "no notification"));
        rejections.keep(Rejection.ofBucket("a", "other bucket"));

        // Then
        assertEquals(5, bucket.keys(Rejections.PREFIX).size());
    }

    @Test
    void eachForeignBucketHasOneRecord() {
        // When
        for (int event = 0; event < 10; event++) {
            rejections.keep(Rejection.ofBucket("one", "event " + event));
            rejections.keep(Rejection.ofBucket("two", "event " + event));
        }

        // Then
        assertEquals(2, bucket.versionCount(Rejections.PREFIX));
    }

    @Test
    void aRecordTellsWhenWhyAndWhat() throws IOException {
        // When
        rejections.keep(Rejection.ofKey("dir/\"a\"", "it is corrupt"));

        // Then
        assertEquals(
                "{\"rejected\":\"2026-03-04T05:06:07Z\",\"reason\":\"it is corrupt\",\"key\":\"dir/\\\"a\\\"\"}",
                only().toString());
    }

    @Test
    void aRecordShowsAtMostSixteenKibibytesOfThePayload() throws IOException {
        // Given
        String payload = "x".repeat(16 << 10) + "y".repeat(1 << 20);

        // When
        rejections.keep(Rejection.ofPayload(bytes(payload), "no notification"));

        // Then
        assertEquals("x".repeat(16 << 10), only().path("payload").asText());
    }

    @Test
    void payloadsThatBeginAlikeAreNotTheSame() {
        // Given
        String beginning = "x".repeat(16 << 10);

        // When
        rejections.keep(Rejection.ofPayload(bytes(beginning + "1"), "no notification"));
        rejections.keep(Rejection.ofPayload(bytes(beginning + "2"), "no notification"));

        // Then
        assertEquals(2, bucket.keys(Rejections.PREFIX).size());
    }

    @Test
    void aPayloadThatIsNoTextIsKeptAsFarAsItCanBeShown() throws IOException {
        // When
        rejections.keep(Rejection.ofPayload(new byte[] {'a', (byte) 0xFF, 0, 'b'}, "no notification"));

        // Then
        assertEquals("a\uFFFD\0b", only().path("payload").asText());
    }

    @Test
    void aRejectionThatCannotBeWrittenIsAFailureAndIsKeptWhenItComesAgain() {
        // Given
        fail(Operation.PUT);
        assertThrows(ObjectStoreException.class, () -> rejections.keep(Rejection.ofKey("a", "corrupt")));
        backup.before((operation, key) -> {});

        // When
        rejections.keep(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(1, bucket.keys(Rejections.PREFIX).size());
    }

    @Test
    void aRejectionThatCannotBeLookedForIsAFailure() {
        // Given
        fail(Operation.FIND);

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> rejections.keep(Rejection.ofKey("a", "corrupt")));

        // Then
        assertEquals("The store is down", failure.getMessage());
    }

    @Test
    void rejectionsThatCannotBeCountedAreAFailure() {
        // Given
        fail(Operation.LIST);

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> rejections.keep(Rejection.ofKey("a", "corrupt")));

        // Then
        assertEquals("The store is down", failure.getMessage());
    }

    @Test
    void beyondTheBoundNothingMoreIsWritten() {
        // Given
        seed(Rejections.MOST_RECORDS - 1);

        // When
        rejections.keep(Rejection.ofKey("the last", "corrupt"));
        rejections.keep(Rejection.ofKey("one too many", "corrupt"));

        // Then
        assertEquals(Rejections.MOST_RECORDS, bucket.keys(Rejections.PREFIX).size());
    }

    @Test
    void roomThatAHumanMadeIsUsedAfterTheNextCount() {
        // Given
        seed(Rejections.MOST_RECORDS);
        rejections.keep(Rejection.ofKey("a", "corrupt"));
        bucket.remove(Rejections.PREFIX + "00007", Optional.of("v8"));
        rejections.keep(Rejection.ofKey("a", "corrupt"));
        int before = bucket.keys(Rejections.PREFIX).size();

        // When
        rejections.recount();
        rejections.keep(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(Rejections.MOST_RECORDS - 1, before);
        assertEquals(Rejections.MOST_RECORDS, bucket.keys(Rejections.PREFIX).size());
    }

    @Test
    void aFailedWriteTakesNobodysPlace() {
        // Given
        seed(Rejections.MOST_RECORDS - 1);
        fail(Operation.PUT);
        assertThrows(ObjectStoreException.class, () -> rejections.keep(Rejection.ofKey("a", "corrupt")));
        backup.before((operation, key) -> {});

        // When
        rejections.keep(Rejection.ofKey("a", "corrupt"));

        // Then
        assertEquals(Rejections.MOST_RECORDS, bucket.keys(Rejections.PREFIX).size());
    }

    private void seed(int count) {
        for (int number = 0; number < count; number++) {
            bucket.seed(Rejections.PREFIX + "%05d".formatted(number), new byte[0]);
        }
    }

    private void fail(Operation which) {
        backup.before((operation, key) -> {
            if (operation == which) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
            }
        });
    }

    private JsonNode only() throws IOException {
        List<String> keys = bucket.keys(Rejections.PREFIX);
        assertEquals(1, keys.size());
        assertTrue(keys.get(0).matches("registry-backup/rejected/[0-9a-f]{64}"), keys.get(0));
        return new ObjectMapper().readTree(bucket.bytes(keys.get(0)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
