package dev.registrybackup.intake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.intake.Reply.Answer;
import dev.registrybackup.ledger.Rejections.Rejection;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OnRecordTest {
    private static final Duration AMPLE = Duration.ofMinutes(1);
    private static final Duration SCANT = Duration.ofMillis(500);
    private static final Rejection CORRUPT = Rejection.ofKey("a", "corrupt");

    private final Bench bench = new Bench();
    private final OnRecord onRecord = new OnRecord(bench.rejections, bench.lanes);

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void whatIsDoneIsDoneWithoutARecord() throws Exception {
        // When
        boolean done = isDone(Reply.DONE);

        // Then
        assertTrue(done);
        assertEquals(List.of(), bench.backup.requests());
    }

    @Test
    void whatWillNeverSucceedIsDoneOnceItIsOnRecord() throws Exception {
        // When
        boolean done =
                isDone(new Reply(Answer.PERMANENT, List.of(CORRUPT, Rejection.ofBucket("elsewhere", "not ours"))));

        // Then
        assertTrue(done);
        assertEquals(2, bench.rejected().size());
    }

    @Test
    void aWithheldLinkIsDoneSinceItIsOnRecordAlready() throws Exception {
        // When
        boolean done = isDone(Reply.WITHHELD);

        // Then
        assertTrue(done);
        assertEquals(List.of(), bench.rejected());
    }

    @Test
    void whatIsNotTakenIsNotDoneThoughItsRejectionsAreOnRecord() throws Exception {
        // When
        boolean done = isDone(new Reply(Answer.NOT_TAKEN, List.of(CORRUPT)));

        // Then
        assertFalse(done);
        assertEquals(1, bench.rejected().size());
    }

    @Test
    void whatCannotBePutOnRecordIsNotDone() throws Exception {
        // Given
        bench.backup.before((operation, key) -> {
            if (operation == Operation.PUT) {
                throw Bench.down();
            }
        });

        // When
        boolean done = isDone(Reply.permanent(CORRUPT));

        // Then
        assertFalse(done);
    }

    @Test
    void whatCannotBePutOnRecordInTimeIsNotDone() throws Exception {
        // Given
        bench.backup.before((operation, key) -> bench.hang());
        CompletableFuture<Reply> reply = CompletableFuture.completedFuture(Reply.permanent(CORRUPT));

        // When
        boolean done = Bench.within(SCANT, onRecord.isDone(reply, SCANT));

        // Then
        assertFalse(done);
    }

    @Test
    void aReplyThatNeverComesIsNotDone() throws Exception {
        // When
        boolean done = Bench.within(SCANT, onRecord.isDone(new CompletableFuture<>(), SCANT));

        // Then
        assertFalse(done);
    }

    private boolean isDone(Reply reply) throws Exception {
        return Bench.within(Duration.ofSeconds(5), onRecord.isDone(CompletableFuture.completedFuture(reply), AMPLE));
    }
}
