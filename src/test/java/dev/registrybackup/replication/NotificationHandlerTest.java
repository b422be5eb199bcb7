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
import dev.registrybackup.replication.EventResult.Disposition;
import dev.registrybackup.replication.RecordingListener.Failed;
import dev.registrybackup.replication.RecordingListener.Finished;
import dev.registrybackup.replication.ReplicationListener.Trigger;
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
    private static final Duration LONG_TIMEOUT = Duration.ofMinutes(1);
    /** A time to answer that leaves hardly any time before a key becomes pending. */
    private static final Duration SHORT_TIMEOUT = NotificationHandler.PENDING_MARGIN.plusMillis(100);
    /** So little time that a key becomes pending at once. */
    private static final Duration TINY_TIMEOUT = Duration.ofMillis(600);

    private final HandlerFixture handlerFixture = new HandlerFixture();
    private final NotificationHandler notificationHandler = handlerFixture.notificationHandler(4_096);

    @AfterEach
    void close() {
        handlerFixture.close();
    }

    @Test
    void aKeyCopiedInTimeIsDone() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertArrayEquals(HandlerFixture.bytes("layer"), handlerFixture.backupBucket.bytes(key));
        assertEquals(List.of(), handlerFixture.pendingKeys());
        assertEquals(0, notificationHandler.keysInFlight());
        Instant written = Instant.parse("2026-03-04T05:06:00Z");
        assertEquals(
                List.of(new Finished(Trigger.EVENT, key, ReplicationStatus.COPIED, written)),
                handlerFixture.listener.finished);
    }

    @Test
    void excludedKeysAreDoneWithoutARequest() throws Exception {
        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(
                        HandlerFixture.createdEvent(
                                HandlerFixture.BUCKET, "docker/registry/v2/repositories/shop/_uploads/1/data"),
                        LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(), handlerFixture.registry.requests());
        assertEquals(List.of(), handlerFixture.backup.requests());
    }

    @Test
    void aCanaryIsPutOnRecordAndNeverCopied() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        handlerFixture.registryBucket.seed(canary, HandlerFixture.bytes("canary"));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, canary), LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(
                List.of("registry-backup/canary/0123456789abcdef"),
                handlerFixture.backupBucket.keys("registry-backup"));
        assertEquals(List.of(), handlerFixture.backupBucket.keys("registry-backup-canary/"));
        assertEquals(List.of(), handlerFixture.listener.finished);
    }

    @Test
    void aCanaryThatIsNotThereOrNoneLeavesNothing() throws Exception {
        // Given
        handlerFixture.registryBucket.seed("registry-backup-canary/../pending", HandlerFixture.bytes("no canary"));

        // When
        EventResult absent = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(
                        HandlerFixture.createdEvent(HandlerFixture.BUCKET, "registry-backup-canary/0123456789abcdef"),
                        LONG_TIMEOUT));
        EventResult none = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(
                        HandlerFixture.createdEvent(HandlerFixture.BUCKET, "registry-backup-canary/../pending"),
                        LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, absent);
        assertEquals(EventResult.ACK, none);
        assertEquals(List.of(), handlerFixture.backupBucket.keys(""));
    }

    @Test
    void aCanaryThatCannotBeRecordedIsNotPending() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        handlerFixture.registryBucket.seed(canary, HandlerFixture.bytes("canary"));
        handlerFixture.backup.beforeRequest((operation, asked) -> {
            if (asked.startsWith("registry-backup/canary/")) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "refused");
            }
        });

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, canary), LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(), handlerFixture.pendingKeys());
    }

    @Test
    void keysNotDurableInTimeBecomePendingAndTheirCopiesContinue() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.beforeRequest(
                (operation, asked) -> blockIf(operation == Operation.PUT && asked.equals(key)));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                SHORT_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), SHORT_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(key), handlerFixture.pendingKeys());
        assertEquals(List.of(), handlerFixture.backupBucket.keys(key));
        assertEquals(1, notificationHandler.keysInFlight());
        handlerFixture.release();
        HandlerFixture.awaitTrue(() -> notificationHandler.keysInFlight() == 0);
        assertArrayEquals(HandlerFixture.bytes("layer"), handlerFixture.backupBucket.bytes(key));
        HandlerFixture.awaitTrue(() -> handlerFixture.retryAtOnce.equals(Map.of(key, true)));
    }

    @Test
    void aKeyNeitherDurableNorRecordedInTimeIsNotAcknowledged() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.beforeRequest((operation, asked) -> blockIf(operation == Operation.PUT));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                TINY_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), TINY_TIMEOUT));

        // Then
        assertEquals(EventResult.RETRY, eventResult);
        assertEquals(List.of(), handlerFixture.pendingKeys());
    }

    @Test
    void aKeyThatIsNotDurableAndCannotBeRecordedIsNotAcknowledged() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.beforeRequest((operation, asked) -> {
            failIf(operation == Operation.PUT && HandlerFixture.isPendingBatch(asked));
            blockIf(operation == Operation.PUT);
        });

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                TINY_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), TINY_TIMEOUT));

        // Then
        assertEquals(EventResult.RETRY, eventResult);
        HandlerFixture.awaitTrue(() -> handlerFixture.listener.failed.contains(new Failed(Trigger.RETRY, key)));
    }

    @Test
    void aKeyThatBecomesDurableAfterAFailedRecordIsStillDone() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.beforeRequest((operation, asked) -> {
            failIf(operation == Operation.PUT && HandlerFixture.isPendingBatch(asked));
            blockIf(operation == Operation.PUT);
        });
        CompletableFuture<EventResult> reply =
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), SHORT_TIMEOUT);
        HandlerFixture.awaitTrue(() -> handlerFixture.listener.failed.contains(new Failed(Trigger.RETRY, key)));

        // When
        handlerFixture.release();

        // Then
        assertEquals(EventResult.ACK, HandlerFixture.awaitWithin(SHORT_TIMEOUT, reply));
    }

    @Test
    void aTemporaryFailureIsPendingAtOnce() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.registry.beforeRequest((operation, asked) -> failIf(true));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                Duration.ofSeconds(5),
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(key), handlerFixture.pendingKeys());
        HandlerFixture.awaitTrue(() -> handlerFixture.retryAtOnce.equals(Map.of(key, false)));
        assertEquals(0, notificationHandler.keysInFlight());
        assertEquals(List.of(new Failed(Trigger.EVENT, key)), handlerFixture.listener.failed);
    }

    @Test
    void aTemporaryFailureThatCannotBeRecordedIsNotAcknowledgedAtOnce() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        handlerFixture.registry.beforeRequest((operation, asked) -> failIf(true));
        handlerFixture.backup.beforeRequest((operation, asked) -> failIf(operation == Operation.PUT));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                Duration.ofSeconds(5),
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.RETRY, eventResult);
    }

    @Test
    void aCorruptBlobIsPermanentAndNothingIsPending() throws Exception {
        // Given
        String key = handlerFixture.corruptBlob("layer");

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), LONG_TIMEOUT));

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(List.of("key " + key), identities(eventResult));
        assertEquals(List.of(), handlerFixture.pendingKeys());
        assertEquals(List.of(), handlerFixture.backupBucket.keys(key));
    }

    @Test
    void aBlobCorruptOnlyInTheRegistryIsPermanentAndTheGoodCopyStays() throws Exception {
        // Given
        String key = handlerFixture.corruptBlob("layer");
        handlerFixture.backupBucket.seed(key, HandlerFixture.bytes("layer"));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), LONG_TIMEOUT));

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(List.of("key " + key), identities(eventResult));
        assertArrayEquals(HandlerFixture.bytes("layer"), handlerFixture.backupBucket.bytes(key));
    }

    @Test
    void aLinkAboveSomethingCorruptIsPermanentAndOnRecordAlready() throws Exception {
        // Given
        Digest digest = Digest.of(DigestAlgorithm.SHA256, HandlerFixture.bytes("layer"));
        handlerFixture.corruptBlob("layer");
        String link = handlerFixture.layout.keyOf(new LayerLink(new RepositoryName("shop/cart"), digest));
        handlerFixture.registryBucket.seed(link, HandlerFixture.bytes(digest.toString()));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT,
                notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, link), LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.BLOCKED, eventResult);
        assertEquals(
                1, handlerFixture.backupBucket.keys("registry-backup/blocked/").size());
    }

    @Test
    void allRecordsOfAnEventAreWorkedThrough() throws Exception {
        // Given
        String good = handlerFixture.blob("good");
        String bad = handlerFixture.corruptBlob("bad");
        String failing = handlerFixture.blob("failing");
        String last = handlerFixture.blob("last");
        handlerFixture.registry.beforeRequest((operation, asked) -> failIf(asked.equals(failing)));
        byte[] event = HandlerFixture.records(
                HandlerFixture.record("elsewhere", "a"),
                "7",
                HandlerFixture.record(HandlerFixture.BUCKET, bad),
                HandlerFixture.record(HandlerFixture.BUCKET, good),
                HandlerFixture.record(HandlerFixture.BUCKET, failing),
                HandlerFixture.record(HandlerFixture.BUCKET, last));

        // When
        EventResult eventResult =
                HandlerFixture.awaitWithin(Duration.ofSeconds(5), notificationHandler.handle(event, LONG_TIMEOUT));

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(3, eventResult.rejections().size());
        assertTrue(identities(eventResult).containsAll(List.of("bucket elsewhere", "key " + bad)));
        assertArrayEquals(HandlerFixture.bytes("good"), handlerFixture.backupBucket.bytes(good));
        assertArrayEquals(HandlerFixture.bytes("last"), handlerFixture.backupBucket.bytes(last));
        assertEquals(List.of(failing), handlerFixture.pendingKeys());
        assertEquals(List.of("elsewhere"), handlerFixture.listener.otherBuckets);
        assertEquals(1, handlerFixture.listener.undecodable.size());
    }

    @Test
    void aRetryOutweighsARejection() throws Exception {
        // Given
        String bad = handlerFixture.corruptBlob("bad");
        String failing = handlerFixture.blob("failing");
        handlerFixture.registry.beforeRequest((operation, asked) -> failIf(asked.equals(failing)));
        handlerFixture.backup.beforeRequest((operation, asked) -> failIf(HandlerFixture.isPendingBatch(asked)));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                Duration.ofSeconds(5),
                notificationHandler.handle(
                        HandlerFixture.createdEvent(HandlerFixture.BUCKET, failing, bad), LONG_TIMEOUT));

        // Then
        assertEquals(Disposition.RETRY, eventResult.disposition());
        assertEquals(List.of("key " + bad), identities(eventResult));
    }

    @Test
    void anUnknownPayloadIsPermanent() throws Exception {
        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                LONG_TIMEOUT, notificationHandler.handle(HandlerFixture.bytes("{\"hello\":1}"), LONG_TIMEOUT));

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(1, eventResult.rejections().size());
        assertEquals("{\"hello\":1}", eventResult.rejections().get(0).payload());
    }

    @Test
    void aPayloadThatIsNotJsonIsRefusedAtOnce() {
        // When
        NotJsonException refusal = assertThrows(
                NotJsonException.class, () -> notificationHandler.handle(HandlerFixture.bytes("hello"), LONG_TIMEOUT));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("Failed to decode a payload of 5 bytes"));
    }

    @Test
    void aKeyOverTheBoundIsPendingWithoutBeingStarted() throws Exception {
        // Given
        NotificationHandler narrow = handlerFixture.notificationHandler(1);
        String first = handlerFixture.blob("first");
        String second = handlerFixture.blob("second");
        handlerFixture.backup.beforeRequest(
                (operation, asked) -> blockIf(operation == Operation.PUT && asked.equals(first)));
        CompletableFuture<EventResult> copying =
                narrow.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, first), LONG_TIMEOUT);
        HandlerFixture.awaitTrue(() -> handlerFixture.registry.requests().contains(new Request(Operation.OPEN, first)));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                Duration.ofSeconds(5),
                narrow.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, second), LONG_TIMEOUT));

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(second), handlerFixture.pendingKeys());
        assertFalse(handlerFixture.registry.requests().stream()
                .anyMatch(request -> request.key().equals(second)));
        assertEquals(1, narrow.keysInFlight());
        handlerFixture.release();
        assertEquals(EventResult.ACK, HandlerFixture.awaitWithin(LONG_TIMEOUT, copying));
        HandlerFixture.awaitTrue(() -> narrow.keysInFlight() == 0);
        assertEquals(
                EventResult.ACK,
                HandlerFixture.awaitWithin(
                        LONG_TIMEOUT,
                        narrow.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, second), LONG_TIMEOUT)));
        assertArrayEquals(HandlerFixture.bytes("second"), handlerFixture.backupBucket.bytes(second));
    }

    @Test
    void aKeyThereIsNoPlaceForThatCannotBeRecordedIsNotTaken() throws Exception {
        // Given
        NotificationHandler closed = handlerFixture.notificationHandler(0);
        String key = handlerFixture.blob("layer");
        handlerFixture.backup.beforeRequest((operation, asked) -> failIf(HandlerFixture.isPendingBatch(asked)));

        // When
        EventResult eventResult = HandlerFixture.awaitWithin(
                TINY_TIMEOUT, closed.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), TINY_TIMEOUT));

        // Then
        assertEquals(EventResult.RETRY, eventResult);
    }

    @Test
    void aThousandEventsAtOnceAreAllAnsweredThoughTheBackupHangs() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        handlerFixture.backup.beforeRequest((operation, asked) -> handlerFixture.blockUntilReleased());

        // When
        List<EventResult> replies = handleAll(keys, Duration.ofSeconds(1));

        // Then
        assertEquals(Set.of(EventResult.RETRY), new HashSet<>(replies));
        assertEquals(1_024, replies.size());
        handlerFixture.release();
        HandlerFixture.awaitTrue(() -> notificationHandler.keysInFlight() == 0);
    }

    @Test
    void aThousandEventsAtOnceAreAllOnRecordThoughTheCopiesHang() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        handlerFixture.backup.beforeRequest((operation, asked) -> blockIf(!HandlerFixture.isPendingBatch(asked)));

        // When
        List<EventResult> replies = handleAll(keys, SHORT_TIMEOUT);

        // Then
        assertEquals(Set.of(EventResult.ACK), new HashSet<>(replies));
        assertEquals(keys.stream().sorted().toList(), handlerFixture.pendingKeys());
        assertTrue(handlerFixture.backup.writtenKeys().stream()
                        .filter(HandlerFixture::isPendingBatch)
                        .count()
                < 100);
    }

    @Test
    void theSameEventManyTimesIsCopiedOnce() throws Exception {
        // Given
        String key = handlerFixture.blob("layer");
        byte[] event = HandlerFixture.createdEvent(HandlerFixture.BUCKET, key, key);
        List<CompletableFuture<EventResult>> replies = new ArrayList<>();

        // When
        IntStream.range(0, 50).forEach(time -> replies.add(notificationHandler.handle(event, LONG_TIMEOUT)));

        // Then
        for (CompletableFuture<EventResult> reply : replies) {
            assertEquals(EventResult.ACK, HandlerFixture.awaitWithin(LONG_TIMEOUT, reply));
        }
        assertEquals(1, handlerFixture.backupBucket.versionCount(key));
        assertEquals(List.of(), handlerFixture.pendingKeys());
    }

    @Test
    void aFinishedCopyOfAPendingKeyKeepsKeysRecordedSince() throws Exception {
        // Given
        String key = "notes";
        handlerFixture.registryBucket.seed(key, HandlerFixture.bytes("old"));
        CountDownLatch read = new CountDownLatch(1);
        handlerFixture.backup.beforeRequest((operation, asked) -> {
            if (operation == Operation.PUT && asked.equals(key)) {
                read.countDown();
                handlerFixture.blockUntilReleased();
            }
        });
        assertEquals(
                EventResult.ACK,
                HandlerFixture.awaitWithin(
                        SHORT_TIMEOUT,
                        notificationHandler.handle(
                                HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), SHORT_TIMEOUT)));
        HandlerFixture.awaitTrue(() -> read.getCount() == 0);
        handlerFixture.registryBucket.seed(key, HandlerFixture.bytes("new"));
        handlerFixture.release();
        HandlerFixture.awaitTrue(() -> notificationHandler.keysInFlight() == 0);
        assertEquals(List.of(key), handlerFixture.pendingKeys());

        // When
        handlerFixture.retryWorker.start();

        // Then
        HandlerFixture.awaitTrue(() -> handlerFixture.pendingKeys().isEmpty());
        assertArrayEquals(HandlerFixture.bytes("new"), handlerFixture.backupBucket.bytes(key));
        HandlerFixture.awaitTrue(() -> handlerFixture.retryWorker.pendingKeys() == 0);
    }

    @Test
    void aPendingKeyThatIsCorruptIsRejected() throws Exception {
        // Given
        String key = handlerFixture.corruptBlob("layer");
        handlerFixture.registry.beforeRequest((operation, asked) -> blockIf(operation == Operation.OPEN));
        assertEquals(
                EventResult.ACK,
                HandlerFixture.awaitWithin(
                        SHORT_TIMEOUT,
                        notificationHandler.handle(
                                HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), SHORT_TIMEOUT)));
        handlerFixture.release();

        // When
        handlerFixture.retryWorker.start();

        // Then
        HandlerFixture.awaitTrue(() -> handlerFixture.pendingKeys().isEmpty()
                && handlerFixture.rejectionKeys().size() == 1);
    }

    private List<String> blobs(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> handlerFixture.blob("layer " + number))
                .toList();
    }

    private List<EventResult> handleAll(List<String> keys, Duration left) throws Exception {
        List<CompletableFuture<EventResult>> taken = keys.stream()
                .map(key -> notificationHandler.handle(HandlerFixture.createdEvent(HandlerFixture.BUCKET, key), left))
                .toList();
        HandlerFixture.awaitWithin(
                left.plusSeconds(4), CompletableFuture.allOf(taken.toArray(CompletableFuture[]::new)));
        return taken.stream().map(CompletableFuture::join).toList();
    }

    private void blockIf(boolean hangs) {
        if (hangs) {
            handlerFixture.blockUntilReleased();
        }
    }

    private static void failIf(boolean refuses) {
        if (refuses) {
            throw HandlerFixture.storeUnavailable();
        }
    }

    private static List<String> identities(EventResult eventResult) {
        return eventResult.rejections().stream().map(Rejection::identity).toList();
    }
}
