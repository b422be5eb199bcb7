package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.reconcile.rclone.Difference;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.ReplicatorFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often the comparer is asked again, and what else may go on meanwhile. */
class ShardReconcilerTest {
    private static final Duration MAX_WAIT = Duration.ofSeconds(60);

    private final RandomRegistry content = RandomRegistry.random(4);

    @AutoClose
    private final ReconcileFixture fixture;

    ShardReconcilerTest(@TempDir Path scratch) {
        fixture = new ReconcileFixture(scratch).withContent(content);
    }

    @Test
    void keysThatDifferAfterFiveRoundsRemainAndAreReported() {
        // Given
        String key = fixture.registryContent().lastKey();
        StoreComparer comparer = fixture.comparer().reportAlways(key, Difference.Kind.ONLY_IN_REGISTRY);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertEquals(1, ReconcileFixture.totalCount(reconcileResult, "remaining"));
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertEquals(fixture.registryContent().size(), ReconcileFixture.totalCount(reconcileResult, "differing"));
        assertEquals(fixture.registryContent().size(), ReconcileFixture.totalCount(reconcileResult, "copied"));
        assertTrue(
                fixture.progress().firstFindings().stream()
                        .anyMatch(finding -> finding.subject().equals(key)
                                && finding.problem().contains("rclone still reports it")),
                fixture.problems()::toString);
        long asked = comparer.comparisons().stream()
                .filter(question -> question.endsWith("repositories/"))
                .count();
        assertEquals(1 + 5, asked, comparer.comparisons()::toString);
    }

    @Test
    void aCopiedKeyThatIsReportedAgainAlthoughEqualCountsAsCopied() {
        // Given
        fixture.comparer().reportAlways(fixture.registryContent().lastKey(), Difference.Kind.DIFFERENT);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(fixture.registryContent().size(), ReconcileFixture.totalCount(reconcileResult, "copied"));
        assertEquals(fixture.registryContent(), fixture.backupContent());
    }

