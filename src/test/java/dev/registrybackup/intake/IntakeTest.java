package dev.registrybackup.intake;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.event.NotJsonException;
import dev.registrybackup.intake.Journal.Occasion;
import dev.registrybackup.intake.RecordingJournal.Failed;
import dev.registrybackup.intake.RecordingJournal.Finished;
import dev.registrybackup.intake.Reply.Answer;
import dev.registrybackup.ledger.Rejections.Rejection;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replicate.Verdict;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import dev.registrybackup.store.RecordingObjectStore.Request;
import dev.registrybackup.store.StoreError;
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

class IntakeTest {
    /** Time to answer that no test waits for. */
    private static final Duration AMPLE = Duration.ofMinutes(1);
    /** Time to answer of which hardly any is left before a key is recorded as owed. */
    private static final Duration SHORT = Intake.TO_RECORD.plusMillis(100);
    /** So little time that a key is recorded as owed at once. */
    private static final Duration SCANT = Duration.ofMillis(600);

    private final Bench bench = new Bench();
    private final Intake intake = bench.intake(4_096);

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void whatIsCopiedInTimeIsDone() throws Exception {
        // Given
        String key = bench.blob("layer");

        // When
        Reply reply = Bench.within(AMPLE, intake.take(Bench.created(Bench.BUCKET, key), AMPLE));

        // Then
        assertEquals(Reply.DONE, reply);
        assertArrayEquals(Bench.bytes("layer"), bench.backupBucket.bytes(key));
        assertEquals(List.of(), bench.owedKeys());
        assertEquals(0, intake.inFlight());
        Instant written = Instant.parse("2026-03-04T05:06:00Z");
        assertEquals(List.of(new Finished(Occasion.EVENT, key, Verdict.COPIED, written)), bench.journal.finished);
    }

