package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.reconcile.rclone.Difference;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.ReplicatorFixture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often the comparer is asked again, and what else may go on meanwhile. */
class ConfirmationTest {
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

    @Test
    void whatIsNamedHoweverOftenItIsBroughtIsLeftAndNamedAfterFiveRounds() {
        // Given
        String key = stores.inRegistry().lastKey();
        StoreComparer comparer = stores.comparer().naming(key, Difference.Kind.ONLY_IN_REGISTRY);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertEquals(1, ReconcileFixture.total(result, "left"));
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertTrue(
                stores.reading().first().stream()
                        .anyMatch(finding -> finding.subject().equals(key)
                                && finding.problem().contains("rclone names it still")),
                () -> stores.reading().first().toString());
        long asked = comparer.asked().stream()
                .filter(question -> question.endsWith("repositories/"))
                .count();
        assertEquals(1 + 5, asked, comparer.asked()::toString);
    }

    @Test
    void whatIsBroughtAndThenNamedThoughAlikeCountsAsBrought() {
        // Given
        stores.comparer().naming(stores.inRegistry().lastKey(), Difference.Kind.DIFFERENT);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete());
        assertEquals(stores.inRegistry().size(), ReconcileFixture.total(result, "brought"));
        assertEquals(stores.inRegistry(), stores.backedUp());
    }

    @Test
    void whatIsNamedThoughBothHaveItAlikeIsNoFailure() {
        // Given
        stores.run();
        stores.comparer().naming(stores.inRegistry().lastKey(), Difference.Kind.DIFFERENT);

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete());
        assertEquals(1, ReconcileFixture.total(result, "named"));
        assertEquals(0, ReconcileFixture.total(result, "brought"));
    }

    @Test
    void manyKeysAreConfirmedByComparingThePartAgainAndFewOfALargePartOneByOne() {
        // Given
        for (int number = 0; number < 4_000; number++) {
            content.mount("many/app", content.blob(content.bytes(3)));
        }
        StoreComparer first = stores.of(content).comparer();
        stores.run();
        content.layer("one/app", 7);
        StoreComparer second = stores.of(content).comparer();

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertEquals(stores.inRegistry(), stores.backedUp());
        String links = "of " + content.layout().repositoriesPrefix();
        String again = "compare " + content.layout().repositoriesPrefix();
        assertEquals(2, first.asked().stream().filter(again::equals).count(), first.asked()::toString);
        assertEquals(1, second.asked().stream().filter(again::equals).count(), second.asked()::toString);
        assertTrue(second.asked().contains("confirm 1 " + links), second.asked()::toString);
    }

    @Test
    void whatIsPushedWhileAPartIsComparedIsBroughtWithTheRest() {
        // Given
        List<Digest> pushed = new ArrayList<>();
        stores.comparer().before(() -> {
            if (pushed.size() < 3) {
                pushed.add(content.image("late/app", content.layer("late/app", 100 + pushed.size())));
                content.tag("late/app", "v" + pushed.size(), pushed.get(pushed.size() - 1));
                stores.of(content);
            }
        });

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertTrue(stores.backedUp().containsKey(content.tagLink("late/app", "v2")));
        assertEquals(Set.of(), content.linksBeforeTheirTargets(stores.backup().written()));
    }

    @Test
    void oneKeyThatCannotBeWrittenIsNamedAndTheRestIsBrought() {
        // Given
        String key = content.tagLink("namespace-0/stream", "latest");
        stores.backup().before((operation, asked) -> {
            if (operation == Operation.PUT && asked.equals(key)) {
                throw new ObjectStoreException(StoreError.REFUSED, "Not this one");
            }
        });

        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertFalse(result.isComplete());
        assertEquals(1, ReconcileFixture.total(result, "left"));
        assertEquals(stores.inRegistry().size() - 1, stores.backedUp().size());
        assertTrue(stores.reading().first().stream()
                .anyMatch(finding ->
                        finding.subject().equals(key) && finding.problem().contains("Not this one")));
    }

    @Test
    void eventsDuringTheFirstFillLeaveNoLinkEarlyAndTheBackupWhole() {
        // Given
        try (ReplicatorFixture replicatorFixture = new ReplicatorFixture(stores.registryBucket(), stores.backup())) {
            List<String> keys = new ArrayList<>(content.kept().keySet());
            stores.comparer()
                    .before(() -> keys.stream()
                            .filter(key -> key.hashCode() % 2 == 0)
                            .forEach(key -> replicatorFixture.replicateAll(List.of(key))));

            // When
            Reconciliation.Result result = stores.run();

            // Then
            assertTrue(result.isComplete(), result.summary()::toPrettyString);
            assertEquals(stores.inRegistry(), stores.backedUp());
            assertEquals(
                    Set.of(), content.linksBeforeTheirTargets(stores.backup().written()));
        }
    }

    @Test
    void eventsForEachKeyJustBeforeItIsWrittenChangeNothingInTheResult() {
        // Given
        try (ReplicatorFixture replicatorFixture =
                new ReplicatorFixture(stores.registryBucket(), stores.backupBucket())) {
            Set<String> seen = java.util.concurrent.ConcurrentHashMap.newKeySet();
            stores.backup().before((operation, key) -> {
                if (operation == Operation.PUT && key.startsWith("docker/") && seen.add(key) && seen.size() % 4 == 0) {
                    replicatorFixture.replicateAll(List.of(key));
                }
            });

            // When
            Reconciliation.Result result = stores.run();

            // Then
            assertTrue(result.isComplete(), result.summary()::toPrettyString);
            assertEquals(stores.inRegistry(), stores.backedUp());
        }
    }
}
