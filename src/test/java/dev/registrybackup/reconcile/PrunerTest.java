package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.inventory.MissingInterval;
import dev.registrybackup.inventory.MissingIntervalUpdate;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of what only the backup has. */
class PrunerTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration MONTH = Duration.ofDays(31);

    private final RandomRegistry content = new RandomRegistry(7);
    private final Digest sharedLayer = content.layer("keep/app", 100);
    private final Digest keptImage = content.image("keep/app", sharedLayer);
    private final Digest ownLayer = content.layer("old/app", 200);
    private final Digest oldImage = content.image("old/app", ownLayer, sharedLayer);
    private final Path scratch;

    @AutoClose
    private final ReconcileFixture fixture;

    PrunerTest(@TempDir Path directory) {
        scratch = directory;
        content.mount("old/app", sharedLayer);
        content.tag("keep/app", "v1", keptImage);
        content.tag("old/app", "v1", oldImage);
        fixture = new ReconcileFixture(scratch).withContent(content).withMirror();
        fixture.run();
        fixture.clock().advance(DAY);
    }

    private void delete(String part) {
        fixture.registryBucket().keys("docker/").stream()
                .filter(key -> key.contains(part))
                .forEach(key -> fixture.registryBucket().delete(key, Optional.empty()));
    }

    /** As a registry's garbage collection does it. */
    private void deleteOldImage() {
        delete("/old/app/");
        delete(ownLayer.hex());
        delete(oldImage.hex());
        delete(configOfOld().hex());
    }

    /** And for more than the retention, as a run has seen. */
    private void oldImageIsMissingForAMonth() {
        deleteOldImage();
        fixture.run();
        fixture.clock().advance(MONTH);
    }

    private Digest configOfOld() {
        return content.reachableKeys(content.revisionLink("old/app", oldImage)).stream()
                .map(key -> content.layout().parse(key))
                .filter(path -> path.kind() == Kind.BLOB)
                .map(path -> ((dev.registrybackup.registry.RegistryPath.BlobData) path).digest())
                .filter(digest -> !digest.equals(ownLayer) && !digest.equals(sharedLayer) && !digest.equals(oldImage))
                .findFirst()
                .orElseThrow();
    }

    private List<MissingInterval> missingIntervals() {
        try (Stream<MissingInterval> all = new MissingIntervals(fixture.backupBucket()).list(scratch)) {
            return all.toList();
        }
    }

    private List<Alarm> alarms() {
        return new Alarms(fixture.backupBucket(), fixture.clock()).openAlarms();
    }

    /** As a run does it that takes a blob for prunable which the registry has again. */
    private void pruneNothing(PruneRecord record) throws IOException {
        String key = content.blobKey(sharedLayer);
        try (MissingIntervalUpdate missing = new MissingIntervals(fixture.backupBucket())
                .update(scratch, fixture.clock().instant())) {
            missing.add(key, asked -> true);
            missing.endIntervalsBefore("e");
            missing.commit();
        }
        StorePair storePair = new StorePair(fixture.registry(), fixture.backup(), content.layout());
        try (WorkerPools workerPools = new WorkerPools(1, 1)) {
            boolean isDone = new Pruner(
                            storePair,
                            fixture.replicator(storePair),
                            new ReachableSet(storePair, workerPools),
                            record,
                            new OperationContext(ReconcileFixture.OPEN_FENCE, new ProgressTracker()),
                            new ReconcileStats(),
                            scratch,
                            fixture.clock().instant().plusSeconds(1))
                    .run();
            assertTrue(isDone);
        }
        assertEquals(List.of(), removedKeys());
    }

    private List<String> removedKeys() {
        return fixture.backup().keysOf(Operation.DELETE).stream()
                .filter(key -> key.startsWith("docker/"))
                .toList();
    }

    @Test
    void aMissingKeyIsRecordedSinceItWasFirstMissing() {
        // Given
        deleteOldImage();
        var first = fixture.clock().instant();
        fixture.run();
        fixture.clock().advance(DAY);

        // When
        fixture.run();

        // Then
        Map<String, String> before = fixture.backupContent();
        before.keySet().removeAll(fixture.registryContent().keySet());
        assertEquals(
                before.keySet(),
                new TreeSet<>(
                        missingIntervals().stream().map(MissingInterval::key).toList()));
        assertEquals(
                Set.of(first),
                Set.copyOf(
                        missingIntervals().stream().map(MissingInterval::from).toList()));
        assertEquals(List.of(), removedKeys());
    }

    @Test
    void aKeyThatReappearsIsNoLongerMissing() {
        // Given
        deleteOldImage();
        fixture.run();
        fixture.clock().advance(DAY);
        fixture.withContent(content);

        // When
        fixture.run();

        // Then
        assertEquals(9, missingIntervals().size());
        assertTrue(missingIntervals().stream().noneMatch(MissingInterval::isOpen));
    }

    @Test
    void afterTheRetentionItLeavesTheBackupParentsFirst() {
        // Given
        oldImageIsMissingForAMonth();

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(fixture.registryContent(), fixture.backupContent());
        List<Kind> order = removedKeys().stream()
                .map(key -> content.layout().parse(key).kind())
                .distinct()
                .toList();
        assertEquals(
                List.of(Kind.TAG_CURRENT_LINK, Kind.TAG_INDEX_LINK, Kind.REVISION_LINK, Kind.LAYER_LINK, Kind.BLOB),
                order);
        assertEquals(removedKeys().size(), ReconcileFixture.totalCount(reconcileResult, "pruned"));
        assertTrue(fixture.backupBucket().versionCount(content.blobKey(ownLayer)) == 2);
    }

    @Test
    void withoutMirrorNothingIsRemoved() {
        // Given
        fixture.withPolicy(new ReconcilePolicy(false, DAY, 0.9, 10_000, DAY, Duration.ZERO));
        oldImageIsMissingForAMonth();

        // When
        fixture.run();

        // Then
        assertEquals(List.of(), removedKeys());
        assertFalse(missingIntervals().isEmpty());
    }

    @Test
    void aBlobStaysThatARevisionInTheBackupStillNeeds() {
        // Given
        delete(sharedLayer.hex());
        fixture.run();
        fixture.clock().advance(MONTH);

        // When
        fixture.run();

        // Then
        assertEquals(List.of(), removedKeys());
    }

    @Test
    void aRevisionStaysThatATagStillPointsTo() {
        // Given
        delete("/old/app/_manifests/revisions/");
        fixture.run();
        fixture.clock().advance(MONTH);

        // When
        fixture.run();

        // Then
        assertEquals(List.of(), removedKeys());
    }

    @Test
    void aRevisionStaysWhileTheStoresRefuseToReadATag() {
        // Given
        delete("/old/app/_manifests/revisions/");
        fixture.run();
        fixture.clock().advance(MONTH);
        String tag = content.tagLink("old/app", "v1");
        for (RecordingObjectStore store : List.of(fixture.registry(), fixture.backup())) {
            store.failOn(Operation.OPEN, tag, StoreError.BAD_REQUEST, "Encrypted with a key of its own");
        }

        // When
        fixture.run();

        // Then
        assertEquals(List.of(), removedKeys());
        assertTrue(
                fixture.problems()
                        .contains("Pruning of repository old/app stopped in this run: Encrypted with a key of its own"),
                fixture.problems()::toString);
    }

    @Test
    void whatIsBackInTheRegistryJustBeforeStays() {
        // Given
        oldImageIsMissingForAMonth();
        String tag = content.tagLink("old/app", "v1");
        fixture.registry().beforeRequest((operation, key) -> {
            if (operation == Operation.HEAD && key.equals(tag)) {
                fixture.withContent(content);
            }
        });

        // When
        fixture.run();

        // Then
        assertEquals(List.of(), removedKeys());
    }

    @ParameterizedTest
    @EnumSource(names = {"TAG_CURRENT_LINK", "TAG_INDEX_LINK", "REVISION_LINK", "LAYER_LINK", "BLOB"})
    void aHiddenKeyThatComesBackIntoTheRegistryIsCopiedAgain(Kind kind) {
        // Given
        oldImageIsMissingForAMonth();
        List<String> hidden = new ArrayList<>();
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.DELETE && content.layout().parse(key).kind() == kind && hidden.isEmpty()) {
                hidden.add(key);
                fixture.withContent(content);
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(1, hidden.size());
        assertTrue(fixture.backupContent().keySet().containsAll(hidden), hidden::toString);
    }

    @Test
    void aBlobThatALinkNeedsWhichCameMeanwhileIsReinstated() {
        // Given
        oldImageIsMissingForAMonth();
        List<String> pushed = new ArrayList<>();
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.DELETE && key.equals(content.blobKey(ownLayer)) && pushed.isEmpty()) {
                pushed.add(key);
                fixture.backupBucket()
                        .seed(
                                content.layerLink("new/app", ownLayer),
                                ownLayer.toString().getBytes(StandardCharsets.US_ASCII));
            }
        });

        // When
        fixture.run();

        // Then
        assertEquals(1, pushed.size());
        assertTrue(fixture.backupContent().containsKey(content.blobKey(ownLayer)));
    }

    @Test
    void aLinkThatCameMeanwhileToADamagedManifestIsCheckedAgainByTheNextRun() {
        // Given
        oldImageIsMissingForAMonth();
        Digest fresh = content.image("new/app", ownLayer);
        String manifest = content.blobKey(fresh);
        String link = content.revisionLink("new/app", fresh);
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.DELETE && key.equals(content.blobKey(ownLayer))) {
                fixture.backupBucket().seed(link, content.content(link));
                fixture.backupBucket().seed(manifest, new byte[content.content(manifest).length]);
                fixture.registryBucket().seed(manifest, new byte[content.content(manifest).length]);
            }
        });
        Reconciliation.ReconcileResult first = fixture.run();
        fixture.backupBucket().seed(manifest, content.content(manifest));

        // When
        Reconciliation.ReconcileResult next = fixture.run();

        // Then
        assertFalse(first.isComplete());
        assertEquals(1, next.summary().path("reinstated").asLong(), next.summary()::toPrettyString);
        assertTrue(fixture.backupContent().containsKey(content.blobKey(ownLayer)));
    }

    @Test
    void aFifthMissingAtOnceRaisesAnAlarmThatStopsAllRemovalUntilAcknowledged() {
        // Given
        fixture.withPolicy(new ReconcilePolicy(true, Duration.ofDays(30), 0.2, 10_000, DAY, Duration.ZERO));
        deleteOldImage();
        fixture.run();
        String alarm = alarms().get(0).id();
        fixture.clock().advance(MONTH);
        fixture.run();
        List<String> whileItStood = removedKeys();

        // When
        fixture.runAcknowledging(alarm);

        // Then
        assertEquals(List.of(), whileItStood);
        assertEquals(List.of(), alarms());
        assertEquals(fixture.registryContent(), fixture.backupContent());
    }

    @Test
    void anEmptiedRegistryRemovesNothingEvenAcknowledged() {
        // Given
        delete("");
        fixture.run();
        String alarm = alarms().get(0).id();
        fixture.clock().advance(MONTH);
        fixture.runAcknowledging(alarm);

        // When
        fixture.run();

        // Then
        assertTrue(alarm.startsWith("registry-empty"));
        assertEquals(List.of(), removedKeys());
    }

    @Test
    void aShardThatCouldNotBeComparedStopsRemovalAndRaisesAnAlarm() {
        // Given
        oldImageIsMissingForAMonth();
        fixture.comparer().failing(content.layout().blobsPrefix(), "cut short");

        // When
        fixture.run();

        // Then
        assertEquals(List.of(), removedKeys());
        assertEquals(
                List.of("comparison-failed"),
                alarms().stream().map(Alarm::cause).toList());
    }

    @Test
    void anAlarmThatIsNoneCannotBeAcknowledged() {
        // When
        Exception refusal =
                assertThrows(IllegalArgumentException.class, () -> fixture.runAcknowledging("mass-deletion-1"));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).contains("mass-deletion-1"));
    }

    @Test
    void nothingIsMirroredIntoABucketWithoutVersions() {
        // Given
        try (ReconcileFixture unversioned =
                new ReconcileFixture(scratch, false).withContent(content).withMirror()) {

            // When
            ObjectStoreException refusal = assertThrows(ObjectStoreException.class, unversioned::run);

            // Then
            assertTrue(String.valueOf(refusal.getMessage()).contains("versioning"), refusal::getMessage);
            assertEquals(Map.of(), unversioned.backupContent());
        }
    }

    @Test
    void theCheckThatAStoppedRunLeftIsMadeByTheNextThoughThatRemovesNothing() throws IOException {
        // Given
        PruneRecord record = new PruneRecord(fixture.backupBucket(), fixture.clock());
        record.start();
        var since = record.startedAt();
        fixture.clock().advance(DAY);

        // When
        pruneNothing(record);

        // Then
        assertEquals(since, record.startedAt());
    }

    @Test
    void aRunThatRemovesNothingLeavesNoCheckBehind() throws IOException {
        // Given
        PruneRecord record = new PruneRecord(fixture.backup(), fixture.clock());

        // When
        pruneNothing(record);

        // Then
        assertTrue(fixture.backup().writtenKeys().contains(PruneRecord.KEY));
        assertEquals(Optional.empty(), record.startedAt());
    }

    @Test
    void aRunThatIsStoppedRightAfterItRemovedABlobHasTheNextReinstateIt() {
        // Given
        oldImageIsMissingForAMonth();
        String blob = content.blobKey(ownLayer);
        String link = content.layerLink("new/app", ownLayer);
        try {
            fixture.run(() -> {
                if (!fixture.backupContent().containsKey(blob)) {
                    throw new IllegalStateException("stopped");
                }
            });
        } catch (IllegalStateException stopped) {
            fixture.backupBucket().seed(link, ownLayer.toString().getBytes(StandardCharsets.US_ASCII));
        }
        fixture.registryBucket().seed(link, ownLayer.toString().getBytes(StandardCharsets.US_ASCII));

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(1, reconcileResult.summary().path("reinstated").asLong());
        assertTrue(fixture.backupContent().containsKey(blob));
    }

    @Test
    void anAlarmIsRaisedThoughTheRunDiesAsSoonAsTheMissingIntervalsAreOnRecord() {
        // Given
        fixture.withPolicy(new ReconcilePolicy(true, Duration.ofDays(30), 0.2, 10_000, DAY, Duration.ZERO));
        deleteOldImage();
        try {
            fixture.run(() -> {
                if (fixture.backupBucket().head(MissingIntervals.KEY).isPresent()) {
                    throw new IllegalStateException("stopped");
                }
            });
        } catch (IllegalStateException stopped) {
            fixture.clock().advance(MONTH);
        }

        // When
        fixture.run();

        // Then
        assertEquals(
                List.of("mass-deletion"), alarms().stream().map(Alarm::cause).toList());
        assertEquals(List.of(), removedKeys());
    }

    @Test
    void aRegistryThatFailsWhileItIsAskedOnceMoreHasNothingMoreRemovedAndIsReported() {
        // Given
        oldImageIsMissingForAMonth();
        String revision = content.revisionLink("old/app", oldImage);
        fixture.registry().failOn(Operation.HEAD, revision, StoreError.UNAVAILABLE, "The store is tired");

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertTrue(
                fixture.problems().contains("Pruning of repository old/app stopped in this run: The store is tired"),
                fixture.problems()::toString);
        assertTrue(fixture.backupContent().containsKey(revision));
        assertTrue(fixture.backupContent().containsKey(content.blobKey(ownLayer)));
    }

    @Test
    void aRegistryThatCannotBeListedHasNoBlobRemovedAndIsReported() {
        // Given
        oldImageIsMissingForAMonth();
        String repositories = content.layout().repositoriesPrefix();
        fixture.registry().beforeRequest((operation, key) -> {
            boolean isRemoving = fixture.backupBucket()
                    .head(content.tagLink("old/app", "v1"))
                    .isEmpty();
            if (operation == Operation.LIST && key.equals(repositories) && isRemoving) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is tired");
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertTrue(removedKeys().stream()
                .noneMatch(key -> key.startsWith(content.layout().blobsPrefix())));
        assertTrue(
                fixture.problems().toString().contains("Not all orphaned blobs were pruned: The store is tired"),
                fixture.problems()::toString);
    }

    private FakeCluster clusterWithOldImage() {
        FakeCluster cluster = new FakeCluster();
        // Of its own, as every OpenShift has: one that has none at all is lost.
        cluster.stream("openshift/cli");
        cluster.push(oldImage);
        cluster.tag("old/app", "v1", oldImage, fixture.clock().instant());
        return cluster;
    }

    @Test
    void blobsOfACapturedImageStreamStayWhileItsSnapshotIsWithinTheRetention() {
        // Given
        FakeCluster cluster = clusterWithOldImage();
        fixture.withCluster(cluster).run();
        deleteOldImage();
        fixture.run();
        fixture.clock().advance(Duration.ofDays(20));
        fixture.run();
        cluster.delete("old/app");
        fixture.clock().advance(Duration.ofDays(11));

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(
                Set.of(content.tagLink("old/app", "v1"), content.tagIndexLink("old/app", "v1", oldImage)),
                Set.copyOf(removedKeys()));
    }

    @Test
    void objectsThatNoKeptSnapshotNamesArePruned() {
        // Given
        FakeCluster cluster = clusterWithOldImage();
        fixture.withCluster(cluster).run();
        deleteOldImage();
        cluster.delete("old/app");
        fixture.run();
        fixture.clock().advance(MONTH);
        fixture.run();
        fixture.clock().advance(MONTH);

        // When
        fixture.run();

        // Then
        assertEquals(fixture.registryContent(), fixture.backupContent());
    }

    @Test
    void whileASnapshotCannotBeReadNothingThatItMayNeedIsRemoved() {
        // Given
        fixture.withCluster(clusterWithOldImage()).run();
        deleteOldImage();
        fixture.run();
        fixture.backupBucket()
                .keys("registry-backup/openshift/snapshots/")
                .forEach(key -> fixture.backupBucket().seed(key, new byte[] {1, 2, 3}));
        fixture.clock().advance(MONTH);

        // When
        fixture.run();

        // Then
        assertEquals(
                Set.of(content.tagLink("old/app", "v1"), content.tagIndexLink("old/app", "v1", oldImage)),
                Set.copyOf(removedKeys()));
        assertTrue(fixture.problems().toString().contains("Failed to read the snapshot"));
    }

    private List<String> snapshots() {
        return fixture.backupBucket().keys("registry-backup/openshift/snapshots/");
    }

    private int bodies() {
        return fixture.backupBucket().keys("registry-backup/openshift/bodies/").size();
    }

    /** Three snapshots, each a month after the one before; the stream changed after the first. */
    private void runThreeMonths() {
        FakeCluster cluster = clusterWithOldImage();
        fixture.withCluster(cluster).run();
        cluster.label("old/app", "startedAt");
        fixture.clock().advance(MONTH);
        fixture.run();
        fixture.clock().advance(MONTH);
    }

    @Test
    void capturesThatNoTimeWithinTheRetentionNeedsGo() {
        // Given
        runThreeMonths();
        List<String> before = snapshots();
        int bodies = bodies();

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(
                "{\"snapshots\":1,\"changes\":0,\"bodies\":1,\"reinstated\":0}",
                reconcileResult.summary().path("capturesPruned").toString());
        assertEquals(2, before.size());
        assertEquals(
                List.of(
                        before.get(1),
                        reconcileResult
                                .summary()
                                .path("imageStreams")
                                .path("key")
                                .asText()),
                snapshots());
        assertEquals(bodies - 1, bodies());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutMirrorOrWhileAnAlarmStandsCapturesStay(boolean mirrors) {
        // Given
        runThreeMonths();
        if (mirrors) {
            new Alarms(fixture.backupBucket(), fixture.clock()).raise("mass-deletion", "Much is gone");
        } else {
            fixture.withPolicy(
                    new ReconcilePolicy(false, Duration.ofDays(30), 0.9, 10_000, Duration.ZERO, Duration.ZERO));
        }

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.summary().path("capturesPruned").isMissingNode());
        assertEquals(3, snapshots().size());
    }

    @Test
    void capturesThatTheStoreDoesNotRemoveAreLeftToTheNextRun() {
        // Given
        runThreeMonths();
        fixture.backup()
                .failOn(
                        Operation.DELETE,
                        "registry-backup/openshift/bodies/",
                        StoreError.UNAVAILABLE,
                        "The store is tired");
        int bodies = bodies();

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertTrue(
                fixture.problems()
                        .contains("Not all captures older than the retention were deleted: The store is tired"),
                fixture.problems()::toString);
        fixture.backup().heal();
        assertTrue(fixture.run().isComplete());
        assertEquals(bodies - 1, bodies());
    }
}
