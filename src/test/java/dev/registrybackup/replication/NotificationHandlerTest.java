package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.notification.NotJsonException;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.EventResult.Answer;
import dev.registrybackup.replication.RecordingListener.Failed;
import dev.registrybackup.replication.RecordingListener.Finished;
import dev.registrybackup.replication.ReplicationListener.Occasion;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NotificationHandlerTest {
    /** Time to answer that no test waits for. */
    private static final Duration AMPLE = Duration.ofMinutes(1);
    /** Time to answer of which hardly any is left before a key is recorded as owed. */
    private static final Duration SHORT = NotificationHandler.TO_RECORD.plusMillis(100);
    /** So little time that a key is recorded as owed at once. */
    private static final Duration SCANT = Duration.ofMillis(600);

    private final HandlerFixture handlerFixture = new HandlerFixture();
    private final NotificationHandler notificationHandler = handlerFixture.intake(4_096);

    @AfterEach
    void close() {
        handlerFixture.close();
    }

    @Test
    void whatIsCopiedInTimeIsDone() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");

        // When
        EventResult eventResult = HandlerFixture.within(
                AMPLE, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), AMPLE));

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertArrayEquals(HandlerFixture.bytes("layer"), handlerFixture.backupBucket.bytes(key));
        assertEquals(List.of(), handlerFixture.owedKeys());
        assertEquals(0, notificationHandler.inFlight());
        Instant written = Instant.parse("2026-03-04T05:06:00Z");
        assertEquals(
                List.of(new Finished(Occasion.EVENT, key, ReplicationStatus.COPIED, written)),
                handlerFixture.journal.finished);
    }

    @Test
    void whatIsNotForUsIsDoneWithoutAskingAStore() throws Exception {
        // When
        EventResult eventResult = HandlerFixture.within(
                AMPLE,
                notificationHandler.take(
                        HandlerFixture.created(
                                HandlerFixture.BUCKET, "docker/registry/v2/repositories/shop/_uploads/1/data"),
                        AMPLE));

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(List.of(), handlerFixture.registry.requests());
        assertEquals(List.of(), handlerFixture.backup.requests());
    }

    @Test
    void aCanaryIsPutOnRecordAndNeverCopied() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        handlerFixture.registryBucket.seed(canary, HandlerFixture.bytes("canary"));

        // When
        EventResult eventResult = HandlerFixture.within(
                AMPLE, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, canary), AMPLE));

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(
                List.of("registry-backup/canary/0123456789abcdef"),
                handlerFixture.backupBucket.keys("registry-backup"));
        assertEquals(List.of(), handlerFixture.backupBucket.keys("registry-backup-canary/"));
        assertEquals(List.of(), handlerFixture.journal.finished);
    }

    @Test
    void aCanaryThatIsNotThereOrNoneLeavesNothing() throws Exception {
        // Given
        handlerFixture.registryBucket.seed("registry-backup-canary/../owed", HandlerFixture.bytes("no canary"));

        // When
        EventResult absent = HandlerFixture.within(
                AMPLE,
                notificationHandler.take(
                        HandlerFixture.created(HandlerFixture.BUCKET, "registry-backup-canary/0123456789abcdef"),
                        AMPLE));
        EventResult none = HandlerFixture.within(
                AMPLE,
                notificationHandler.take(
                        HandlerFixture.created(HandlerFixture.BUCKET, "registry-backup-canary/../owed"), AMPLE));

        // Then
        assertEquals(EventResult.DONE, absent);
        assertEquals(EventResult.DONE, none);
        assertEquals(List.of(), handlerFixture.backupBucket.keys(""));
    }

    @Test
    void aCanaryThatCannotBeRecordedIsNotOwed() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        handlerFixture.registryBucket.seed(canary, HandlerFixture.bytes("canary"));
        handlerFixture.backup.before((operation, asked) -> {
            if (asked.startsWith("registry-backup/canary/")) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "refused");
            }
        });

        // When
        EventResult eventResult = HandlerFixture.within(
                AMPLE, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, canary), AMPLE));

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(List.of(), handlerFixture.owedKeys());
    }

    @Test
    void whatIsNotDurableInTimeIsOwedAndItsCopyGoesOn() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.before((operation, asked) -> hangIf(operation == Operation.PUT && asked.equals(key)));

        // When
        EventResult eventResult = HandlerFixture.within(
                SHORT, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), SHORT));

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(List.of(key), handlerFixture.owedKeys());
        assertEquals(List.of(), handlerFixture.backupBucket.keys(key));
        assertEquals(1, notificationHandler.inFlight());
        handlerFixture.release();
        HandlerFixture.until(() -> notificationHandler.inFlight() == 0);
        assertArrayEquals(HandlerFixture.bytes("layer"), handlerFixture.backupBucket.bytes(key));
        HandlerFixture.until(() -> handlerFixture.goesOn.equals(Map.of(key, true)));
    }

    @Test
    void whatIsNeitherDurableNorOnRecordInTimeIsNotTaken() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.before((operation, asked) -> hangIf(operation == Operation.PUT));

        // When
        EventResult eventResult = HandlerFixture.within(
                SCANT, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), SCANT));

        // Then
        assertEquals(EventResult.NOT_TAKEN, eventResult);
        assertEquals(List.of(), handlerFixture.owedKeys());
    }

    @Test
    void whatIsNotDurableWhereNothingCanBeRecordedIsNotTaken() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.before((operation, asked) -> {
            refuseIf(operation == Operation.PUT && HandlerFixture.isOwedRecord(asked));
            hangIf(operation == Operation.PUT);
        });

        // When
        EventResult eventResult = HandlerFixture.within(
                SCANT, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), SCANT));

        // Then
        assertEquals(EventResult.NOT_TAKEN, eventResult);
        HandlerFixture.until(() -> handlerFixture.journal.failed.contains(new Failed(Occasion.OWED, key)));
    }

    @Test
    void whatBecomesDurableAfterItCouldNotBeRecordedIsStillDone() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.before((operation, asked) -> {
            refuseIf(operation == Operation.PUT && HandlerFixture.isOwedRecord(asked));
            hangIf(operation == Operation.PUT);
        });
        CompletableFuture<EventResult> reply =
                notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), SHORT);
        HandlerFixture.until(() -> handlerFixture.journal.failed.contains(new Failed(Occasion.OWED, key)));

        // When
        handlerFixture.release();

        // Then
        assertEquals(EventResult.DONE, HandlerFixture.within(SHORT, reply));
    }

    @Test
    void whatFailsForNowIsOwedAtOnce() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.registry.before((operation, asked) -> refuseIf(true));

        // When
        EventResult eventResult = HandlerFixture.within(
                Duration.ofSeconds(5),
                notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), AMPLE));

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(List.of(key), handlerFixture.owedKeys());
        HandlerFixture.until(() -> handlerFixture.goesOn.equals(Map.of(key, false)));
        assertEquals(0, notificationHandler.inFlight());
        assertEquals(List.of(new Failed(Occasion.EVENT, key)), handlerFixture.journal.failed);
    }

    @Test
    void whatFailsForNowAndCannotBeRecordedIsNotTakenAtOnce() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.registry.before((operation, asked) -> refuseIf(true));
        handlerFixture.backup.before((operation, asked) -> refuseIf(operation == Operation.PUT));

        // When
        EventResult eventResult = HandlerFixture.within(
                Duration.ofSeconds(5),
                notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), AMPLE));

        // Then
        assertEquals(EventResult.NOT_TAKEN, eventResult);
    }

    @Test
    void whatIsCorruptIsPermanentAndNothingIsOwed() throws Exception {
        // Given
        String key = handlerFixture.corruptBlob("layer");

        // When
        EventResult eventResult = HandlerFixture.within(
                AMPLE, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), AMPLE));

        // Then
        assertEquals(Answer.PERMANENT, eventResult.answer());
        assertEquals(List.of("key " + key), identities(eventResult));
        assertEquals(List.of(), handlerFixture.owedKeys());
        assertEquals(List.of(), handlerFixture.backupBucket.keys(key));
    }

    @Test
    void aLinkAboveSomethingCorruptIsPermanentAndOnRecordAlready() throws Exception {
        // Given
        Digest digest = Digest.of(DigestAlgorithm.SHA256, HandlerFixture.bytes("layer"));
        handlerFixture.corruptBlob("layer");
        String link = handlerFixture.layout.keyOf(new LayerLink(new RepositoryName("shop/cart"), digest));
        handlerFixture.registryBucket.seed(link, HandlerFixture.bytes(digest.toString()));

        // When
        EventResult eventResult = HandlerFixture.within(
                AMPLE, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, link), AMPLE));

        // Then
        assertEquals(EventResult.WITHHELD, eventResult);
        assertEquals(
                1, handlerFixture.backupBucket.keys("registry-backup/withheld/").size());
    }

    @Test
    void allRecordsOfAnEventAreWorkedThrough() throws Exception {
        // Given
        String good = handlerFixture.blob("good");
        String bad = handlerFixture.corruptBlob("bad");
        String failing = handlerFixture.blob("failing");
        String last = handlerFixture.blob("last");
        handlerFixture.registry.before((operation, asked) -> refuseIf(asked.equals(failing)));
        byte[] event = HandlerFixture.records(
                HandlerFixture.record("elsewhere", "a"),
                "7",
                HandlerFixture.record(HandlerFixture.BUCKET, bad),
                HandlerFixture.record(HandlerFixture.BUCKET, good),
                HandlerFixture.record(HandlerFixture.BUCKET, failing),
                HandlerFixture.record(HandlerFixture.BUCKET, last));

        // When
        EventResult eventResult = HandlerFixture.within(Duration.ofSeconds(5), notificationHandler.take(event, AMPLE));

        // Then
        assertEquals(Answer.PERMANENT, eventResult.answer());
        assertEquals(3, eventResult.rejections().size());
        assertTrue(identities(eventResult).containsAll(List.of("bucket elsewhere", "key " + bad)));
        assertArrayEquals(HandlerFixture.bytes("good"), handlerFixture.backupBucket.bytes(good));
        assertArrayEquals(HandlerFixture.bytes("last"), handlerFixture.backupBucket.bytes(last));
        assertEquals(List.of(failing), handlerFixture.owedKeys());
        assertEquals(List.of("elsewhere"), handlerFixture.journal.otherBuckets);
        assertEquals(1, handlerFixture.journal.undecodable.size());
    }

    @Test
    void whatIsNotTakenOutweighsWhatWillNeverSucceed() throws Exception {
        // Given
        String bad = handlerFixture.corruptBlob("bad");
        String failing = handlerFixture.blob("failing");
        handlerFixture.registry.before((operation, asked) -> refuseIf(asked.equals(failing)));
        handlerFixture.backup.before((operation, asked) -> refuseIf(HandlerFixture.isOwedRecord(asked)));

        // When
        EventResult eventResult = HandlerFixture.within(
                Duration.ofSeconds(5),
                notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, failing, bad), AMPLE));

        // Then
        assertEquals(Answer.NOT_TAKEN, eventResult.answer());
        assertEquals(List.of("key " + bad), identities(eventResult));
    }

    @Test
    void whatIsNothingKnownIsPermanent() throws Exception {
        // When
        EventResult eventResult =
                HandlerFixture.within(AMPLE, notificationHandler.take(HandlerFixture.bytes("{\"hello\":1}"), AMPLE));

        // Then
        assertEquals(Answer.PERMANENT, eventResult.answer());
        assertEquals(1, eventResult.rejections().size());
        assertEquals("{\"hello\":1}", eventResult.rejections().get(0).payload());
    }

    @Test
    void whatIsNotJsonIsRefusedAtOnce() {
        // When
        NotJsonException refusal = assertThrows(
                NotJsonException.class, () -> notificationHandler.take(HandlerFixture.bytes("hello"), AMPLE));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("Failed to decode a payload of 5 bytes"));
    }

    @Test
    void aKeyThereIsNoPlaceForIsOwedWithoutBeingBegun() throws Exception {
        // Given
        NotificationHandler narrow = handlerFixture.intake(1);
        String first = handlerFixture.blob("first");
        String second = handlerFixture.blob("second");
        handlerFixture.backup.before((operation, asked) -> hangIf(operation == Operation.PUT && asked.equals(first)));
        CompletableFuture<EventResult> copying =
                narrow.take(HandlerFixture.created(HandlerFixture.BUCKET, first), AMPLE);
        HandlerFixture.until(() -> handlerFixture.registry.requests().contains(new Request(Operation.OPEN, first)));

        // When
        EventResult eventResult = HandlerFixture.within(
                Duration.ofSeconds(5), narrow.take(HandlerFixture.created(HandlerFixture.BUCKET, second), AMPLE));

        // Then
        assertEquals(EventResult.DONE, eventResult);
        assertEquals(List.of(second), handlerFixture.owedKeys());
        assertFalse(handlerFixture.registry.requests().stream()
                .anyMatch(request -> request.key().equals(second)));
        assertEquals(1, narrow.inFlight());
        handlerFixture.release();
        assertEquals(EventResult.DONE, HandlerFixture.within(AMPLE, copying));
        HandlerFixture.until(() -> narrow.inFlight() == 0);
        assertEquals(
                EventResult.DONE,
                HandlerFixture.within(
                        AMPLE, narrow.take(HandlerFixture.created(HandlerFixture.BUCKET, second), AMPLE)));
        assertArrayEquals(HandlerFixture.bytes("second"), handlerFixture.backupBucket.bytes(second));
    }

    @Test
    void aKeyThereIsNoPlaceForThatCannotBeRecordedIsNotTaken() throws Exception {
        // Given
        NotificationHandler closed = handlerFixture.intake(0);
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.before((operation, asked) -> refuseIf(HandlerFixture.isOwedRecord(asked)));

        // When
        EventResult eventResult =
                HandlerFixture.within(SCANT, closed.take(HandlerFixture.created(HandlerFixture.BUCKET, key), SCANT));

        // Then
        assertEquals(EventResult.NOT_TAKEN, eventResult);
    }

    @Test
    void aThousandEventsAtOnceAreAllAnsweredThoughTheBackupHangs() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        handlerFixture.backup.before((operation, asked) -> handlerFixture.hang());

        // When
        List<EventResult> replies = takeAll(keys, Duration.ofSeconds(1));

        // Then
        assertEquals(Set.of(EventResult.NOT_TAKEN), new HashSet<>(replies));
        assertEquals(1_024, replies.size());
        handlerFixture.release();
        HandlerFixture.until(() -> notificationHandler.inFlight() == 0);
    }

    @Test
    void aThousandEventsAtOnceAreAllOnRecordThoughTheCopiesHang() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        handlerFixture.backup.before((operation, asked) -> hangIf(!HandlerFixture.isOwedRecord(asked)));

        // When
        List<EventResult> replies = takeAll(keys, SHORT);

        // Then
        assertEquals(Set.of(EventResult.DONE), new HashSet<>(replies));
        assertEquals(keys.stream().sorted().toList(), handlerFixture.owedKeys());
        assertTrue(handlerFixture.backup.written().stream()
                        .filter(HandlerFixture::isOwedRecord)
                        .count()
                < 100);
    }

    @Test
    void theSameEventManyTimesIsCopiedOnce() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        byte[] event = HandlerFixture.created(HandlerFixture.BUCKET, key, key);
        List<CompletableFuture<EventResult>> replies = new ArrayList<>();

        // When
        IntStream.range(0, 50).forEach(time -> replies.add(notificationHandler.take(event, AMPLE)));

        // Then
        for (CompletableFuture<EventResult> reply : replies) {
            assertEquals(EventResult.DONE, HandlerFixture.within(AMPLE, reply));
        }
        assertEquals(1, handlerFixture.backupBucket.versionCount(key));
        assertEquals(List.of(), handlerFixture.owedKeys());
    }

    @Test
    void aFinishedCopyOfAnOwedKeySettlesNothingThatChangedSince() throws Exception {
        // Given
        String key = "notes";
        handlerFixture.registryBucket.seed(key, HandlerFixture.bytes("old"));
        CountDownLatch read = new CountDownLatch(1);
        handlerFixture.backup.before((operation, asked) -> {
            if (operation == Operation.PUT && asked.equals(key)) {
                read.countDown();
                handlerFixture.hang();
            }
        });
        assertEquals(
                EventResult.DONE,
                HandlerFixture.within(
                        SHORT, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), SHORT)));
        HandlerFixture.until(() -> read.getCount() == 0);
        handlerFixture.registryBucket.seed(key, HandlerFixture.bytes("new"));
        handlerFixture.release();
        HandlerFixture.until(() -> notificationHandler.inFlight() == 0);
        assertArrayEquals(HandlerFixture.bytes("old"), handlerFixture.backupBucket.bytes(key));
        assertEquals(List.of(key), handlerFixture.owedKeys());

        // When
        handlerFixture.worker.start();

        // Then
        HandlerFixture.until(() -> handlerFixture.owedKeys().isEmpty());
        assertArrayEquals(HandlerFixture.bytes("new"), handlerFixture.backupBucket.bytes(key));
        HandlerFixture.until(() -> handlerFixture.worker.owed() == 0);
    }

    @Test
    void anOwedKeyThatTurnsOutCorruptIsRejected() throws Exception {
        // Given
        String key = handlerFixture.corruptBlob("layer");
        handlerFixture.registry.before((operation, asked) -> hangIf(operation == Operation.OPEN));
        assertEquals(
                EventResult.DONE,
                HandlerFixture.within(
                        SHORT, notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), SHORT)));
        handlerFixture.release();

        // When
        handlerFixture.worker.start();

        // Then
        HandlerFixture.until(() ->
                handlerFixture.owedKeys().isEmpty() && handlerFixture.rejected().size() == 1);
    }

    private List<String> blobs(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> handlerFixture.blob("layer " + number))
                .toList();
    }

    private List<EventResult> takeAll(List<String> keys, Duration left) throws Exception {
        List<CompletableFuture<EventResult>> taken = keys.stream()
                .map(key -> notificationHandler.take(HandlerFixture.created(HandlerFixture.BUCKET, key), left))
                .toList();
        HandlerFixture.within(left.plusSeconds(4), CompletableFuture.allOf(taken.toArray(CompletableFuture[]::new)));
        return taken.stream().map(CompletableFuture::join).toList();
    }

    private void hangIf(boolean hangs) {
        if (hangs) {
            handlerFixture.hang();
        }
    }

    private static void refuseIf(boolean refuses) {
        if (refuses) {
            throw HandlerFixture.down();
        }
    }

    private static List<String> identities(EventResult eventResult) {
        return eventResult.rejections().stream().map(Rejection::identity).toList();
    }
}