    @Test
    void aReportedKeyThatIsEqualIsNotAFailure() {
        // Given
        fixture.run();
        fixture.comparer().reportAlways(fixture.registryContent().lastKey(), Difference.Kind.DIFFERENT);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(1, ReconcileFixture.totalCount(reconcileResult, "differing"));
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "copied"));
    }

    @Test
    void manyKeysAreConfirmedByComparingTheShardAgainAndFewOfALargeShardOneByOne() {
        // Given
        for (int number = 0; number < 4_000; number++) {
            content.mount("many/app", content.blob(content.bytes(3)));
        }
        StoreComparer first = fixture.withContent(content).comparer();
        fixture.run();
        content.layer("one/app", 7);
        StoreComparer second = fixture.withContent(content).comparer();
        fixture.registry().clearRequests();

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(fixture.registryContent(), fixture.backupContent());
        String links = "of " + content.layout().repositoriesPrefix();
        String again = "compare " + content.layout().repositoriesPrefix();
        assertEquals(2, first.comparisons().stream().filter(again::equals).count(), first.comparisons()::toString);
        assertEquals(1, second.comparisons().stream().filter(again::equals).count(), second.comparisons()::toString);
        assertTrue(second.comparisons().contains("confirm 1 " + links), second.comparisons()::toString);
        // To look whether ETags are MD5 hashes; the listing would take more requests than the one key.
        assertEquals(
                1,
                fixture.registry().requests().stream()
                        .filter(new Request(Operation.LIST, content.layout().repositoriesPrefix())::equals)
                        .count());
    }

    @Test
    void imagesPushedDuringAComparisonAreCopiedWithTheRest() {
        // Given
        List<Digest> pushed = new ArrayList<>();
        fixture.comparer().beforeCompare(() -> {
            synchronized (pushed) {
                if (pushed.size() < 3) {
                    pushed.add(content.image("late/app", content.layer("late/app", 100 + pushed.size())));
                    content.tag("late/app", "v" + pushed.size(), pushed.get(pushed.size() - 1));
                    fixture.withContent(content);
                }
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertTrue(fixture.backupContent().containsKey(content.tagLink("late/app", "v2")));
        assertEquals(Set.of(), content.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
    }

    @Test
    void keysAreCopiedWhileTheRestIsCompared() {
        // Given
        List<String> blobs = fixture.registryContent().keySet().stream()
                .filter(key -> key.startsWith(content.layout().blobsPrefix()))
                .toList();
        List<Boolean> isCopied = new ArrayList<>();
        fixture.comparer().beforeReport(key -> {
            if (key.equals(blobs.get(blobs.size() - 1)) && isCopied.isEmpty()) {
                Awaitility.await()
                        .atMost(MAX_WAIT)
                        .until(() -> fixture.backupContent().containsKey(blobs.get(0)));
                isCopied.add(true);
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(List.of(true), isCopied);
    }

    @Test
    void linksAreCopiedOnceAllBlobsAreEvenIfTheyAreListedEarlier() {
        // Given
        CountDownLatch linksAreListed = new CountDownLatch(1);
        fixture.comparer().beforeReport(key -> {
            if (key.startsWith(content.layout().repositoriesPrefix())) {
                linksAreListed.countDown();
            } else {
                Awaitility.await().atMost(MAX_WAIT).until(() -> linksAreListed.getCount() == 0);
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete());
        List<Boolean> areBlobs = fixture.writtenKeys().stream()
                .map(key -> key.startsWith(content.layout().blobsPrefix()))
                .toList();
        assertEquals(areBlobs.lastIndexOf(true) + 1, areBlobs.indexOf(false));
    }

    @Test
    void anObjectThatAnEventCopiesBetweenTheListingsIsNotMissing() {
        // Given
        fixture.run();
        String layer = content.blobKey(content.layer("late/app", 10));
        fixture.comparer().reportOnce(layer, Difference.Kind.ONLY_IN_BACKUP);
        fixture.withContent(content);

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "missingInRegistry"));
        assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "newlyMissingInRegistry"));
        assertTrue(fixture.backupBucket().head(MissingIntervals.KEY).isEmpty());
    }

    @Test
    void aShardInWhichTooManyKeysCannotBeCopiedIsNotComparedAgain() {
        // Given
        for (int number = 0; number < 10_001; number++) {
            content.mount("many/app", content.blob(content.bytes(4)));
        }
        StoreComparer comparer = fixture.withContent(content).comparer();
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.contains("/many/app/")) {
                throw new ObjectStoreException(StoreError.BAD_REQUEST, "The quota is used up");
            }
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertEquals(10_001, ReconcileFixture.totalCount(reconcileResult, "remaining"));
        assertTrue(reconcileResult.summary().path("success").asBoolean());
        String links = content.layout().repositoriesPrefix();
        assertEquals(
                1,
                comparer.comparisons().stream()
                        .filter(("compare " + links)::equals)
                        .count());
    }

    @Test
    void aLinkWhoseListingsDifferThoughItIsEqualIsReadOnce() {
        // Given
        fixture.run();
        content.layer("late/app", 10);
        String link = fixture.registryContent().lastKey();
        fixture.withContent(content).comparer().reportAlways(link, Difference.Kind.DIFFERENT);
        fixture.registry().clearRequests();

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(2, ReconcileFixture.totalCount(reconcileResult, "copied"));
        assertEquals(
                1,
                fixture.registry().requests().stream()
                        .filter(new Request(Operation.OPEN, link)::equals)
                        .count());
    }

    @Test
    void oneKeyThatCannotBeWrittenIsReportedAndTheRestIsCopied() {
        // Given
        String key = content.tagLink("namespace-0/stream", "latest");
        fixture.backup().failOn(Operation.PUT, key, StoreError.BAD_REQUEST, "Not this one");

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertEquals(1, ReconcileFixture.totalCount(reconcileResult, "remaining"));
        assertEquals(
                fixture.registryContent().size() - 1, fixture.backupContent().size());
        assertTrue(fixture.progress().firstFindings().stream()
                .anyMatch(finding ->
                        finding.subject().equals(key) && finding.problem().contains("Not this one")));
    }

    @Test
    void eventsDuringTheFirstFillLeaveNoLinkEarlyAndTheBackupComplete() {
        // Given
        try (ReplicatorFixture replicatorFixture = new ReplicatorFixture(fixture.registryBucket(), fixture.backup())) {
            List<String> keys = new ArrayList<>(content.backedUpObjects().keySet());
            fixture.comparer()
                    .beforeCompare(() -> keys.stream()
                            .filter(key -> key.hashCode() % 2 == 0)
                            .forEach(key -> replicatorFixture.replicateAll(List.of(key))));

            // When
            Reconciliation.ReconcileResult reconcileResult = fixture.run();

            // Then
            assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
            assertEquals(fixture.registryContent(), fixture.backupContent());
            assertEquals(
                    Set.of(), content.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
        }
    }

    @Test
    void eventsForEachKeyJustBeforeItIsWrittenChangeNothingInTheResult() {
        // Given
        try (ReplicatorFixture replicatorFixture =
                new ReplicatorFixture(fixture.registryBucket(), fixture.backupBucket())) {
            Set<String> seen = java.util.concurrent.ConcurrentHashMap.newKeySet();
            fixture.backup().beforeRequest((operation, key) -> {
                if (operation == Operation.PUT && key.startsWith("docker/") && seen.add(key) && seen.size() % 4 == 0) {
                    replicatorFixture.replicateAll(List.of(key));
                }
            });

            // When
            Reconciliation.ReconcileResult reconcileResult = fixture.run();

            // Then
            assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
            assertEquals(fixture.registryContent(), fixture.backupContent());
        }
    }
}
