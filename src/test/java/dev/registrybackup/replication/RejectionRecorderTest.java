package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.replication.EventResult.Answer;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RejectionRecorderTest {
    private static final Duration AMPLE = Duration.ofMinutes(1);
    private static final Duration SCANT = Duration.ofMillis(500);
    private static final Rejection CORRUPT = Rejection.ofKey("a", "corrupt");

    private final HandlerFixture handlerFixture = new HandlerFixture();
    private final RejectionRecorder rejectionRecorder =
            new RejectionRecorder(handlerFixture.rejectionStore, handlerFixture.workerPools);

    @AfterEach
    void close() {
        handlerFixture.close();
    }

    @Test
    void whatIsDoneIsDoneWithoutARecord() throws Exception {
        // When
        boolean done = isDone(EventResult.DONE);

        // Then
        assertTrue(done);
        assertEquals(List.of(), handlerFixture.backup.requests());
    }

    @Test
    void whatWillNeverSucceedIsDoneOnceItIsOnRecord() throws Exception {
        // When
        boolean done = isDone(
                new EventResult(Answer.PERMANENT, List.of(CORRUPT, Rejection.ofBucket("elsewhere", "not ours"))));

        // Then
        assertTrue(done);
        assertEquals(2, handlerFixture.rejected().size());
    }

    @Test
    void aWithheldLinkIsDoneSinceItIsOnRecordAlready() throws Exception {
        // When
        boolean done = isDone(EventResult.WITHHELD);

        // Then
        assertTrue(done);
        assertEquals(List.of(), handlerFixture.rejected());
    }

    @Test
    void whatIsNotTakenIsNotDoneThoughItsRejectionsAreOnRecord() throws Exception {
        // When
        boolean done = isDone(new EventResult(Answer.NOT_TAKEN, List.of(CORRUPT)));

        // Then
        assertFalse(done);
        assertEquals(1, handlerFixture.rejected().size());
    }

    @Test
    void whatCannotBePutOnRecordIsNotDone() throws Exception {
        // Given
        handlerFixture.backup.before((operation, key) -> {
            if (operation == Operation.PUT) {
                throw HandlerFixture.down();
            }
        });

        // When
        boolean done = isDone(EventResult.permanent(CORRUPT));

        // Then
        assertFalse(done);
    }

    @Test
    void whatCannotBePutOnRecordInTimeIsNotDone() throws Exception {
        // Given
        handlerFixture.backup.before((operation, key) -> handlerFixture.hang());
        CompletableFuture<EventResult> reply = CompletableFuture.completedFuture(EventResult.permanent(CORRUPT));

        // When
        boolean done = HandlerFixture.within(SCANT, rejectionRecorder.isDone(reply, SCANT));

        // Then
        assertFalse(done);
    }

    @Test
    void aReplyThatNeverComesIsNotDone() throws Exception {
        // When
        boolean done = HandlerFixture.within(SCANT, rejectionRecorder.isDone(new CompletableFuture<>(), SCANT));

        // Then
        assertFalse(done);
    }

    private boolean isDone(EventResult eventResult) throws Exception {
        return HandlerFixture.within(
                Duration.ofSeconds(5), rejectionRecorder.isDone(CompletableFuture.completedFuture(eventResult), AMPLE));
    }
}
