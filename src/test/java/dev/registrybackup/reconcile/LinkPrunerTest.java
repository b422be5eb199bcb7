package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.inventory.MissingInterval;
import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of what only the backup has. */
class LinkPrunerTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration MONTH = Duration.ofDays(31);

    private final RandomRegistry content = new RandomRegistry(7);
    private final Digest shared = content.layer("keep/app", 100);
    private final Digest kept = content.image("keep/app", shared);
    private final Digest own = content.layer("old/app", 200);
    private final Digest old = content.image("old/app", own, shared);
    private Path scratch;
    private ReconcileFixture stores;

    @BeforeEach
    void filled(@TempDir Path directory) {
        scratch = directory;
        content.mount("old/app", shared);
        content.tag("keep/app", "v1", kept);
        content.tag("old/app", "v1", old);
        stores = new ReconcileFixture(scratch).of(content).mirroring();
        stores.run();
        stores.clock().advance(DAY);
    }

    @AfterEach
    void end() {
        stores.close();
    }

    private void delete(String part) {
        stores.registryBucket().keys("docker/").stream()
                .filter(key -> key.contains(part))
                .forEach(key -> stores.registryBucket().remove(key, Optional.empty()));
    }

    /** As a registry's garbage collection does it. */
    private void deleteOldImage() {
        delete("/old/app/");
        delete(own.hex());
        delete(old.hex());
        delete(configOfOld().hex());
    }

    private Digest configOfOld() {
        return content.closure(content.revisionLink("old/app", old)).stream()
                .map(key -> content.layout().parse(key))
                .filter(path -> path.kind() == Kind.BLOB)
                .map(path -> ((dev.registrybackup.registry.RegistryPath.BlobData) path).digest())
                .filter(digest -> !digest.equals(own) && !digest.equals(shared) && !digest.equals(old))
                .findFirst()
                .orElseThrow();
    }

    private List<MissingInterval> absences() {
        try (Stream<MissingInterval> all = new MissingIntervals(stores.backupBucket()).all(scratch)) {
            return all.toList();
        }
    }

    private List<Alarm> alarms() {
        return new Alarms(stores.backupBucket(), stores.clock()).open();
    }

    private CapturedImages captured() {
        return new CapturedImages(stores.backup(), scratch, stores.clock().instant());
    }

    private List<String> removed() {
        return stores.backup().requests().stream()
                .filter(request -> request.operation() == Operation.REMOVE)
                .map(request -> request.key())
                .filter(key -> key.startsWith("docker/"))
                .toList();
    }

    @Test
    void whatIsAbsentIsRecordedSinceItWasFirstSeenAbsent() {
        // Given
        deleteOldImage();
        var first = stores.clock().instant();
        stores.run();
        stores.clock().advance(DAY);

        // When
        stores.run();

        // Then
        Map<String, String> before = stores.backedUp();
        before.keySet().removeAll(stores.inRegistry().keySet());
        assertEquals(
                before.keySet(),
                new TreeSet<>(absences().stream().map(MissingInterval::key).toList()));
        assertEquals(
                Set.of(first),
                Set.copyOf(absences().stream().map(MissingInterval::from).toList()));
        assertEquals(List.of(), removed());
    }

    @Test
    void whatComesBackIsAbsentNoMore() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(DAY);
        stores.of(content);

        // When
        stores.run();

        // Then
        assertEquals(9, absences().size());
        assertTrue(absences().stream().noneMatch(MissingInterval::isOpen));
    }

    @Test
    void afterTheRetentionItLeavesTheBackupParentsFirst() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertEquals(stores.inRegistry(), stores.backedUp());
        List<Kind> order = removed().stream()
                .map(key -> content.layout().parse(key).kind())
                .distinct()
                .toList();
        assertEquals(
                List.of(Kind.TAG_CURRENT_LINK, Kind.TAG_INDEX_LINK, Kind.REVISION_LINK, Kind.LAYER_LINK, Kind.BLOB),
                order);
        assertEquals(removed().size(), ReconcileFixture.total(result, "removed"));
        assertTrue(stores.backupBucket().versionCount(content.blobKey(own)) == 2);
    }

    @Test
    void whatKeepsIsNeverRemoved() {
        // Given
        stores.with(new Policy(false, DAY, 0.9, 10_000, DAY, 200_000, Duration.ZERO));
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);

        // When
        stores.run();

        // Then
        assertEquals(List.of(), removed());
        assertFalse(absences().isEmpty());
    }

    @Test
    void aBlobStaysThatARevisionInTheBackupStillNeeds() {
        // Given
        delete(shared.hex());
        stores.run();
        stores.clock().advance(MONTH);

        // When
        stores.run();

        // Then
        assertEquals(List.of(), removed());
    }

    @Test
    void aRevisionStaysThatATagStillPointsTo() {
        // Given
        delete("/old/app/_manifests/revisions/");
        stores.run();
        stores.clock().advance(MONTH);

        // When
        stores.run();

        // Then
        assertEquals(List.of(), removed());
    }

    @Test
    void whatIsBackInTheRegistryJustBeforeStays() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);
        String tag = content.tagLink("old/app", "v1");
        stores.registry().before((operation, key) -> {
            if (operation == Operation.FIND && key.equals(tag)) {
                stores.of(content);
            }
        });

        // When
        stores.run();

        // Then
        assertEquals(List.of(), removed());
    }

    @Test
    void aBlobThatALinkNeedsWhichCameMeanwhileIsBroughtBack() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);
        List<String> pushed = new ArrayList<>();
        stores.backup().before((operation, key) -> {
            if (operation == Operation.REMOVE && key.equals(content.blobKey(own)) && pushed.isEmpty()) {
                pushed.add(key);
                stores.backupBucket()
                        .seed(
                                content.layerLink("new/app", own),
                                own.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            }
        });

        // When
        stores.run();

        // Then
        assertEquals(1, pushed.size());
        assertTrue(stores.backedUp().containsKey(content.blobKey(own)));
    }

    @Test
    void aFifthThatVanishesAtOnceRaisesAnAlarmThatStopsAllRemovalUntilAcknowledged() {
        // Given
        stores.with(new Policy(true, Duration.ofDays(30), 0.2, 10_000, DAY, 200_000, Duration.ZERO));
        deleteOldImage();
        stores.run();
        String alarm = alarms().get(0).id();
        stores.clock().advance(MONTH);
        stores.run();
        List<String> whileItStood = removed();

        // When
        stores.acknowledging(alarm);

        // Then
        assertEquals(List.of(), whileItStood);
        assertEquals(List.of(), alarms());
        assertEquals(stores.inRegistry(), stores.backedUp());
    }

    @Test
    void anEmptiedRegistryRemovesNothingEvenAcknowledged() {
        // Given
        delete("");
        stores.run();
        String alarm = alarms().get(0).id();
        stores.clock().advance(MONTH);
        stores.acknowledging(alarm);

        // When
        stores.run();

        // Then
        assertTrue(alarm.startsWith("registry-empty"));
        assertEquals(List.of(), removed());
    }

    @Test
    void aPartThatCouldNotBeComparedStopsRemovalAndRaisesAnAlarm() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);
        stores.comparer().failing(content.layout().blobsPrefix(), "cut short");

        // When
        stores.run();

        // Then
        assertEquals(List.of(), removed());
        assertEquals(
                List.of("not-compared"), alarms().stream().map(Alarm::cause).toList());
    }

    @Test
    void anAlarmThatIsNoneCannotBeAcknowledged() {
        // When
        Exception refusal = assertThrows(IllegalArgumentException.class, () -> stores.acknowledging("many-absent-1"));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).contains("many-absent-1"));
    }

    @Test
    void nothingIsMirroredIntoABucketWithoutVersions() {
        // Given
        try (ReconcileFixture unversioned =
                new ReconcileFixture(scratch, false).of(content).mirroring()) {

            // When
            ObjectStoreException refusal = assertThrows(ObjectStoreException.class, unversioned::run);

            // Then
            assertTrue(String.valueOf(refusal.getMessage()).contains("versioning"), refusal::getMessage);
            assertEquals(Map.of(), unversioned.backedUp());
        }
    }

    @Test
    void theCheckThatAStoppedRunLeftIsMadeByTheNextThoughThatRemovesNothing() {
        // Given
        PruneRecord record = new PruneRecord(stores.backupBucket(), stores.clock());
        record.begin();
        var since = record.since();
        stores.clock().advance(DAY);
        StorePair storePair = new StorePair(stores.registry(), stores.backup(), content.layout());
        try (WorkerPools workerPools = new WorkerPools(1, 1)) {
            BlobSweeper removal =
                    new BlobSweeper(storePair, new ReachableSet(storePair, workerPools), captured(), record);

            // When
            removal.remove(Stream.of(content.blobKey(content.blob(new byte[] {1}))), key -> false);
        }

        // Then
        assertEquals(since, record.since());
    }

    @Test
    void aRunThatRemovesNothingLeavesNoCheckBehind() {
        // Given
        PruneRecord record = new PruneRecord(stores.backupBucket(), stores.clock());
        StorePair storePair = new StorePair(stores.registry(), stores.backup(), content.layout());
        try (WorkerPools workerPools = new WorkerPools(1, 1)) {
            BlobSweeper removal =
                    new BlobSweeper(storePair, new ReachableSet(storePair, workerPools), captured(), record);

            // When
            removal.remove(Stream.of(content.blobKey(content.blob(new byte[] {1}))), key -> false);
        }

        // Then
        assertEquals(Optional.empty(), record.since());
    }

    @Test
    void aRunThatIsStoppedRightAfterItRemovedABlobHasTheNextBringItBack() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);
        String blob = content.blobKey(own);
        String link = content.layerLink("new/app", own);
        try {
            stores.run(() -> {
                if (!stores.backedUp().containsKey(blob)) {
                    throw new IllegalStateException("stopped");
                }
            });
        } catch (IllegalStateException stopped) {
            stores.backupBucket().seed(link, own.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
        stores.registryBucket().seed(link, own.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII));

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertEquals(1, result.summary().path("broughtBack").asLong());
        assertTrue(stores.backedUp().containsKey(blob));
    }

    @Test
    void anAlarmIsRaisedThoughTheRunDiesAsSoonAsTheAbsencesAreOnRecord() {
        // Given
        stores.with(new Policy(true, Duration.ofDays(30), 0.2, 10_000, DAY, 200_000, Duration.ZERO));
        deleteOldImage();
        try {
            stores.run(() -> {
                if (stores.backupBucket().find(MissingIntervals.KEY).isPresent()) {
                    throw new IllegalStateException("stopped");
                }
            });
        } catch (IllegalStateException stopped) {
            stores.clock().advance(MONTH);
        }

        // When
        stores.run();

        // Then
        assertEquals(List.of("many-absent"), alarms().stream().map(Alarm::cause).toList());
        assertEquals(List.of(), removed());
    }

    @Test
    void aRegistryThatFailsWhileItIsAskedOnceMoreHasNothingMoreRemovedAndIsNamed() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);
        String revision = content.revisionLink("old/app", old);
        stores.registry().before((operation, key) -> {
            if (operation == Operation.FIND && key.equals(revision)) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is tired");
            }
        });

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertTrue(
                stores.reading().first().stream()
                        .anyMatch(
                                finding -> finding.problem()
                                        .equals(
                                                "Nothing more was removed from repository old/app in this run: The store is tired")),
                () -> stores.reading().first().toString());
        assertTrue(stores.backedUp().containsKey(revision));
        assertTrue(stores.backedUp().containsKey(content.blobKey(own)));
    }

    @Test
    void aRegistryThatCannotBeListedHasNoBlobRemovedAndIsNamed() {
        // Given
        deleteOldImage();
        stores.run();
        stores.clock().advance(MONTH);
        String repositories = content.layout().repositoriesPrefix();
        stores.registry().before((operation, key) -> {
            boolean isRemoving =
                    stores.backupBucket().find(content.tagLink("old/app", "v1")).isEmpty();
            if (operation == Operation.LIST && key.equals(repositories) && isRemoving) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is tired");
            }
        });

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertTrue(removed().stream()
                .noneMatch(key -> key.startsWith(content.layout().blobsPrefix())));
        assertTrue(
                stores.reading().first().stream()
                        .anyMatch(finding -> finding.problem().contains("or not all of them: The store is tired")),
                () -> stores.reading().first().toString());
    }

    private FakeCluster clusterWithOldImage() {
        FakeCluster cluster = new FakeCluster();
        // Of its own, as every OpenShift has: one that has none at all is lost.
        cluster.stream("openshift/cli");
        cluster.push(old);
        cluster.tag("old/app", "v1", old, stores.clock().instant());
        return cluster;
    }

    @Test
    void whatACapturedImageStreamNeedsStaysAsLongAsItsSnapshotIsWithinTheRetention() {
        // Given
        FakeCluster cluster = clusterWithOldImage();
        stores.on(cluster).run();
        deleteOldImage();
        stores.run();
        stores.clock().advance(Duration.ofDays(20));
        stores.run();
        cluster.delete("old/app");
        stores.clock().advance(Duration.ofDays(11));

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertEquals(
                Set.of(content.tagLink("old/app", "v1"), content.tagIndexLink("old/app", "v1", old)),
                Set.copyOf(removed()));
    }

    @Test
    void whatNoSnapshotWithinTheRetentionNeedsGoes() {
        // Given
        FakeCluster cluster = clusterWithOldImage();
        stores.on(cluster).run();
        deleteOldImage();
        cluster.delete("old/app");
        stores.run();
        stores.clock().advance(MONTH);
        stores.run();
        stores.clock().advance(MONTH);

        // When
        stores.run();

        // Then
        assertEquals(stores.inRegistry(), stores.backedUp());
    }

    @Test
    void whileASnapshotCannotBeReadNothingThatItMayNeedIsRemoved() {
        // Given
        stores.on(clusterWithOldImage()).run();
        deleteOldImage();
        stores.run();
        stores.backupBucket()
                .keys("registry-backup/openshift/snapshots/")
                .forEach(key -> stores.backupBucket().seed(key, new byte[] {1, 2, 3}));
        stores.clock().advance(MONTH);

        // When
        stores.run();

        // Then
        assertEquals(
                Set.of(content.tagLink("old/app", "v1"), content.tagIndexLink("old/app", "v1", old)),
                Set.copyOf(removed()));
        assertTrue(stores.reading().first().stream()
                .anyMatch(finding -> finding.problem().contains("Failed to read the snapshot")));
    }
}
