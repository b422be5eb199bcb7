package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.reconcile.rclone.Difference;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingStore;
import dev.registrybackup.replication.pending.RejectionStore;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run brings, counts and leaves alone; the stores are in memory, and so is what compares them. */
class ReconciliationTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final RandomRegistry content = RandomRegistry.filled(4);
    private ReconcileFixture stores;

    @BeforeEach
    void begin(@TempDir Path scratch) {
        stores = new ReconcileFixture(scratch).of(content);
    }

    @AfterEach
    void end() {
        stores.close();
    }

    private List<FindingCode> codes() {
        return stores.reading().first().stream().map(Finding::code).toList();
    }

    private void filled() {
        stores.run();
        stores.clock().advance(HOUR);
        stores.registry().forget();
        stores.backup().forget();
    }

    private List<String> written() {
        return stores.backup().written().stream()
                .filter(key -> key.startsWith("docker/"))
                .toList();
    }

    @Test
    void anEmptyBackupIsFilledAndNoLinkComesBeforeWhatItLeadsTo() {
        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertEquals(Set.of(), content.linksBeforeTheirTargets(stores.backup().written()));
        assertEquals(stores.inRegistry().size(), ReconcileFixture.total(result, "brought"));
        assertEquals(0, ReconcileFixture.total(result, "missedByEvents"));
        assertEquals(0, ReconcileFixture.total(result, "left"));
    }

    @Test
    void aSecondRunBringsNothingAndWritesNoObject() {
        // Given
        filled();

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(List.of(), written());
        assertEquals(0, ReconcileFixture.total(result, "named"));
        assertEquals(stores.inRegistry().size(), ReconcileFixture.total(result, "inRegistry"));
        assertTrue(result.isComplete());
    }

    @Test
    void whatEventsMissedIsBroughtAndCounted() {
        // Given
        filled();
        Digest image = content.image("late/app", content.layer("late/app", 500));
        content.tag("late/app", "v1", image);
        stores.of(content);
        stores.clock().advance(HOUR);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertEquals(ReconcileFixture.total(result, "named"), ReconcileFixture.total(result, "missedByEvents"));
        assertEquals(1, ReconcileFixture.figure(result, "revision-link", "missedByEvents"));
        assertEquals(1, ReconcileFixture.figure(result, "tag-current-link", "missedByEvents"));
    }

    @Test
    void everyLinkOnRecordAsWaitingIsJudgedAgainHoweverManyThereAre() {
        // Given
        Digest foreign = Digest.of(DigestAlgorithm.SHA256, content.bytes(10));
        Digest waiting = content.index("late/app", foreign);
        Digest whole = content.image("late/app", content.layer("late/app", 500));
        stores.of(content);
        filled();
        String still = waits(foreign, content.revisionLink("late/app", waiting));
        assertEquals(List.of(still), stores.backupBucket().keys("registry-backup/incomplete/"));
        IntStream.rangeClosed(0, 10_000)
                .forEach(number -> stores.backupBucket().seed(waits(foreign, gone(number)), new byte[0]));
        stores.backupBucket().seed(waits(foreign, content.revisionLink("late/app", whole)), new byte[0]);
        stores.backupBucket().seed(waits(foreign, content.revisionLink("x/app", whole)), new byte[0]);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete());
        assertEquals(List.of(still), stores.backupBucket().keys("registry-backup/incomplete/"));
    }

    private String gone(int number) {
        return content.revisionLink("gone/app%d".formatted(number), Digest.parse("sha256:" + "0".repeat(64)));
    }

    private static String waits(Digest part, String link) {
        return "registry-backup/incomplete/sha256/" + part.hex() + "/" + link;
    }

    @Test
    void whatIsSoYoungThatItsEventMayStillComeIsBroughtAndNotCounted() {
        // Given
        filled();
        content.image("young/app", content.layer("young/app", 500));
        stores.of(content);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertTrue(ReconcileFixture.total(result, "brought") > 0);
        assertEquals(0, ReconcileFixture.total(result, "missedByEvents"));
    }

    @Test
    void aTagThatMovedIsOfTheSameSizeAndIsFoundAllTheSame() {
        // Given
        Digest first = content.image("team/app", content.layer("team/app", 100));
        content.tag("team/app", "latest", first);
        stores.of(content);
        filled();
        content.tag("team/app", "latest", content.image("team/app", content.layer("team/app", 200)));
        stores.of(content);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertEquals(1, ReconcileFixture.figure(result, "tag-current-link", "brought"));
    }

    @Test
    void aBlobThatIsCutShortInTheRegistryDoesNotReplaceTheGoodOne() {
        // Given
        filled();
        Digest layer = content.layer("team/app", 100);
        stores.of(content).run();
        String key = content.blobKey(layer);
        byte[] good = stores.backupBucket().bytes(key);
        stores.registryBucket().seed(key, new byte[7]);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertArrayEquals(good, stores.backupBucket().bytes(key));
        assertFalse(result.isComplete());
        assertEquals(1, ReconcileFixture.figure(result, "blob", "corrupt"));
        assertEquals(List.of(FindingCode.BLOB_DIGEST_MISMATCH), codes());
        assertEquals(key, stores.reading().first().get(0).subject());
    }

    @Test
    void aCorruptBlobThatTheBackupLacksIsLeftAndSoAreTheLinksAboveIt() {
        // Given
        Digest layer = content.layer("team/app", 100);
        content.image("team/app", layer);
        stores.of(content);
        stores.registryBucket().seed(content.blobKey(layer), new byte[100]);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertFalse(stores.backedUp().containsKey(content.blobKey(layer)));
        assertFalse(stores.backedUp().containsKey(content.layerLink("team/app", layer)));
        assertEquals(1, ReconcileFixture.figure(result, "revision-link", "left"));
        assertEquals(1, ReconcileFixture.figure(result, "blob", "left"));
        assertEquals(stores.inRegistry().size(), stores.backedUp().size() + ReconcileFixture.total(result, "left"));
    }

    @Test
    void aBlobOfAnotherSizeInTheBackupIsReplacedByTheProvedOne() {
        // Given
        Digest layer = content.layer("team/app", 100);
        stores.of(content);
        filled();
        stores.backupBucket().seed(content.blobKey(layer), new byte[7]);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertEquals(1, ReconcileFixture.figure(result, "blob", "brought"));
    }

    @Test
    void exactlyWhatTheComparisonNamesIsLookedAt() {
        // Given
        Digest hidden = content.layer("team/app", 100);
        stores.of(content);
        stores.comparer().hiding(content.blobKey(hidden)).hiding(content.layerLink("team/app", hidden));
        stores.run();
        String added = stores.inRegistry().firstKey();
        stores.comparer()
                .hiding(content.blobKey(hidden))
                .hiding(content.layerLink("team/app", hidden))
                .adding(added, Difference.Kind.DIFFERENT);
        stores.registry().forget();

        // When
        stores.run();

        // Then
        Set<String> asked = Set.copyOf(stores.registry().requests().stream()
                .filter(request -> request.operation() == Operation.FIND || request.operation() == Operation.OPEN)
                .map(request -> request.key())
                .toList());
        assertEquals(Set.of(added), asked);
        assertFalse(stores.backedUp().containsKey(content.blobKey(hidden)));
    }

    @Test
    void aReportThatDoesNotCountSaysNothingAboutAbsence() {
        // Given
        filled();
        stores.registryBucket()
                .keys("docker/")
                .forEach(key -> stores.registryBucket().remove(key, Optional.empty()));
        stores.comparer()
                .failing(content.layout().blobsPrefix(), "it ended with 7")
                .failing(content.layout().repositoriesPrefix(), "it ended with 7");

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertEquals(0, ReconcileFixture.total(result, "absent"));
        assertTrue(stores.backupBucket().find("registry-backup/absences").isEmpty());
        assertEquals(List.of(FindingCode.COULD_NOT_TELL, FindingCode.COULD_NOT_TELL), codes());
        assertTrue(stores.reading().first().get(0).problem().contains("it ended with 7"));
    }

    @Test
    void comparingGivesUpOnceABucketDoesNotAnswer() {
        // Given
        filled();
        AtomicBoolean isGone = new AtomicBoolean();
        stores.registry().before((operation, asked) -> {
            if (isGone.get()) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is gone");
            }
        });
        StoreComparer comparer = stores.comparer()
                .before(() -> isGone.set(true))
                .failing(content.layout().blobsPrefix(), "it ended with 7");

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertEquals(List.of("compare " + content.layout().blobsPrefix()), comparer.asked());
        assertTrue(
                stores.reading().first().stream()
                        .anyMatch(finding -> finding.problem()
                                .equals("Gave up comparing after %s: The store is gone"
                                        .formatted(content.layout().blobsPrefix()))),
                () -> stores.reading().first().toString());
    }

    @Test
    void whatCannotBeReadIsNamedOnceTheRestIsDone() {
        // Given
        Digest layer = content.layer("team/app", 100);
        stores.of(content);
        String key = content.blobKey(layer);
        stores.registry().before((operation, asked) -> {
            if (asked.equals(key)) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is tired");
            }
        });

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertEquals(stores.inRegistry().size() - 2, stores.backedUp().size());
        assertTrue(stores.reading().first().stream()
                .anyMatch(finding ->
                        finding.subject().equals(key) && finding.problem().contains("The store is tired")));
    }

    @Test
    void whatIsOwedComesFirstAndIsThenSettled() {
        // Given
        filled();
        Digest layer = content.layer("team/app", 100);
        Digest other = content.layer("team/app", 200);
        stores.of(content);
        PendingStore shelf = new PendingStore(stores.backupBucket(), "gone", stores.clock());
        shelf.write(List.of(new PendingKey(content.layerLink("team/app", other), Optional.empty())));

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(content.blobKey(other), written().get(0));
        assertEquals(1, result.summary().path("owedSettled").asLong());
        assertEquals(List.of(), stores.backupBucket().keys(PendingStore.PREFIX));
        assertTrue(stores.backedUp().containsKey(content.blobKey(layer)));
    }

    @Test
    void whatWasRejectedAndIsWellNowIsTakenOffTheRecord() {
        // Given
        Digest layer = content.layer("team/app", 100);
        Digest other = content.layer("team/app", 200);
        stores.of(content);
        stores.registryBucket().seed(content.blobKey(other), new byte[7]);
        RejectionStore rejectionStore = new RejectionStore(stores.backupBucket(), stores.clock(), kept -> {});
        rejectionStore.keep(Rejection.ofKey(content.blobKey(layer), "was corrupt"));
        rejectionStore.keep(Rejection.ofKey(content.blobKey(other), "is corrupt"));
        rejectionStore.keep(Rejection.ofPayload(new byte[3], "no event"));

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(1, result.summary().path("rejectionsSettled").asLong());
        assertEquals(2, stores.backupBucket().keys(RejectionStore.PREFIX).size());
    }

    @Test
    void objectsThatNoRegistryWroteAreNamedAndNeitherCopiedNorLeft() {
        // Given
        stores.registryBucket().seed("docker/registry/v2/blobs/notes.txt", new byte[3]);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete());
        assertEquals(List.of(FindingCode.FOREIGN_OBJECT), codes());
        assertFalse(stores.backedUp().containsKey("docker/registry/v2/blobs/notes.txt"));
    }

    @Test
    void aLargeRegistryIsComparedInManyPartsWithTheSameResult() {
        // Given
        content.image("a-b/app", content.layer("a-b/app", 10));
        content.image("a/app", content.layer("a/app", 10));
        stores.of(content)
                .with(new Policy(false, Duration.ofDays(30), 0.1, 10_000, Duration.ofMinutes(15), 10, Duration.ZERO));
        StoreComparer comparer = stores.comparer();

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertEquals(stores.inRegistry().size(), ReconcileFixture.total(result, "inRegistry"));
        assertTrue(
                comparer.asked().contains("compare " + content.layout().repositoriesPrefix() + "a-b/"),
                () -> comparer.asked().toString());
    }

    @Test
    void aRunThatIsStoppedAnywhereLeavesNoLinkToNothingAndTheNextFinishes() {
        for (int leave = 1; leave < 200; leave += 7) {
            // Given
            int left = leave;
            try (ReconcileFixture fresh = new ReconcileFixture(Path.of("target")).of(content)) {
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
                        Set.of(), content.linksBeforeTheirTargets(fresh.backup().written()));
                assertTrue(fresh.run().isComplete());
                assertEquals(fresh.inRegistry(), fresh.backedUp());
            }
        }
    }

    @Test
    void whatEventsMissedIsCountedThoughSomethingIsLeftForEver() {
        // Given
        Digest never = new RandomRegistry(9).blob(new byte[] {1});
        stores.registryBucket().seed(content.blobKey(never), new byte[7]);
        filled();
        content.layer("late/app", 500);
        stores.of(content);
        stores.clock().advance(HOUR);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertEquals(1, ReconcileFixture.figure(result, "layer-link", "missedByEvents"));
    }

    @Test
    void uploadsThatCannotBeLookedForAreNoHindrance() {
        // Given
        stores.backup().before((operation, key) -> {
            if (operation == Operation.ABORT) {
                throw new ObjectStoreException(StoreError.REFUSED, "What is an upload?");
            }
        });

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete());
        assertEquals(List.of(FindingCode.COULD_NOT_TELL), codes());
    }

    private FakeCluster cluster() {
        FakeCluster cluster = new FakeCluster();
        Digest image = content.image("ns/app", content.layer("ns/app", 300));
        stores.of(content);
        cluster.push(image);
        cluster.tag("ns/app", "v1", image, stores.clock().instant());
        cluster.tag(
                "ns/app",
                "v2",
                Digest.parse("sha256:" + "0".repeat(64)),
                stores.clock().instant());
        return cluster;
    }

    @Test
    void imageStreamsAreCapturedBeforeAnythingIsCompared() {
        // Given
        stores.on(cluster());

        // When
        Reconciliation.Result result = stores.run();

        // Then
        List<String> written = stores.backup().written();
        String key = result.summary().path("imageStreams").path("key").asText();
        assertEquals(
                "{\"key\":\"%s\",\"streams\":1,\"items\":2,\"images\":2,\"imagesMissing\":1}".formatted(key),
                result.summary().path("imageStreams").toString());
        assertTrue(key.startsWith("registry-backup/openshift/snapshots/"), key);
        assertTrue(written.indexOf(key) >= 0, written::toString);
        assertTrue(
                written.indexOf(key)
                        < written.indexOf(written().stream().findFirst().orElseThrow()),
                written::toString);
        assertTrue(result.isComplete());
    }

    @Test
    void imageStreamsThatCannotBeReadAreAFindingAndBlobsAreComparedAllTheSame() {
        // Given
        FakeCluster cluster = cluster();
        stores.on(cluster);
        cluster.fail(ClusterError.FORBIDDEN);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(List.of(FindingCode.COULD_NOT_TELL), codes());
        assertTrue(stores.reading().first().get(0).problem().contains("FORBIDDEN"));
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertFalse(result.isComplete());
        assertTrue(result.summary().path("imageStreams").isMissingNode());
    }

    @Test
    void aTagThatCannotBePulledHindersNothing() {
        // Given
        FakeCluster cluster = cluster();
        stores.on(cluster);
        cluster.tag(
                "ns/app",
                "1.0+1",
                Digest.parse("sha256:" + "1".repeat(64)),
                stores.clock().instant());

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete());
        assertEquals(1, result.summary().at("/imageStreams/streams").asInt());
    }

    @Test
    void whateverHindersACaptureIsAFindingAndBlobsAreComparedAllTheSame() {
        // Given
        FakeCluster cluster = cluster();
        stores.on(cluster);
        cluster.onCall(call -> {
            throw new IllegalStateException("nobody foresaw this");
        });

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(List.of(FindingCode.COULD_NOT_TELL), codes());
        assertTrue(stores.reading().first().get(0).problem().contains("nobody foresaw this"));
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertFalse(result.isComplete());
    }

    @Test
    void aStreamThatCannotBeUnderstoodIsAFindingAndTheRunIsNotComplete() {
        // Given
        FakeCluster cluster = cluster();
        stores.on(cluster);
        ObjectNode odd =
                cluster.find(ObjectName.stream(new RepositoryName("ns/app"))).orElseThrow();
        odd.withObject("metadata").put("name", "App");
        cluster.put(new ObjectName(Resource.IMAGE_STREAM, Optional.of("ns"), "App"), odd);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertEquals(List.of(FindingCode.COULD_NOT_TELL), codes());
        assertTrue(stores.reading().first().get(0).problem().contains("ns/App"));
        assertEquals(1, result.summary().at("/imageStreams/streams").asInt());
        assertFalse(result.isComplete());
    }

    @Test
    void aClusterWithoutImageStreamsIsComparedAsAnyOther() {
        // Given
        stores.on(cluster().withoutImages());

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete());
        assertEquals(List.of(), stores.backupBucket().keys("registry-backup/openshift/"));
    }

    @Test
    void aClusterThatHasLostItsImageStreamsRaisesAnAlarmThatTellsWhichTimeToRestore() {
        // Given
        FakeCluster cluster = cluster();
        stores.on(cluster);
        stores.run();
        cluster.delete("ns/app");

        // When
        stores.run();

        // Then
        List<Alarm> open = new Alarms(stores.backupBucket(), stores.clock()).open();
        assertEquals(
                List.of("imagestreams-absent"), open.stream().map(Alarm::cause).toList());
        assertEquals(
                "1 of 1 ImageStreams are gone since the snapshot before. To restore them, give a time before %s as \"at\""
                        .formatted(stores.clock().instant()),
                open.get(0).problem());
    }

    @Test
    void nothingIsCapturedByARunThatIsNoLongerPermittedTo() {
        // Given
        stores.on(cluster());

        // When
        assertThrows(
                IllegalStateException.class,
                () -> stores.run(() -> {
                    throw new IllegalStateException("replaced");
                }));

        // Then
        assertEquals(List.of(), stores.backupBucket().keys("registry-backup/openshift/"));
    }
}
