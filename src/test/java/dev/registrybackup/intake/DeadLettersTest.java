package dev.registrybackup.intake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.intake.Reply.Answer;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadLettersTest {
    private static final Duration AMPLE = Duration.ofMinutes(1);
    private static final String KEY = "docker/registry/v2/blobs/sha256/aa/" + "a".repeat(64) + "/data";
    private static final String FOREIGN = "docker/registry/v2/notes";
    private static final String UPLOAD = "docker/registry/v2/repositories/shop/_uploads/1/data";

    private final Bench bench = new Bench();
    private final DeadLetters letters =
            new DeadLetters(Bench.BUCKET, bench.layout, bench.owed, bench.lanes, bench.journal);

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void whatALetterNamesIsOwedAndNothingIsCopied() throws Exception {
        // When
        Reply reply = take(Bench.created(Bench.BUCKET, KEY, FOREIGN), false);

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of(KEY, FOREIGN), bench.owedKeys());
        assertEquals(List.of(), bench.registry.requests());
        assertTrue(bench.backup.written().stream().allMatch(Bench::isOwedRecord));
    }

    @Test
    void whatIsNotForUsIsNotOwed() throws Exception {
        // When
        Reply reply = take(Bench.created(Bench.BUCKET, UPLOAD, "registry-backup/adopted"), false);

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of(), bench.backup.requests());
    }

    @Test
    void whatTheReplicateRoleRefusedIsRejectedAndNotOwed() throws Exception {
        // When
        Reply reply = take(Bench.created(Bench.BUCKET, KEY), true);

        // Then
        assertEquals(Answer.PERMANENT, reply.answer());
        assertEquals(1, reply.rejections().size());
        assertTrue(reply.rejections().get(0).payload().contains(KEY));
        assertEquals(
                "Refused by the replicate function as never to succeed (422)",
                reply.rejections().get(0).reason());
        assertEquals(List.of(), bench.backup.requests());
    }

    @Test
    void whatWasRefusedForOneRecordsSakeIsOwedForTheOthers() throws Exception {
        // When
        Reply reply = take(Bench.records(Bench.record("elsewhere", "a"), Bench.record(Bench.BUCKET, KEY)), true);

        // Then
        assertEquals(Answer.PERMANENT, reply.answer());
        assertEquals("bucket elsewhere", reply.rejections().get(0).identity());
        assertEquals(List.of(KEY), bench.owedKeys());
    }

    @Test
    void whatIsNotJsonIsRejectedSinceNobodyIsLeftToHaveItBack() throws Exception {
        // When
        Reply reply = take(Bench.bytes("hello"), false);

        // Then
        assertEquals(Answer.PERMANENT, reply.answer());
        assertEquals("hello", reply.rejections().get(0).payload());
    }

    @Test
    void whatIsNothingKnownIsRejected() throws Exception {
        // When
        Reply reply = take(Bench.bytes("{\"hello\":1}"), false);

        // Then
        assertEquals(Answer.PERMANENT, reply.answer());
        assertEquals(1, reply.rejections().size());
        assertEquals(1, bench.journal.undecodable.size());
    }

    @Test
    void whatCannotBeRecordedIsNotTaken() throws Exception {
        // Given
        bench.backup.before((operation, key) -> {
            if (operation == Operation.PUT) {
                throw Bench.down();
            }
        });

        // When
        Reply reply = take(Bench.created(Bench.BUCKET, KEY), false);

        // Then
        assertEquals(Reply.NOT_TAKEN, reply);
    }

    @Test
    void whatCannotBeRecordedInTimeIsNotTaken() throws Exception {
        // Given
        bench.backup.before((operation, key) -> bench.hang());
        Duration left = Duration.ofMillis(600);

        // When
        Reply reply = Bench.within(left, letters.take(Bench.created(Bench.BUCKET, KEY), false, left));

        // Then
        assertEquals(Reply.NOT_TAKEN, reply);
    }

    private Reply take(byte[] payload, boolean refused) throws Exception {
        return Bench.within(Duration.ofSeconds(5), letters.take(payload, refused, AMPLE));
    }
}
