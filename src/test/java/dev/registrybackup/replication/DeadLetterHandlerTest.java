package dev.registrybackup.replication;

import static dev.registrybackup.replication.HandlerFixture.BUCKET;
import static dev.registrybackup.replication.HandlerFixture.awaitWithin;
import static dev.registrybackup.replication.HandlerFixture.bytes;
import static dev.registrybackup.replication.HandlerFixture.createdEvent;
import static dev.registrybackup.replication.HandlerFixture.record;
import static dev.registrybackup.replication.HandlerFixture.records;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.replication.EventResult.Disposition;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadLetterHandlerTest {
    private static final Duration LONG_TIMEOUT = Duration.ofMinutes(1);
    private static final String KEY = "docker/registry/v2/blobs/sha256/aa/" + "a".repeat(64) + "/data";
    private static final String UNKNOWN_OBJECT = "docker/registry/v2/notes";
    private static final String UPLOAD = "docker/registry/v2/repositories/shop/_uploads/1/data";

    private final HandlerFixture fixture = new HandlerFixture();
    private final DeadLetterHandler deadLetterHandler =
            new DeadLetterHandler(BUCKET, fixture.layout, fixture.pendingWriter, fixture.workerPools, fixture.listener);

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void keysOfADeadLetterBecomePendingAndNothingIsCopied() throws Exception {
        // When
        EventResult eventResult = handle(createdEvent(BUCKET, KEY, UNKNOWN_OBJECT), false);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(KEY, UNKNOWN_OBJECT), fixture.pendingKeys());
        assertEquals(List.of(), fixture.registry.requests());
        assertTrue(fixture.backup.writtenKeys().stream().allMatch(HandlerFixture::isPendingBatch));
    }

    @Test
    void keysThatAreNeverCopiedAreNotPending() throws Exception {
        // When
        EventResult eventResult = handle(createdEvent(BUCKET, UPLOAD, "registry-backup/verified"), false);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(), fixture.backup.requests());
    }

    @Test
    void eventsRefusedByTheReplicateRoleAreRejectedAndNotPending() throws Exception {
        // When
        EventResult eventResult = handle(createdEvent(BUCKET, KEY), true);

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(1, eventResult.rejections().size());
        assertTrue(eventResult.rejections().get(0).payload().contains(KEY));
        assertEquals(
                "The role replicate rejected the event: it can never succeed (422)",
                eventResult.rejections().get(0).reason());
        assertEquals(List.of(), fixture.backup.requests());
    }

    @Test
    void theGoodRecordsOfARefusedEventBecomePending() throws Exception {
        // When
        EventResult eventResult = handle(records(record("elsewhere", "a"), record(BUCKET, KEY)), true);

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals("bucket elsewhere", eventResult.rejections().get(0).identity());
        assertEquals(List.of(KEY), fixture.pendingKeys());
    }

    @Test
    void aDeadLetterThatIsNotJsonIsRejectedBecauseNobodyCanTakeItBack() throws Exception {
        // When
        EventResult eventResult = handle(bytes("hello"), false);

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals("hello", eventResult.rejections().get(0).payload());
    }

    @Test
    void anEventThatCannotBeRecordedIsNotAcknowledged() throws Exception {
        // Given
        fixture.backup.failOn(Operation.PUT, "", StoreError.UNAVAILABLE, "The store is down");

        // When
        EventResult eventResult = handle(createdEvent(BUCKET, KEY), false);

        // Then
        assertEquals(EventResult.RETRY, eventResult);
    }

    @Test
    void anEventThatCannotBeRecordedInTimeIsNotAcknowledged() throws Exception {
        // Given
        fixture.backup.beforeRequest((operation, key) -> fixture.blockUntilReleased());
        Duration left = Duration.ofMillis(600);

        // When
        EventResult eventResult = awaitWithin(left, deadLetterHandler.handle(createdEvent(BUCKET, KEY), false, left));

        // Then
        assertEquals(EventResult.RETRY, eventResult);
    }

    private EventResult handle(byte[] payload, boolean refused) throws Exception {
        return awaitWithin(Duration.ofSeconds(5), deadLetterHandler.handle(payload, refused, LONG_TIMEOUT));
    }
}
