package dev.registrybackup.replication;

import static dev.registrybackup.replication.HandlerFixture.BUCKET;
import static dev.registrybackup.replication.HandlerFixture.awaitTrue;
import static dev.registrybackup.replication.HandlerFixture.awaitWithin;
import static dev.registrybackup.replication.HandlerFixture.bytes;
import static dev.registrybackup.replication.HandlerFixture.createdEvent;
import static dev.registrybackup.replication.HandlerFixture.isPendingBatch;
import static dev.registrybackup.replication.HandlerFixture.record;
import static dev.registrybackup.replication.HandlerFixture.records;
import static dev.registrybackup.replication.HandlerFixture.storeUnavailable;
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
import dev.registrybackup.replication.RecordingListener.Completion;
import dev.registrybackup.replication.RecordingListener.Failure;
import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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

    private final HandlerFixture fixture = new HandlerFixture();
    private final NotificationHandler notificationHandler = fixture.notificationHandler(4_096);

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aKeyCopiedInTimeIsDone() throws Exception {
        // Given
        String key = fixture.blob("layer");

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, key);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertArrayEquals(bytes("layer"), fixture.backupBucket.bytes(key));
        assertEquals(List.of(), fixture.pendingKeys());
        assertEquals(0, notificationHandler.keysInFlight());
        Instant written = Instant.parse("2026-03-04T05:06:00Z");
        assertEquals(
                List.of(new Completion(Trigger.EVENT, key, ReplicationStatus.COPIED, written)),
                fixture.listener.finished);
    }

    @Test
    void excludedKeysAreDoneWithoutARequest() throws Exception {
        // When
        EventResult eventResult = handle(LONG_TIMEOUT, "docker/registry/v2/repositories/shop/_uploads/1/data");

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(), fixture.registry.requests());
        assertEquals(List.of(), fixture.backup.requests());
    }

    @Test
    void aCanaryIsPutOnRecordAndNeverCopied() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        fixture.registryBucket.seed(canary, bytes("canary"));

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, canary);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of("registry-backup/canary/0123456789abcdef"), fixture.backupBucket.keys("registry-backup"));
        assertEquals(List.of(), fixture.backupBucket.keys("registry-backup-canary/"));
        assertEquals(List.of(), fixture.listener.finished);
    }

    @Test
    void aCanaryThatIsNotThereOrNoneLeavesNothing() throws Exception {
        // Given
        fixture.registryBucket.seed("registry-backup-canary/../pending", bytes("no canary"));

        // When
        EventResult absent = handle(LONG_TIMEOUT, "registry-backup-canary/0123456789abcdef");
        EventResult none = handle(LONG_TIMEOUT, "registry-backup-canary/../pending");

        // Then
        assertEquals(EventResult.ACK, absent);
        assertEquals(EventResult.ACK, none);
        assertEquals(List.of(), fixture.backupBucket.keys(""));
    }

    @Test
    void aCanaryThatCannotBeRecordedIsNotPending() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        fixture.registryBucket.seed(canary, bytes("canary"));
        fixture.backup.beforeRequest((operation, asked) -> {
            if (asked.startsWith("registry-backup/canary/")) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "refused");
            }
        });

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, canary);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(), fixture.pendingKeys());
    }

    @Test
    void keysNotDurableInTimeBecomePendingAndTheirCopiesContinue() throws Exception {
        // Given
        String key = fixture.blob("layer");
        fixture.backup.beforeRequest((operation, asked) -> blockIf(operation == Operation.PUT && asked.equals(key)));

        // When
        EventResult eventResult = handle(SHORT_TIMEOUT, key);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(key), fixture.pendingKeys());
        assertEquals(List.of(), fixture.backupBucket.keys(key));
        assertEquals(1, notificationHandler.keysInFlight());
        fixture.release();
        awaitTrue(() -> notificationHandler.keysInFlight() == 0);
        assertArrayEquals(bytes("layer"), fixture.backupBucket.bytes(key));
        awaitTrue(() -> fixture.stillCopying.equals(Set.of(key)));
    }

    @Test
    void aKeyNeitherDurableNorRecordedInTimeIsNotAcknowledged() throws Exception {
        // Given
        String key = fixture.blob("layer");
        fixture.backup.beforeRequest((operation, asked) -> blockIf(operation == Operation.PUT));

        // When
        EventResult eventResult = handle(TINY_TIMEOUT, key);

        // Then
        assertEquals(EventResult.RETRY, eventResult);
        assertEquals(List.of(), fixture.pendingKeys());
    }

    @Test
    void aKeyThatIsNotDurableAndCannotBeRecordedIsNotAcknowledged() throws Exception {
        // Given
        String key = fixture.blob("layer");
        fixture.backup.beforeRequest((operation, asked) -> {
            failIf(operation == Operation.PUT && isPendingBatch(asked));
            blockIf(operation == Operation.PUT);
        });

        // When
        EventResult eventResult = handle(TINY_TIMEOUT, key);

        // Then
        assertEquals(EventResult.RETRY, eventResult);
        awaitTrue(() -> fixture.listener.failed.contains(new Failure(Trigger.RETRY, key)));
    }

    @Test
    void aKeyThatBecomesDurableAfterAFailedRecordIsStillDone() throws Exception {
        // Given
        String key = fixture.blob("layer");
        fixture.backup.beforeRequest((operation, asked) -> {
            failIf(operation == Operation.PUT && isPendingBatch(asked));
            blockIf(operation == Operation.PUT);
        });
        CompletableFuture<EventResult> reply = notificationHandler.handle(createdEvent(BUCKET, key), SHORT_TIMEOUT);
        awaitTrue(() -> fixture.listener.failed.contains(new Failure(Trigger.RETRY, key)));

        // When
        fixture.release();

        // Then
        assertEquals(EventResult.ACK, awaitWithin(SHORT_TIMEOUT, reply));
    }

    @Test
    void aTemporaryFailureIsPendingAtOnce() throws Exception {
        // Given
        String key = fixture.blob("layer");
        fixture.registry.failAlways(StoreError.UNAVAILABLE, "The store is down");

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, key);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(key), fixture.pendingKeys());
        awaitTrue(() -> fixture.justFailed.equals(Set.of(key)));
        assertEquals(0, notificationHandler.keysInFlight());
        assertEquals(List.of(new Failure(Trigger.EVENT, key)), fixture.listener.failed);
    }

    @Test
    void aTemporaryFailureThatCannotBeRecordedIsNotAcknowledgedAtOnce() throws Exception {
        // Given
        String key = fixture.blob("layer");
        fixture.registry.failAlways(StoreError.UNAVAILABLE, "The store is down");
        fixture.backup.failOn(Operation.PUT, "", StoreError.UNAVAILABLE, "The store is down");

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, key);

        // Then
        assertEquals(EventResult.RETRY, eventResult);
    }

    @Test
    void aCorruptBlobIsPermanentAndNothingIsPending() throws Exception {
        // Given
        String key = fixture.corruptBlob("layer");

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, key);

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(List.of("key " + key), identities(eventResult));
        assertEquals(List.of(), fixture.pendingKeys());
        assertEquals(List.of(), fixture.backupBucket.keys(key));
    }

    @Test
    void aBlobCorruptOnlyInTheRegistryIsPermanentAndTheGoodCopyStays() throws Exception {
        // Given
        String key = fixture.corruptBlob("layer");
        fixture.backupBucket.seed(key, bytes("layer"));

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, key);

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(List.of("key " + key), identities(eventResult));
        assertArrayEquals(bytes("layer"), fixture.backupBucket.bytes(key));
    }

    @Test
    void aLinkAboveSomethingCorruptIsPermanentAndOnRecordAlready() throws Exception {
        // Given
        Digest digest = Digest.of(DigestAlgorithm.SHA256, bytes("layer"));
        fixture.corruptBlob("layer");
        String link = fixture.layout.keyOf(new LayerLink(new RepositoryName("shop/cart"), digest));
        fixture.registryBucket.seed(link, bytes(digest.toString()));

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, link);

        // Then
        assertEquals(EventResult.BLOCKED, eventResult);
        assertEquals(1, fixture.backupBucket.keys("registry-backup/blocked/").size());
    }

    @Test
    void allRecordsOfAnEventAreWorkedThrough() throws Exception {
        // Given
        String good = fixture.blob("good");
        String bad = fixture.corruptBlob("bad");
        String failing = fixture.blob("failing");
        String last = fixture.blob("last");
        fixture.registry.beforeRequest((operation, asked) -> failIf(asked.equals(failing)));
        byte[] event = records(
                record("elsewhere", "a"),
                "7",
                record(BUCKET, bad),
                record(BUCKET, good),
                record(BUCKET, failing),
                record(BUCKET, last));

        // When
        EventResult eventResult = awaitWithin(Duration.ofSeconds(5), notificationHandler.handle(event, LONG_TIMEOUT));

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(3, eventResult.rejections().size());
        assertTrue(identities(eventResult).containsAll(List.of("bucket elsewhere", "key " + bad)));
        assertArrayEquals(bytes("good"), fixture.backupBucket.bytes(good));
        assertArrayEquals(bytes("last"), fixture.backupBucket.bytes(last));
        assertEquals(List.of(failing), fixture.pendingKeys());
        assertEquals(List.of("elsewhere"), fixture.listener.otherBuckets);
        assertEquals(1, fixture.listener.undecodable.size());
    }

    @Test
    void aRetryOutweighsARejection() throws Exception {
        // Given
        String bad = fixture.corruptBlob("bad");
        String failing = fixture.blob("failing");
        fixture.registry.beforeRequest((operation, asked) -> failIf(asked.equals(failing)));
        fixture.backup.beforeRequest((operation, asked) -> failIf(isPendingBatch(asked)));

        // When
        EventResult eventResult = handle(LONG_TIMEOUT, failing, bad);

        // Then
        assertEquals(Disposition.RETRY, eventResult.disposition());
        assertEquals(List.of("key " + bad), identities(eventResult));
    }

    @Test
    void anUnknownPayloadIsPermanent() throws Exception {
        // When
        EventResult eventResult =
                awaitWithin(LONG_TIMEOUT, notificationHandler.handle(bytes("{\"hello\":1}"), LONG_TIMEOUT));

        // Then
        assertEquals(Disposition.REJECT, eventResult.disposition());
        assertEquals(1, eventResult.rejections().size());
        assertEquals("{\"hello\":1}", eventResult.rejections().get(0).payload());
    }

    @Test
    void aPayloadThatIsNotJsonIsRefusedAtOnce() {
        // When
        NotJsonException refusal =
                assertThrows(NotJsonException.class, () -> notificationHandler.handle(bytes("hello"), LONG_TIMEOUT));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("Failed to decode a payload of 5 bytes"));
    }

    @Test
    void aKeyOverTheBoundIsPendingWithoutBeingStarted() throws Exception {
        // Given
        NotificationHandler narrow = fixture.notificationHandler(1);
        String first = fixture.blob("first");
        String second = fixture.blob("second");
        fixture.backup.beforeRequest((operation, asked) -> blockIf(operation == Operation.PUT && asked.equals(first)));
        CompletableFuture<EventResult> copying = narrow.handle(createdEvent(BUCKET, first), LONG_TIMEOUT);
        awaitTrue(() -> fixture.registry.requests().contains(new Request(Operation.OPEN, first)));

        // When
        EventResult eventResult = fixture.handle(narrow, LONG_TIMEOUT, second);

        // Then
        assertEquals(EventResult.ACK, eventResult);
        assertEquals(List.of(second), fixture.pendingKeys());
        assertFalse(fixture.registry.requests().stream()
                .anyMatch(request -> request.key().equals(second)));
        assertEquals(1, narrow.keysInFlight());
        fixture.release();
        assertEquals(EventResult.ACK, awaitWithin(LONG_TIMEOUT, copying));
        awaitTrue(() -> narrow.keysInFlight() == 0);
        assertEquals(EventResult.ACK, fixture.handle(narrow, LONG_TIMEOUT, second));
        assertArrayEquals(bytes("second"), fixture.backupBucket.bytes(second));
    }

    @Test
    void aKeyThereIsNoPlaceForThatCannotBeRecordedIsNotTaken() throws Exception {
        // Given
        NotificationHandler closed = fixture.notificationHandler(0);
        String key = fixture.blob("layer");
        fixture.backup.beforeRequest((operation, asked) -> failIf(isPendingBatch(asked)));

        // When
        EventResult eventResult = fixture.handle(closed, TINY_TIMEOUT, key);

        // Then
        assertEquals(EventResult.RETRY, eventResult);
    }

    @Test
    void aThousandEventsAtOnceAreAllAnsweredThoughTheBackupHangs() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        fixture.backup.beforeRequest((operation, asked) -> fixture.blockUntilReleased());

        // When
        List<EventResult> replies = handleAll(keys, Duration.ofSeconds(1));

        // Then
        assertEquals(Set.of(EventResult.RETRY), new HashSet<>(replies));
        assertEquals(1_024, replies.size());
        fixture.release();
        awaitTrue(() -> notificationHandler.keysInFlight() == 0);
    }

    @Test
    void aThousandEventsAtOnceAreAllOnRecordThoughTheCopiesHang() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        fixture.backup.beforeRequest((operation, asked) -> blockIf(!isPendingBatch(asked)));

        // When
        List<EventResult> replies = handleAll(keys, SHORT_TIMEOUT);

        // Then
        assertEquals(Set.of(EventResult.ACK), new HashSet<>(replies));
        assertEquals(keys.stream().sorted().toList(), fixture.pendingKeys());
        assertTrue(fixture.backup.writtenKeys().stream()
                        .filter(HandlerFixture::isPendingBatch)
                        .count()
                < 100);
    }

    @Test
    void theSameEventManyTimesIsCopiedOnce() throws Exception {
        // Given
        String key = fixture.blob("layer");
        byte[] event = createdEvent(BUCKET, key, key);
        List<CompletableFuture<EventResult>> replies = new ArrayList<>();

        // When
        IntStream.range(0, 50).forEach(time -> replies.add(notificationHandler.handle(event, LONG_TIMEOUT)));

        // Then
        for (CompletableFuture<EventResult> reply : replies) {
            assertEquals(EventResult.ACK, awaitWithin(LONG_TIMEOUT, reply));
        }
        assertEquals(1, fixture.backupBucket.versionCount(key));
        assertEquals(List.of(), fixture.pendingKeys());
    }

    @Test
    void aFinishedCopyOfAPendingKeyKeepsKeysRecordedSince() throws Exception {
        // Given
        String key = "notes";
        fixture.registryBucket.seed(key, bytes("old"));
        CountDownLatch read = new CountDownLatch(1);
        fixture.backup.beforeRequest((operation, asked) -> {
            if (operation == Operation.PUT && asked.equals(key)) {
                read.countDown();
                fixture.blockUntilReleased();
            }
        });
        assertEquals(EventResult.ACK, handle(SHORT_TIMEOUT, key));
        awaitTrue(() -> read.getCount() == 0);
        fixture.registryBucket.seed(key, bytes("new"));
        fixture.release();
        awaitTrue(() -> notificationHandler.keysInFlight() == 0);
        assertEquals(List.of(key), fixture.pendingKeys());

        // When
        fixture.retryWorker.start();

        // Then
        awaitTrue(() -> fixture.pendingKeys().isEmpty());
        assertArrayEquals(bytes("new"), fixture.backupBucket.bytes(key));
        awaitTrue(() -> fixture.retryWorker.pendingKeys() == 0);
    }

    @Test
    void aPendingKeyThatIsCorruptIsRejected() throws Exception {
        // Given
        String key = fixture.corruptBlob("layer");
        fixture.registry.beforeRequest((operation, asked) -> blockIf(operation == Operation.OPEN));
        assertEquals(EventResult.ACK, handle(SHORT_TIMEOUT, key));
        fixture.release();

        // When
        fixture.retryWorker.start();

        // Then
        awaitTrue(
                () -> fixture.pendingKeys().isEmpty() && fixture.rejectionKeys().size() == 1);
    }

    private EventResult handle(Duration left, String... keys) throws Exception {
        return fixture.handle(notificationHandler, left, keys);
    }

    private List<String> blobs(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> fixture.blob("layer " + number))
                .toList();
    }

    private List<EventResult> handleAll(List<String> keys, Duration left) throws Exception {
        List<CompletableFuture<EventResult>> taken = keys.stream()
                .map(key -> notificationHandler.handle(createdEvent(BUCKET, key), left))
                .toList();
        awaitWithin(left.plusSeconds(4), CompletableFuture.allOf(taken.toArray(CompletableFuture[]::new)));
        return taken.stream().map(CompletableFuture::join).toList();
    }

    private void blockIf(boolean hangs) {
        if (hangs) {
            fixture.blockUntilReleased();
        }
    }

    private static void failIf(boolean refuses) {
        if (refuses) {
            throw storeUnavailable();
        }
    }

    private static List<String> identities(EventResult eventResult) {
        return eventResult.rejections().stream().map(Rejection::identity).toList();
    }
}
