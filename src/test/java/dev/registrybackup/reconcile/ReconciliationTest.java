package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.directory.DirectoryObjectStore;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.reconcile.rclone.Difference;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.LatencyHistory;
import dev.registrybackup.replication.LatencyRecorder;
import dev.registrybackup.replication.VerifiedMarker;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingStore;
import dev.registrybackup.replication.pending.RejectionStore;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run brings, counts and leaves alone; the stores are in memory, and so is what compares them. */
class ReconciliationTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final RandomRegistry content = RandomRegistry.random(4);

    @AutoClose
    private final ReconcileFixture fixture;

    ReconciliationTest(@TempDir Path scratch) {
        fixture = new ReconcileFixture(scratch).withContent(content);
    }

    private List<FindingCode> codes() {
        return fixture.progress().firstFindings().stream().map(Finding::code).toList();
    }

    private void fillBackup() {
        fixture.run();
        fixture.clock().advance(HOUR);
        fixture.registry().clearRequests();
        fixture.backup().clearRequests();
    }

    @Test
    void anEmptyBackupIsFilledAndNoLinkComesBeforeWhatItLeadsTo() {
        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertEquals(Set.of(), content.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
        assertEquals(fixture.registryContent().size(), ReconcileFixture.totalCount(reconcileResult, "copied"));
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "missedByEvents"));
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "remaining"));
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 2 << 20})
    void aFirstFillAsksNothingThatTheComparisonOrTheNextRequestAnswers(int layerBytes, @TempDir Path scratch) {
        // Given
        RandomRegistry images = new RandomRegistry(1);
        Digest layer = images.layer("team/app", layerBytes);
        Digest config = images.blob("{\"architecture\":\"arm64\",\"os\":\"linux\"}".getBytes(StandardCharsets.UTF_8));
        images.mount("team/app", config);
        String manifest = "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}"
                .formatted(images.descriptor(config), images.descriptor(layer));
        images.tag("team/app", "v1", images.manifest("team/app", manifest, config, layer));
        try (ReconcileFixture empty = new ReconcileFixture(scratch).withContent(images)) {
            // When
            assertTrue(empty.run().isComplete());

            // Then
            for (String key : empty.registryContent().keySet()) {
                RegistryPath.Kind kind = images.layout().parse(key).kind();
                List<Operation> read = operations(empty.registry(), key);
                switch (kind) {
                    case LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK -> assertEquals(List.of(), read, key);
                    // A tag is read once it is written: it may have moved since it was listed.
                    default -> assertEquals(List.of(Operation.OPEN), read, key);
                }
                // Neither the walk of the manifest nor the catalog reads back what this run has written.
                assertEquals(List.of(Operation.PUT), operations(empty.backup(), key), key);
            }
            String catalog = new String(
                    empty.backupBucket().bytes("registry-backup/catalog/team/app/_repository.json"),
                    StandardCharsets.UTF_8);
            assertTrue(catalog.contains("arm64"), catalog);
        }
    }

    private static List<Operation> operations(RecordingObjectStore store, String key) {
        return store.requests().stream()
                .filter(request -> request.key().equals(key))
                .map(RecordingObjectStore.Request::operation)
                .toList();
    }

    @Test
    void aTagThatMovesAfterItWasListedIsCopiedAsItIsNow() {
        // Given
        Digest newer = content.image("team/app", content.layer("team/app", 10));
        content.tag("team/app", "v1", content.image("team/app", content.layer("team/app", 20)));
        fixture.withContent(content);
        String tag = content.tagLink("team/app", "v1");
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag)) {
                content.tag("team/app", "v1", newer);
                fixture.withContent(content);
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(newer.toString(), fixture.backupContent().get(tag));
        assertEquals(
                2, fixture.backup().writtenKeys().stream().filter(tag::equals).count());
    }

    @Test
    void anEmptyBackupIsFilledFromARegistryInADirectory(@TempDir Path directory, @TempDir Path scratch) {
        // Given
        ObjectStore volume = DirectoryObjectStore.of("registry", directory);
        content.objects().forEach((key, bytes) -> volume.put(key, ContentSource.of(bytes), Map.of()));
        try (ReconcileFixture onVolume =
                new ReconcileFixture(scratch, true, bucket -> volume, UnaryOperator.identity()).withContent(content)) {
            // When
            Reconciliation.ReconcileResult reconcileResult = onVolume.run();

            // Then
            assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
            assertEquals(onVolume.registryContent(), onVolume.backupContent());
            assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "remaining"));
        }
    }

    /** As after an {@code rclone sync}. */
    @Test
    void aBackupThatSomethingElseFilledIsVerifiedOnceAndItsFlippedBitReplaced() {
        // Given
        Digest layer = content.layer("team/app", 4_000);
        String blob = content.blobKey(layer);
        fixture.withContent(content);
        content.backedUpObjects().forEach(fixture.backupBucket()::seed);
        byte[] flipped = content.content(blob).clone();
        flipped[1_234] ^= 1;
        fixture.backupBucket().seed(blob, flipped);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();
        List<String> written = fixture.writtenKeys();
        fixture.clock().advance(HOUR);
        fixture.backup().clearRequests();
        fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(1, reconcileResult.summary().at("/adoption/replaced").asLong());
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertTrue(fixture.backupBucket().head(VerifiedMarker.KEY).isPresent());
        assertEquals(List.of(blob), written);
        assertEquals(List.of(), fixture.writtenKeys());
        assertTrue(fixture.backup().requests().stream()
                .noneMatch(request -> request.operation() == Operation.OPEN
                        && request.key().startsWith(content.layout().blobsPrefix())));
    }

    @Test
    void aSecondRunCopiesNothingAndWritesNoObject() {
        // Given
        fillBackup();

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(List.of(), fixture.writtenKeys());
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "differing"));
        assertEquals(fixture.registryContent().size(), ReconcileFixture.totalCount(reconcileResult, "inRegistry"));
        assertTrue(reconcileResult.isComplete());
    }

    @Test
    void missedEventsAreCopiedAndCounted() {
        // Given
        fillBackup();
        Digest image = content.image("late/app", content.layer("late/app", 500));
        content.tag("late/app", "v1", image);
        fixture.withContent(content);
        fixture.clock().advance(HOUR);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertEquals(
                ReconcileFixture.totalCount(reconcileResult, "differing"),
                ReconcileFixture.totalCount(reconcileResult, "missedByEvents"));
        // When each was written, a listing tells.
        assertEquals(0, reconcileResult.summary().at("/requests/registry/heads").asLong());
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "revision-link", "missedByEvents"));
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "tag-current-link", "missedByEvents"));
    }

    @Test
    void everyLinkOnRecordAsWaitingIsJudgedAgainHoweverManyThereAre() {
        // Given
        Digest foreign = Digest.of(DigestAlgorithm.SHA256, content.bytes(10));
        Digest waiting = content.index("late/app", foreign);
        Digest whole = content.image("late/app", content.layer("late/app", 500));
        fixture.withContent(content);
        fillBackup();
        String still = waits(foreign, content.revisionLink("late/app", waiting));
        assertEquals(List.of(still), fixture.backupBucket().keys("registry-backup/partial/"));
        IntStream.rangeClosed(0, 10_000)
                .forEach(number -> fixture.backupBucket().seed(waits(foreign, gone(number)), new byte[0]));
        fixture.backupBucket().seed(waits(foreign, content.revisionLink("late/app", whole)), new byte[0]);
        fixture.backupBucket().seed(waits(foreign, content.revisionLink("x/app", whole)), new byte[0]);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(List.of(still), fixture.backupBucket().keys("registry-backup/partial/"));
    }

    private String gone(int number) {
        return content.revisionLink("gone/app%d".formatted(number), Digest.parse("sha256:" + "0".repeat(64)));
    }

    private static String waits(Digest part, String link) {
        return "registry-backup/partial/sha256/" + part.hex() + "/" + link;
    }

    @Test
    void aKeyWhoseEventMayStillArriveIsCopiedAndNotCounted() {
        // Given
        fillBackup();
        content.image("young/app", content.layer("young/app", 500));
        fixture.withContent(content);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertTrue(ReconcileFixture.totalCount(reconcileResult, "copied") > 0);
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "missedByEvents"));
    }

    @Test
    void aBlobThatIsCutShortInTheRegistryDoesNotReplaceTheGoodOne() {
        // Given
        fillBackup();
        Digest layer = content.layer("team/app", 100);
        fixture.withContent(content).run();
        String key = content.blobKey(layer);
        byte[] good = fixture.backupBucket().bytes(key);
        fixture.registryBucket().seed(key, new byte[7]);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertArrayEquals(good, fixture.backupBucket().bytes(key));
        assertFalse(reconcileResult.isComplete());
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "blob", "corrupt"));
        assertEquals(List.of(FindingCode.BLOB_DIGEST_MISMATCH), codes());
        assertEquals(key, fixture.progress().firstFindings().get(0).subject());
    }

    @Test
    void anAcknowledgedKeyDoesNotKeepARunFromBeingComplete() {
        // Given
        fillBackup();
        Digest layer = content.layer("team/app", 100);
        fixture.withContent(content).run();
        String key = content.blobKey(layer);
        fixture.registryBucket().seed(key, new byte[7]);
        new AcknowledgedFindings(fixture.backupBucket(), fixture.clock())
                .acknowledge(
                        FindingCode.BLOB_DIGEST_MISMATCH,
                        key,
                        fixture.clock().instant().plus(Duration.ofDays(30)),
                        "alice");

        // When
        Reconciliation.ReconcileResult acknowledged = fixture.run();
        List<FindingCode> codes = codes();
        fixture.clock().advance(Duration.ofDays(30));
        Reconciliation.ReconcileResult afterwards = fixture.run();

        // Then
        assertTrue(acknowledged.isComplete());
        assertEquals(List.of(FindingCode.ACKNOWLEDGED), codes);
        assertEquals(1, ReconcileFixture.classCount(acknowledged, "blob", "acknowledged"));
        assertEquals(0, ReconcileFixture.classCount(acknowledged, "blob", "remaining"));
        assertFalse(afterwards.isComplete());
        assertEquals(1, ReconcileFixture.classCount(afterwards, "blob", "remaining"));
    }

    @Test
    void aCorruptBlobMissingInTheBackupRemainsAndSoDoTheLinksAboveIt() {
        // Given
        Digest layer = content.layer("team/app", 100);
        content.image("team/app", layer);
        fixture.withContent(content);
        fixture.registryBucket().seed(content.blobKey(layer), new byte[100]);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertFalse(fixture.backupContent().containsKey(content.blobKey(layer)));
        assertFalse(fixture.backupContent().containsKey(content.layerLink("team/app", layer)));
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "revision-link", "remaining"));
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "blob", "remaining"));
        assertEquals(
                fixture.registryContent().size(),
                fixture.backupContent().size() + ReconcileFixture.totalCount(reconcileResult, "remaining"));
    }

    @Test
    void aBlobOfAnotherSizeInTheBackupIsReplacedByTheVerifiedOne() {
        // Given
        Digest layer = content.layer("team/app", 100);
        fixture.withContent(content);
        fillBackup();
        fixture.backupBucket().seed(content.blobKey(layer), new byte[7]);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "blob", "copied"));
    }

    @Test
    void exactlyWhatTheComparisonReportsIsCopied() {
        // Given
        Digest hidden = content.layer("team/app", 100);
        fixture.withContent(content);
        fixture.comparer().hide(content.blobKey(hidden)).hide(content.layerLink("team/app", hidden));
        fixture.run();
        String added = fixture.registryContent().firstKey();
        fixture.comparer()
                .hide(content.blobKey(hidden))
                .hide(content.layerLink("team/app", hidden))
                .reportOnce(added, Difference.Kind.DIFFERENT);
        fixture.registry().clearRequests();

        // When
        fixture.run();

        // Then
        Set<String> asked = Set.copyOf(fixture.registry().requests().stream()
                .filter(request -> request.operation() == Operation.HEAD || request.operation() == Operation.OPEN)
                .map(request -> request.key())
                .toList());
        assertEquals(Set.of(added), asked);
        assertFalse(fixture.backupContent().containsKey(content.blobKey(hidden)));
    }

    @Test
    void anUnreliableReportRecordsNothingAsMissing() {
        // Given
        fillBackup();
        fixture.registryBucket()
                .keys("docker/")
                .forEach(key -> fixture.registryBucket().delete(key, Optional.empty()));
        fixture.comparer()
                .failing(content.layout().blobsPrefix(), "it ended with 7")
                .failing(content.layout().repositoriesPrefix(), "it ended with 7");

        LastRun lastRun = new LastRun(fixture.backupBucket());
        Optional<Instant> lastSuccess = lastRun.read().lastSuccessFinishedAt();

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertFalse(reconcileResult.summary().path("success").asBoolean());
        assertEquals(lastSuccess, lastRun.read().lastSuccessFinishedAt());
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "missingInRegistry"));
        assertTrue(fixture.backupBucket()
                .head("registry-backup/missing-in-registry")
                .isEmpty());
        assertEquals(List.of(FindingCode.UNDETERMINED, FindingCode.UNDETERMINED), codes());
        assertTrue(fixture.problems().get(0).contains("it ended with 7"));
    }

    @Test
    void keysThatAnUnreliableComparisonFoundAreCopiedAllTheSame() {
        // Given
        fillBackup();
        Digest layer = content.layer("team/app", 100);
        fixture.withContent(content);
        fixture.comparer()
                .reportOnce(content.blobKey(layer), Difference.Kind.ONLY_IN_REGISTRY)
                .failing(content.layout().blobsPrefix(), "it ended with 7");

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertTrue(fixture.backupContent().containsKey(content.blobKey(layer)));
    }

    @Test
    void comparingGivesUpOnceABucketDoesNotAnswer() {
        // Given
        fillBackup();
        AtomicBoolean isGone = new AtomicBoolean();
        fixture.registry().beforeRequest((operation, asked) -> {
            if (isGone.get()) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is gone");
            }
        });
        fixture.comparer()
                .beforeCompare(() -> isGone.set(true))
                .failing(content.layout().blobsPrefix(), "it ended with 7");

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertTrue(
                fixture.problems()
                        .contains("Comparison stopped after %s: The store is gone"
                                .formatted(content.layout().blobsPrefix())),
                fixture.problems()::toString);
    }

    @Test
    void unreadableObjectsAreReportedOnceTheRestIsDone() {
        // Given
        Digest layer = content.layer("team/app", 100);
        fixture.withContent(content);
        String key = content.blobKey(layer);
        fixture.registry().beforeRequest((operation, asked) -> {
            if (asked.equals(key)) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is tired");
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertEquals(
                fixture.registryContent().size() - 2, fixture.backupContent().size());
        assertTrue(fixture.progress().firstFindings().stream()
                .anyMatch(finding ->
                        finding.subject().equals(key) && finding.problem().contains("The store is tired")));
    }

    @Test
    void pendingKeysAreReconciledFirstAndThenResolved() {
        // Given
        fillBackup();
        Digest layer = content.layer("team/app", 100);
        Digest other = content.layer("team/app", 200);
        fixture.withContent(content);
        PendingStore pendingStore = new PendingStore(fixture.backupBucket(), "gone", fixture.clock());
        pendingStore.write(List.of(new PendingKey(content.layerLink("team/app", other), Optional.empty())));

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(content.blobKey(other), fixture.writtenKeys().get(0));
        assertEquals(1, reconcileResult.summary().path("pendingResolved").asLong());
        assertEquals(List.of(), fixture.backupBucket().keys(PendingStore.PREFIX));
        assertTrue(fixture.backupContent().containsKey(content.blobKey(layer)));
    }

    @Test
    void theRecordOfARejectedKeyThatIsFineNowIsDeleted() {
        // Given
        Digest layer = content.layer("team/app", 100);
        Digest other = content.layer("team/app", 200);
        fixture.withContent(content);
        fixture.registryBucket().seed(content.blobKey(other), new byte[7]);
        RejectionStore rejectionStore = new RejectionStore(fixture.backupBucket(), fixture.clock(), kept -> {});
        rejectionStore.save(Rejection.ofKey(content.blobKey(layer), "was corrupt"));
        rejectionStore.save(Rejection.ofKey(content.blobKey(other), "is corrupt"));
        rejectionStore.save(Rejection.ofPayload(new byte[3], "no event"));

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(1, reconcileResult.summary().path("rejectionsResolved").asLong());
        assertEquals(2, fixture.backupBucket().keys(RejectionStore.PREFIX).size());
    }

    @Test
    void objectsThatNoRegistryWroteAreReportedAndNeitherCopiedNorRemaining() {
        // Given
        fixture.registryBucket().seed("docker/registry/v2/blobs/notes.txt", new byte[3]);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(List.of(FindingCode.UNKNOWN_OBJECT), codes());
        assertFalse(fixture.backupContent().containsKey("docker/registry/v2/blobs/notes.txt"));
    }

    @Test
    void aRunThatIsStoppedAnywhereLeavesNoLinkToNothingAndTheNextFinishes() {
        for (int leave = 1; leave < 200; leave += 7) {
            // Given
            int left = leave;
            try (ReconcileFixture fresh = new ReconcileFixture(Path.of("target")).withContent(content)) {
                int[] asked = {0};

                // When
                try {
                    fresh.run(() -> {
                        if (++asked[0] > left) {
                            throw new IllegalStateException("stopped");
                        }
                    });
                } catch (IllegalStateException stopped) {
                    assertEquals("stopped", stopped.getMessage());
                }

                // Then
                assertEquals(
                        Set.of(), content.linksBeforeTheirTargets(fresh.backup().writtenKeys()));
                assertTrue(fresh.run().isComplete());
                assertEquals(fresh.registryContent(), fresh.backupContent());
            }
        }
    }

    @Test
    void aRunThatComparedEveryKeyIsASuccessThoughSomethingIsLeftForEver() {
        // Given
        Digest never = new RandomRegistry(9).blob(new byte[] {1});
        fixture.registryBucket().seed(content.blobKey(never), new byte[7]);
        LastRun lastRun = new LastRun(fixture.backupBucket());

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertTrue(reconcileResult.summary().path("success").asBoolean());
        assertTrue(lastRun.read().lastSuccessFinishedAt().isPresent());
        assertEquals(Optional.empty(), lastRun.read().lastCompleteStartedAt());
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "blob", "remaining"));
    }

    @Test
    void runsOfADayAddUpInTheHistory() {
        // Given
        fixture.run();
        Digest never = new RandomRegistry(9).blob(new byte[] {1});
        fixture.registryBucket().seed(content.blobKey(never), new byte[7]);

        // When
        Reconciliation.ReconcileResult incomplete = fixture.run();

        // Then
        assertFalse(incomplete.isComplete());
        Map<LocalDate, JsonNode> days = new DailyHistory(fixture.backupBucket()).read(DailyHistory.RECONCILE);
        assertEquals(1, days.size(), days::toString);
        JsonNode day = days.values().iterator().next();
        assertEquals(2, day.path("runs").asLong(), days::toString);
        assertEquals(1, day.path("complete").asLong(), days::toString);
    }

    @Test
    void aRunMakesOneRecordOfTheDaysOfReplicationThatHaveEnded() {
        // Given
        LatencyRecorder recorder = new LatencyRecorder(fixture.backupBucket(), "pod-1", fixture.clock());
        recorder.record(Duration.ofMillis(100));
        recorder.flush();
        fixture.clock().advance(Duration.ofDays(1));

        // When
        fixture.run();

        // Then
        assertEquals(
                Set.of("registry-backup/history/reconcile", "registry-backup/history/replication"),
                Set.copyOf(fixture.backupBucket().keys(DailyHistory.PREFIX)));
        assertEquals(1, new LatencyHistory(fixture.backupBucket()).read().size());
    }

    @Test
    void missedEventsAreCountedAlthoughSomethingAlwaysRemains() {
        // Given
        Digest never = new RandomRegistry(9).blob(new byte[] {1});
        fixture.registryBucket().seed(content.blobKey(never), new byte[7]);
        fillBackup();
        content.layer("late/app", 500);
        fixture.withContent(content);
        fixture.clock().advance(HOUR);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertEquals(1, ReconcileFixture.classCount(reconcileResult, "layer-link", "missedByEvents"));
    }

    @Test
    void uploadsThatCannotBeListedAreIgnored() {
        // Given
        fixture.backup().failOn(Operation.ABORT, "", StoreError.BAD_REQUEST, "What is an upload?");

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(List.of(FindingCode.UNDETERMINED), codes());
    }

    private FakeCluster cluster() {
        FakeCluster cluster = new FakeCluster();
        Digest image = content.image("ns/app", content.layer("ns/app", 300));
        fixture.withContent(content);
        cluster.push(image);
        cluster.tag("ns/app", "v1", image, fixture.clock().instant());
        cluster.tag(
                "ns/app",
                "v2",
                Digest.parse("sha256:" + "0".repeat(64)),
                fixture.clock().instant());
        return cluster;
    }

    @Test
    void imageStreamsAreCapturedBeforeAnythingIsCompared() {
        // Given
        fixture.withCluster(cluster());

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        List<String> written = fixture.backup().writtenKeys();
        String key = reconcileResult.summary().path("imageStreams").path("key").asText();
        assertEquals(
                "{\"key\":\"%s\",\"imageStreams\":1,\"items\":2,\"images\":2,\"imagesMissing\":1}".formatted(key),
                reconcileResult.summary().path("imageStreams").toString());
        assertTrue(key.startsWith("registry-backup/openshift/snapshots/"), key);
        assertTrue(written.indexOf(key) >= 0, written::toString);
        assertTrue(written.indexOf(key) < written.indexOf(fixture.writtenKeys().get(0)), written::toString);
        assertTrue(reconcileResult.isComplete());
    }

    @ParameterizedTest
    @ValueSource(strings = {"FORBIDDEN", "nobody foresaw this"})
    void imageStreamsThatCannotBeReadAreAFindingAndBlobsAreComparedAllTheSame(String failure) {
        // Given
        FakeCluster cluster = cluster();
        fixture.withCluster(cluster);
        if (failure.equals("FORBIDDEN")) {
            cluster.fail(ClusterError.FORBIDDEN);
        } else {
            cluster.onCall(call -> {
                throw new IllegalStateException(failure);
            });
        }

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(List.of(FindingCode.UNDETERMINED), codes());
        assertTrue(fixture.problems().get(0).contains(failure));
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertFalse(reconcileResult.isComplete());
        assertTrue(reconcileResult.summary().path("imageStreams").isMissingNode());
    }

    @Test
    void aTagThatCannotBePulledHindersNothing() {
        // Given
        FakeCluster cluster = cluster();
        fixture.withCluster(cluster);
        cluster.tag(
                "ns/app",
                "1.0+1",
                Digest.parse("sha256:" + "1".repeat(64)),
                fixture.clock().instant());

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(
                1, reconcileResult.summary().at("/imageStreams/imageStreams").asInt());
    }

    @Test
    void aStreamThatCannotBeUnderstoodIsAFindingAndTheRunIsNotComplete() {
        // Given
        FakeCluster cluster = cluster();
        fixture.withCluster(cluster);
        ObjectNode odd =
                cluster.find(ObjectName.stream(new RepositoryName("ns/app"))).orElseThrow();
        odd.withObject("metadata").put("name", "App");
        cluster.put(new ObjectName(Resource.IMAGE_STREAM, Optional.of("ns"), "App"), odd);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(List.of(FindingCode.UNDETERMINED), codes());
        assertTrue(fixture.problems().get(0).contains("ns/App"));
        assertEquals(
                1, reconcileResult.summary().at("/imageStreams/imageStreams").asInt());
        assertFalse(reconcileResult.isComplete());
    }

    @Test
    void aClusterWithoutImageStreamsIsComparedAsAnyOther() {
        // Given
        fixture.withCluster(cluster().withoutImages());

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(List.of(), fixture.backupBucket().keys("registry-backup/openshift/"));
    }

    @Test
    void aClusterThatHasLostItsImageStreamsRaisesAnAlarmWithTheTimeToRestore() {
        // Given
        FakeCluster cluster = cluster();
        fixture.withCluster(cluster);
        fixture.run();
        cluster.delete("ns/app");

        // When
        fixture.run();

        // Then
        List<Alarm> open = new Alarms(fixture.backupBucket(), fixture.clock()).openAlarms();
        assertEquals(
                List.of("imagestreams-missing"), open.stream().map(Alarm::cause).toList());
        assertEquals(
                "1 of 1 ImageStreams are missing since the previous snapshot. To restore them, set \"at\" before %s"
                        .formatted(fixture.clock().instant()),
                open.get(0).problem());
    }

    @Test
    void nothingIsCapturedByARunThatIsFenced() {
        // Given
        fixture.withCluster(cluster());

        // When
        assertThrows(
                IllegalStateException.class,
                () -> fixture.run(() -> {
                    throw new IllegalStateException("replaced");
                }));

        // Then
        assertEquals(List.of(), fixture.backupBucket().keys("registry-backup/openshift/"));
    }
}