    @Test
    void whatIsNotForUsIsDoneWithoutAskingAStore() throws Exception {
        // When
        Reply reply = Bench.within(
                AMPLE,
                intake.take(
                        Bench.created(Bench.BUCKET, "docker/registry/v2/repositories/shop/_uploads/1/data"), AMPLE));

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of(), bench.registry.requests());
        assertEquals(List.of(), bench.backup.requests());
    }

    @Test
    void aCanaryIsPutOnRecordAndNeverCopied() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        bench.registryBucket.seed(canary, Bench.bytes("canary"));

        // When
        Reply reply = Bench.within(AMPLE, intake.take(Bench.created(Bench.BUCKET, canary), AMPLE));

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of("registry-backup/canary/0123456789abcdef"), bench.backupBucket.keys("registry-backup"));
        assertEquals(List.of(), bench.backupBucket.keys("registry-backup-canary/"));
        assertEquals(List.of(), bench.journal.finished);
    }

    @Test
    void aCanaryThatIsNotThereOrNoneLeavesNothing() throws Exception {
        // Given
        bench.registryBucket.seed("registry-backup-canary/../owed", Bench.bytes("no canary"));

        // When
        Reply absent = Bench.within(
                AMPLE, intake.take(Bench.created(Bench.BUCKET, "registry-backup-canary/0123456789abcdef"), AMPLE));
        Reply none =
                Bench.within(AMPLE, intake.take(Bench.created(Bench.BUCKET, "registry-backup-canary/../owed"), AMPLE));

        // Then
        assertEquals(Reply.DONE, absent);
        assertEquals(Reply.DONE, none);
        assertEquals(List.of(), bench.backupBucket.keys(""));
    }

    @Test
    void aCanaryThatCannotBeRecordedIsNotOwed() throws Exception {
        // Given
        String canary = "registry-backup-canary/0123456789abcdef";
        bench.registryBucket.seed(canary, Bench.bytes("canary"));
        bench.backup.before((operation, asked) -> {
            if (asked.startsWith("registry-backup/canary/")) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "refused");
            }
        });

        // When
        Reply reply = Bench.within(AMPLE, intake.take(Bench.created(Bench.BUCKET, canary), AMPLE));

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of(), bench.owedKeys());
    }

    @Test
    void whatIsNotDurableInTimeIsOwedAndItsCopyGoesOn() throws Exception {
        // Given
        String key = bench.blob("layer");
        bench.backup.before((operation, asked) -> hangIf(operation == Operation.PUT && asked.equals(key)));

        // When
        Reply reply = Bench.within(SHORT, intake.take(Bench.created(Bench.BUCKET, key), SHORT));

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of(key), bench.owedKeys());
        assertEquals(List.of(), bench.backupBucket.keys(key));
        assertEquals(1, intake.inFlight());
        bench.release();
        Bench.until(() -> intake.inFlight() == 0);
        assertArrayEquals(Bench.bytes("layer"), bench.backupBucket.bytes(key));
        Bench.until(() -> bench.goesOn.equals(Map.of(key, true)));
    }

    @Test
    void whatIsNeitherDurableNorOnRecordInTimeIsNotTaken() throws Exception {
        // Given
        String key = bench.blob("layer");
        bench.backup.before((operation, asked) -> hangIf(operation == Operation.PUT));

        // When
        Reply reply = Bench.within(SCANT, intake.take(Bench.created(Bench.BUCKET, key), SCANT));

        // Then
        assertEquals(Reply.NOT_TAKEN, reply);
        assertEquals(List.of(), bench.owedKeys());
    }

    @Test
    void whatIsNotDurableWhereNothingCanBeRecordedIsNotTaken() throws Exception {
        // Given
        String key = bench.blob("layer");
        bench.backup.before((operation, asked) -> {
            refuseIf(operation == Operation.PUT && Bench.isOwedRecord(asked));
            hangIf(operation == Operation.PUT);
        });

        // When
        Reply reply = Bench.within(SCANT, intake.take(Bench.created(Bench.BUCKET, key), SCANT));

        // Then
        assertEquals(Reply.NOT_TAKEN, reply);
        Bench.until(() -> bench.journal.failed.contains(new Failed(Occasion.OWED, key)));
    }

    @Test
    void whatBecomesDurableAfterItCouldNotBeRecordedIsStillDone() throws Exception {
        // Given
        String key = bench.blob("layer");
        bench.backup.before((operation, asked) -> {
            refuseIf(operation == Operation.PUT && Bench.isOwedRecord(asked));
            hangIf(operation == Operation.PUT);
        });
        CompletableFuture<Reply> reply = intake.take(Bench.created(Bench.BUCKET, key), SHORT);
        Bench.until(() -> bench.journal.failed.contains(new Failed(Occasion.OWED, key)));

        // When
        bench.release();

        // Then
        assertEquals(Reply.DONE, Bench.within(SHORT, reply));
    }

    @Test
    void whatFailsForNowIsOwedAtOnce() throws Exception {
        // Given
        String key = bench.blob("layer");
        bench.registry.before((operation, asked) -> refuseIf(true));

        // When
        Reply reply = Bench.within(Duration.ofSeconds(5), intake.take(Bench.created(Bench.BUCKET, key), AMPLE));

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of(key), bench.owedKeys());
        Bench.until(() -> bench.goesOn.equals(Map.of(key, false)));
        assertEquals(0, intake.inFlight());
        assertEquals(List.of(new Failed(Occasion.EVENT, key)), bench.journal.failed);
    }

    @Test
    void whatFailsForNowAndCannotBeRecordedIsNotTakenAtOnce() throws Exception {
        // Given
        String key = bench.blob("layer");
        bench.registry.before((operation, asked) -> refuseIf(true));
        bench.backup.before((operation, asked) -> refuseIf(operation == Operation.PUT));

        // When
        Reply reply = Bench.within(Duration.ofSeconds(5), intake.take(Bench.created(Bench.BUCKET, key), AMPLE));

        // Then
        assertEquals(Reply.NOT_TAKEN, reply);
    }

    @Test
    void whatIsCorruptIsPermanentAndNothingIsOwed() throws Exception {
        // Given
        String key = bench.corruptBlob("layer");

        // When
        Reply reply = Bench.within(AMPLE, intake.take(Bench.created(Bench.BUCKET, key), AMPLE));

        // Then
        assertEquals(Answer.PERMANENT, reply.answer());
        assertEquals(List.of("key " + key), identities(reply));
        assertEquals(List.of(), bench.owedKeys());
        assertEquals(List.of(), bench.backupBucket.keys(key));
    }

    @Test
    void aLinkAboveSomethingCorruptIsPermanentAndOnRecordAlready() throws Exception {
        // Given
        Digest digest = Digest.of(DigestAlgorithm.SHA256, Bench.bytes("layer"));
        bench.corruptBlob("layer");
        String link = bench.layout.keyOf(new LayerLink(new RepositoryName("shop/cart"), digest));
        bench.registryBucket.seed(link, Bench.bytes(digest.toString()));

        // When
        Reply reply = Bench.within(AMPLE, intake.take(Bench.created(Bench.BUCKET, link), AMPLE));

        // Then
        assertEquals(Reply.WITHHELD, reply);
        assertEquals(1, bench.backupBucket.keys("registry-backup/withheld/").size());
    }

    @Test
    void allRecordsOfAnEventAreWorkedThrough() throws Exception {
        // Given
        String good = bench.blob("good");
        String bad = bench.corruptBlob("bad");
        String failing = bench.blob("failing");
        String last = bench.blob("last");
        bench.registry.before((operation, asked) -> refuseIf(asked.equals(failing)));
        byte[] event = Bench.records(
                Bench.record("elsewhere", "a"),
                "7",
                Bench.record(Bench.BUCKET, bad),
                Bench.record(Bench.BUCKET, good),
                Bench.record(Bench.BUCKET, failing),
                Bench.record(Bench.BUCKET, last));

        // When
        Reply reply = Bench.within(Duration.ofSeconds(5), intake.take(event, AMPLE));

        // Then
        assertEquals(Answer.PERMANENT, reply.answer());
        assertEquals(3, reply.rejections().size());
        assertTrue(identities(reply).containsAll(List.of("bucket elsewhere", "key " + bad)));
        assertArrayEquals(Bench.bytes("good"), bench.backupBucket.bytes(good));
        assertArrayEquals(Bench.bytes("last"), bench.backupBucket.bytes(last));
        assertEquals(List.of(failing), bench.owedKeys());
        assertEquals(List.of("elsewhere"), bench.journal.otherBuckets);
        assertEquals(1, bench.journal.undecodable.size());
    }

    @Test
    void whatIsNotTakenOutweighsWhatWillNeverSucceed() throws Exception {
        // Given
        String bad = bench.corruptBlob("bad");
        String failing = bench.blob("failing");
        bench.registry.before((operation, asked) -> refuseIf(asked.equals(failing)));
        bench.backup.before((operation, asked) -> refuseIf(Bench.isOwedRecord(asked)));

        // When
        Reply reply =
                Bench.within(Duration.ofSeconds(5), intake.take(Bench.created(Bench.BUCKET, failing, bad), AMPLE));

        // Then
        assertEquals(Answer.NOT_TAKEN, reply.answer());
        assertEquals(List.of("key " + bad), identities(reply));
    }

    @Test
    void whatIsNothingKnownIsPermanent() throws Exception {
        // When
        Reply reply = Bench.within(AMPLE, intake.take(Bench.bytes("{\"hello\":1}"), AMPLE));

        // Then
        assertEquals(Answer.PERMANENT, reply.answer());
        assertEquals(1, reply.rejections().size());
        assertEquals("{\"hello\":1}", reply.rejections().get(0).payload());
    }

    @Test
    void whatIsNotJsonIsRefusedAtOnce() {
        // When
        NotJsonException refusal = assertThrows(NotJsonException.class, () -> intake.take(Bench.bytes("hello"), AMPLE));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("Failed to decode a payload of 5 bytes"));
    }

    @Test
    void aKeyThereIsNoPlaceForIsOwedWithoutBeingBegun() throws Exception {
        // Given
        Intake narrow = bench.intake(1);
        String first = bench.blob("first");
        String second = bench.blob("second");
        bench.backup.before((operation, asked) -> hangIf(operation == Operation.PUT && asked.equals(first)));
        CompletableFuture<Reply> copying = narrow.take(Bench.created(Bench.BUCKET, first), AMPLE);
        Bench.until(() -> bench.registry.requests().contains(new Request(Operation.OPEN, first)));

        // When
        Reply reply = Bench.within(Duration.ofSeconds(5), narrow.take(Bench.created(Bench.BUCKET, second), AMPLE));

        // Then
        assertEquals(Reply.DONE, reply);
        assertEquals(List.of(second), bench.owedKeys());
        assertFalse(bench.registry.requests().stream()
                .anyMatch(request -> request.key().equals(second)));
        assertEquals(1, narrow.inFlight());
        bench.release();
        assertEquals(Reply.DONE, Bench.within(AMPLE, copying));
        Bench.until(() -> narrow.inFlight() == 0);
        assertEquals(Reply.DONE, Bench.within(AMPLE, narrow.take(Bench.created(Bench.BUCKET, second), AMPLE)));
        assertArrayEquals(Bench.bytes("second"), bench.backupBucket.bytes(second));
    }

    @Test
    void aKeyThereIsNoPlaceForThatCannotBeRecordedIsNotTaken() throws Exception {
        // Given
        Intake closed = bench.intake(0);
        String key = bench.blob("layer");
        bench.backup.before((operation, asked) -> refuseIf(Bench.isOwedRecord(asked)));

        // When
        Reply reply = Bench.within(SCANT, closed.take(Bench.created(Bench.BUCKET, key), SCANT));

        // Then
        assertEquals(Reply.NOT_TAKEN, reply);
    }

    @Test
    void aThousandEventsAtOnceAreAllAnsweredThoughTheBackupHangs() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        bench.backup.before((operation, asked) -> bench.hang());

        // When
        List<Reply> replies = takeAll(keys, Duration.ofSeconds(1));

        // Then
        assertEquals(Set.of(Reply.NOT_TAKEN), new HashSet<>(replies));
        assertEquals(1_024, replies.size());
        bench.release();
        Bench.until(() -> intake.inFlight() == 0);
    }

    @Test
    void aThousandEventsAtOnceAreAllOnRecordThoughTheCopiesHang() throws Exception {
        // Given
        List<String> keys = blobs(1_024);
        bench.backup.before((operation, asked) -> hangIf(!Bench.isOwedRecord(asked)));

        // When
        List<Reply> replies = takeAll(keys, SHORT);

        // Then
        assertEquals(Set.of(Reply.DONE), new HashSet<>(replies));
        assertEquals(keys.stream().sorted().toList(), bench.owedKeys());
        assertTrue(bench.backup.written().stream().filter(Bench::isOwedRecord).count() < 100);
    }

    @Test
    void theSameEventManyTimesIsCopiedOnce() throws Exception {
        // Given
        String key = bench.blob("layer");
        byte[] event = Bench.created(Bench.BUCKET, key, key);
        List<CompletableFuture<Reply>> replies = new ArrayList<>();

        // When
        IntStream.range(0, 50).forEach(time -> replies.add(intake.take(event, AMPLE)));

        // Then
        for (CompletableFuture<Reply> reply : replies) {
            assertEquals(Reply.DONE, Bench.within(AMPLE, reply));
        }
        assertEquals(1, bench.backupBucket.versionCount(key));
        assertEquals(List.of(), bench.owedKeys());
    }

    @Test
    void aFinishedCopyOfAnOwedKeySettlesNothingThatChangedSince() throws Exception {
        // Given
        String key = "notes";
        bench.registryBucket.seed(key, Bench.bytes("old"));
        CountDownLatch read = new CountDownLatch(1);
        bench.backup.before((operation, asked) -> {
            if (operation == Operation.PUT && asked.equals(key)) {
                read.countDown();
                bench.hang();
            }
        });
        assertEquals(Reply.DONE, Bench.within(SHORT, intake.take(Bench.created(Bench.BUCKET, key), SHORT)));
        Bench.until(() -> read.getCount() == 0);
        bench.registryBucket.seed(key, Bench.bytes("new"));
        bench.release();
        Bench.until(() -> intake.inFlight() == 0);
        assertArrayEquals(Bench.bytes("old"), bench.backupBucket.bytes(key));
        assertEquals(List.of(key), bench.owedKeys());

        // When
        bench.worker.start();

        // Then
        Bench.until(() -> bench.owedKeys().isEmpty());
        assertArrayEquals(Bench.bytes("new"), bench.backupBucket.bytes(key));
        Bench.until(() -> bench.worker.owed() == 0);
    }

    @Test
    void anOwedKeyThatTurnsOutCorruptIsRejected() throws Exception {
        // Given
        String key = bench.corruptBlob("layer");
        bench.registry.before((operation, asked) -> hangIf(operation == Operation.OPEN));
        assertEquals(Reply.DONE, Bench.within(SHORT, intake.take(Bench.created(Bench.BUCKET, key), SHORT)));
        bench.release();

        // When
        bench.worker.start();

        // Then
        Bench.until(() -> bench.owedKeys().isEmpty() && bench.rejected().size() == 1);
    }

    private List<String> blobs(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> bench.blob("layer " + number))
                .toList();
    }

    private List<Reply> takeAll(List<String> keys, Duration left) throws Exception {
        List<CompletableFuture<Reply>> taken = keys.stream()
                .map(key -> intake.take(Bench.created(Bench.BUCKET, key), left))
                .toList();
        Bench.within(left.plusSeconds(4), CompletableFuture.allOf(taken.toArray(CompletableFuture[]::new)));
        return taken.stream().map(CompletableFuture::join).toList();
    }

    private void hangIf(boolean hangs) {
        if (hangs) {
            bench.hang();
        }
    }

    private static void refuseIf(boolean refuses) {
        if (refuses) {
            throw Bench.down();
        }
    }

    private static List<String> identities(Reply reply) {
        return reply.rejections().stream().map(Rejection::identity).toList();
    }
}
