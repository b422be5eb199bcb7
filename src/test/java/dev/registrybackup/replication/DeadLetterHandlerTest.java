package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.replication.EventResult.Answer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadLetterHandlerTest {
    private static final Duration AMPLE = Duration.ofMinutes(1);
    private static final String KEY = "docker/registry/v2/blobs/sha256/aa/" + "a".repeat(64) + "/data";
    private static final String FOREIGN = "docker/registry/v2/notes";
    private static final String UPLOAD = "docker/registry/v2/repositories/shop/_uploads/1/data";

    private final HandlerFixture handlerFixture = new HandlerFixture();
    private final DeadLetterHandler letters = new DeadLetterHandler(
            HandlerFixture.BUCKET,
            handlerFixture.layout,
            handlerFixture.owed,
            handlerFixture.workerPools,
            handlerFixture.journal);

    @AfterEach
    void close() {
        handlerFixture.close();
    }

    @Test
    void whatALetterNamesIsOwedAndNothingIsCopied() throws Exception {
        // When
        EventResult eventResult = take(HandlerFixture.created(HandlerFixture.BUCKET, KEY, FOREIGN), false);

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(List.of(KEY, FOREIGN), handlerFixture.owedKeys());
        assertEquals(List.of(), handlerFixture.registry.requests());
        assertTrue(handlerFixture.backup.written().stream().allMatch(HandlerFixture::isOwedRecord));
    }

    @Test
    void whatIsNotForUsIsNotOwed() throws Exception {
        // When
        EventResult eventResult =
                take(HandlerFixture.created(HandlerFixture.BUCKET, UPLOAD, "registry-backup/adopted"), false);

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(List.of(), handlerFixture.backup.requests());
    }

    @Test
    void whatTheReplicateRoleRefusedIsRejectedAndNotOwed() throws Exception {
        // When
        EventResult eventResult = take(HandlerFixture.created(HandlerFixture.BUCKET, KEY), true);

        // Then
        assertEquals(Answer.PERMANENT, eventResult.answer());
        assertEquals(1, eventResult.rejections().size());
        assertTrue(eventResult.rejections().get(0).payload().contains(KEY));
        assertEquals(
                "Refused by the replicate function as never to succeed (422)",
                eventResult.rejections().get(0).reason());
        assertEquals(List.of(), handlerFixture.backup.requests());
    }

    @Test
    void whatWasRefusedForOneRecordsSakeIsOwedForTheOthers() throws Exception {
        // When
        EventResult eventResult = take(
                HandlerFixture.records(
                        HandlerFixture.record("elsewhere", "a"), HandlerFixture.record(HandlerFixture.BUCKET, KEY)),
                true);

        // Then
        assertEquals(Answer.PERMANENT, eventResult.answer());
        assertEquals("bucket elsewhere", eventResult.rejections().get(0).identity());
        assertEquals(List.of(KEY), handlerFixture.owedKeys());
    }

    @Test
    void whatIsNotJsonIsRejectedSinceNobodyIsLeftToHaveItBack() throws Exception {
        // When
        EventResult eventResult = take(HandlerFixture.bytes("hello"), false);

        // Then
        assertEquals(Answer.PERMANENT, eventResult.answer());
        assertEquals("hello", eventResult.rejections().get(0).payload());
    }

    @Test
    void whatIsNothingKnownIsRejected() throws Exception {
        // When
        EventResult eventResult = take(HandlerFixture.bytes("{\"hello\":1}"), false);

        // Then
        assertEquals(Answer.PERMANENT, eventResult.answer());
        assertEquals(1, eventResult.rejections().size());
        assertEquals(1, handlerFixture.journal.undecodable.size());
    }

    @Test
    void whatCannotBeRecordedIsNotTaken() throws Exception {
        // Given
        handlerFixture.backup.before((operation, key) -> {
            if (operation == Operation.PUT) {
                throw HandlerFixture.down();
            }
        });

        // When
        EventResult eventResult = take(HandlerFixture.created(HandlerFixture.BUCKET, KEY), false);

        // Then
        assertEquals(EventResult.NOT_TAKEN, eventResult);
    }

    @Test
    void whatCannotBeRecordedInTimeIsNotTaken() throws Exception {
        // Given
        handlerFixture.backup.before((operation, key) -> handlerFixture.hang());
        Duration left = Duration.ofMillis(600);

        // When
        EventResult eventResult = HandlerFixture.within(
                left, letters.take(HandlerFixture.created(HandlerFixture.BUCKET, KEY), false, left));

        // Then
        assertEquals(EventResult.NOT_TAKEN, eventResult);
    }

    private EventResult take(byte[] payload, boolean refused) throws Exception {
        return HandlerFixture.within(Duration.ofSeconds(5), letters.take(payload, refused, AMPLE));
    }
}
