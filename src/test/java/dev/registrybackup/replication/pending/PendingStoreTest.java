package dev.registrybackup.replication.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PendingStoreTest {
    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final PendingStore pendingStore = new PendingStore(backup, "pod-1", clock);

    @Test
    void aBatchOfTheLongestKeysThereAreIsReadAgain() {
        // Given
        List<PendingKey> longest = IntStream.range(0, PendingStore.MAX_BATCH_KEYS)
                .mapToObj(number -> new PendingKey("%04d".formatted(number) + "\u0001".repeat(1_020), Optional.empty()))
                .toList();
        PendingBatch written = pendingStore.write(longest);

        // When
        Optional<PendingBatch> read = pendingStore.read(written.objectKey());

        // Then
        assertEquals(longest, read.orElseThrow().keys());
    }

    @Test
    void eachRecordIsANewObject() {
        // When
        PendingBatch first = pendingStore.write(List.of(key("a")));
        PendingBatch second = pendingStore.write(List.of(key("a")));

        // Then
        assertEquals("registry-backup/pending/pod-1/000000000001", first.objectKey());
        assertEquals("registry-backup/pending/pod-1/000000000002", second.objectKey());
        assertEquals(List.of(first.objectKey(), second.objectKey()), bucket.keys(PendingStore.PREFIX));
        assertEquals(2, bucket.versionCount(PendingStore.PREFIX));
    }

    @Test
    void aRecordIsReadAsItWasWritten() {
        // Given
        PendingKey timed = new PendingKey("docker/a", Optional.of(Instant.parse("2026-03-04T05:06:07.915073Z")));
        PendingKey odd = new PendingKey("dir \"ö\"\n+%41 \uD83D\uDC33", Optional.empty());
        PendingBatch written = pendingStore.write(List.of(timed, odd));

        // When
        Optional<PendingBatch> read = pendingStore.read(written.objectKey());

        // Then
        assertEquals(Optional.of(written), read);
        assertTrue(written.version().isPresent());
    }

    @Test
    void aRecordIsJsonForAHumanToo() {
        // Given
        PendingBatch written =
                pendingStore.write(List.of(key("a"), new PendingKey("b", Optional.of(SettableClock.START))));

        // When
        String text = new String(bucket.bytes(written.objectKey()), StandardCharsets.UTF_8);

        // Then
        assertEquals(
                "{\"writtenAt\":\"2026-03-04T05:06:07Z\",\"keys\":[{\"key\":\"a\"},"
                        + "{\"key\":\"b\",\"eventTime\":\"2026-03-04T05:06:07Z\"}]}",
                text);
    }

    @Test
    void aTimeThatIsNoneCostsOnlyTheTime() {
        // Given
        bucket.seed(
                name("1"),
                bytes("{\"keys\":[{\"key\":\"a\",\"eventTime\":\"yesterday\"},{\"key\":7},{\"key\":\"b\"}]}"));

        // When
        List<PendingKey> keys = pendingStore.read(name("1")).orElseThrow().keys();

        // Then
        assertEquals(List.of(key("a"), key("b")), keys);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{", "not JSON", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[{\"key\":1}]}"})
    void anUnreadableRecordIsLeftInPlaceAndSkipped(String content) {
        // Given
        bucket.seed(name("1"), bytes(content));

        // When
        Optional<PendingBatch> read = pendingStore.read(name("1"));

        // Then
        assertEquals(Optional.empty(), read);
        assertEquals(List.of(name("1")), bucket.keys(PendingStore.PREFIX));
    }

    @Test
    void aDeletedRecordIsEmpty() {
        // When
        Optional<PendingBatch> read = pendingStore.read(name("1"));

        // Then
        assertEquals(Optional.empty(), read);
    }

    @Test
    void aRecordThatCannotBeReadNowDoesNotCountAsDeleted() {
        // Given
        PendingBatch written = pendingStore.write(List.of(key("a")));
        fail(Operation.OPEN);

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> pendingStore.read(written.objectKey()));

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
    }

    @Test
    void aRemovedRecordLeavesNoVersions() {
        // Given
        PendingBatch written = pendingStore.write(List.of(key("a")));
        PendingBatch other = pendingStore.write(List.of(key("b")));

        // When
        pendingStore.delete(written);
        pendingStore.delete(pendingStore.read(other.objectKey()).orElseThrow());

        // Then
        assertEquals(0, bucket.versionCount(PendingStore.PREFIX));
    }

    @Test
    void aRemovedRecordIsGoneFromABucketWithoutVersionsToo() {
        // Given
        InMemoryObjectStore plain = new InMemoryObjectStore("backup", false, clock);
        PendingStore onPlain = new PendingStore(plain, "pod-1", clock);
        PendingBatch written = onPlain.write(List.of(key("a")));
        onPlain.writeHeartbeat();
        onPlain.writeHeartbeat();

        // When
        onPlain.delete(written);

        // Then
        assertEquals(List.of("registry-backup/pending/pod-1/heartbeat"), plain.keys(PendingStore.PREFIX));
    }

    @Test
    void aSignOfLifeLeavesExactlyOneVersionHoweverOftenItIsShown() {
        // When
        for (int minute = 0; minute < 5; minute++) {
            pendingStore.writeHeartbeat();
            clock.advance(Duration.ofMinutes(1));
        }

        // Then
        assertEquals(1, bucket.versionCount(PendingStore.PREFIX));
        assertEquals(Optional.of(SettableClock.START.plus(Duration.ofMinutes(4))), pendingStore.lastHeartbeat("pod-1"));
    }

    @Test
    void aSignOfLifeThatFailsOnceStillLeavesExactlyOneVersion() {
        // Given
        pendingStore.writeHeartbeat();
        fail(Operation.PUT);
        assertThrows(ObjectStoreException.class, pendingStore::writeHeartbeat);
        backup.heal();

        // When
        pendingStore.writeHeartbeat();

        // Then
        assertEquals(1, bucket.versionCount(PendingStore.PREFIX));
    }

    @Test
    void aSignOfLifeIsShownThoughTheBucketLetsNoVersionGo() {
        // Given
        pendingStore.writeHeartbeat();
        clock.advance(Duration.ofMinutes(1));
        fail(Operation.DELETE);

        // When
        pendingStore.writeHeartbeat();

        // Then
        assertEquals(Optional.of(SettableClock.START.plus(Duration.ofMinutes(1))), pendingStore.lastHeartbeat("pod-1"));
        assertEquals(2, bucket.versionCount(PendingStore.PREFIX));
    }

    @Test
    void anInstanceThatIsForgottenLeavesNoVersions() {
        // Given
        new PendingStore(bucket, "pod-2", clock).writeHeartbeat();

        // When
        pendingStore.deleteHeartbeat("pod-2");

        // Then
        assertEquals(0, bucket.versionCount(PendingStore.PREFIX));
        assertEquals(Optional.empty(), pendingStore.lastHeartbeat("pod-2"));
    }

    @Test
    void keysNameTheInstanceAndItsHeartbeat() {
        // Given
        pendingStore.writeHeartbeat();
        PendingBatch record = pendingStore.write(List.of(key("a")));

        // When
        List<String> inOrder = bucket.keys(PendingStore.PREFIX);

        // Then
        assertEquals(List.of(record.objectKey(), "registry-backup/pending/pod-1/heartbeat"), inOrder);
        assertEquals("pod-1", PendingStore.instanceOf(record.objectKey()));
        assertFalse(PendingStore.isHeartbeat(record.objectKey()));
        assertTrue(PendingStore.isHeartbeat(inOrder.get(1)));
        assertEquals("", PendingStore.instanceOf(PendingStore.PREFIX + "stray"));
    }

    private void fail(Operation which) {
        backup.failOn(which, "", StoreError.UNAVAILABLE, "The store is down");
    }

    private static String name(String sequence) {
        return PendingStore.PREFIX + "pod-1/" + sequence;
    }

    private static PendingKey key(String key) {
        return new PendingKey(key, Optional.empty());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
