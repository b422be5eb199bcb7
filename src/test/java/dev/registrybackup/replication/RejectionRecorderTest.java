package dev.registrybackup.replication;

import static dev.registrybackup.replication.HandlerFixture.awaitWithin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.replication.EventResult.Disposition;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RejectionRecorderTest {
    private static final Duration LONG_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration TINY_TIMEOUT = Duration.ofMillis(500);
    private static final Rejection CORRUPT = Rejection.ofKey("a", "corrupt");

    private final HandlerFixture fixture = new HandlerFixture();
    private final RejectionRecorder rejectionRecorder =
            new RejectionRecorder(fixture.rejectionStore, fixture.workerPools);

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aFinishedKeyIsDoneWithoutARecord() throws Exception {
        // When
        boolean done = recordRejections(EventResult.ACK);

        // Then
        assertTrue(done);
        assertEquals(List.of(), fixture.backup.requests());
    }

    @Test
    void aPermanentFailureIsDoneOnceItIsRecorded() throws Exception {
        // When
        boolean done = recordRejections(
                new EventResult(Disposition.REJECT, List.of(CORRUPT, Rejection.ofBucket("elsewhere", "not ours"))));

        // Then
        assertTrue(done);
        assertEquals(2, fixture.rejectionKeys().size());
    }

    @Test
    void aBlockedLinkIsDoneBecauseItIsRecorded() throws Exception {
        // When
        boolean done = recordRejections(EventResult.BLOCKED);

        // Then
        assertTrue(done);
        assertEquals(List.of(), fixture.rejectionKeys());
    }

    @Test
    void anUnacknowledgedEventIsNotDoneAlthoughItsRejectionsAreRecorded() throws Exception {
        // When
        boolean done = recordRejections(new EventResult(Disposition.RETRY, List.of(CORRUPT)));

        // Then
        assertFalse(done);
        assertEquals(1, fixture.rejectionKeys().size());
    }

    @Test
    void aKeyThatCannotBeRecordedIsNotDone() throws Exception {
        // Given
        fixture.backup.failOn(Operation.PUT, "", StoreError.UNAVAILABLE, "The store is down");

        // When
        boolean done = recordRejections(EventResult.reject(CORRUPT));

        // Then
        assertFalse(done);
    }

    @Test
    void aKeyThatCannotBeRecordedInTimeIsNotDone() throws Exception {
        // Given
        fixture.backup.beforeRequest((operation, key) -> fixture.blockUntilReleased());
        CompletableFuture<EventResult> reply = CompletableFuture.completedFuture(EventResult.reject(CORRUPT));

        // When
        boolean done = awaitWithin(TINY_TIMEOUT, rejectionRecorder.recordRejections(reply, TINY_TIMEOUT));

        // Then
        assertFalse(done);
    }

    @Test
    void aReplyThatNeverComesIsNotDone() throws Exception {
        // When
        boolean done =
                awaitWithin(TINY_TIMEOUT, rejectionRecorder.recordRejections(new CompletableFuture<>(), TINY_TIMEOUT));

        // Then
        assertFalse(done);
    }

    private boolean recordRejections(EventResult eventResult) throws Exception {
        return awaitWithin(
                Duration.ofSeconds(5),
                rejectionRecorder.recordRejections(CompletableFuture.completedFuture(eventResult), LONG_TIMEOUT));
    }
}
