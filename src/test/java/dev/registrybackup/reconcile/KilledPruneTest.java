package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Removals from the backup of a registry that its garbage collection has gone through, stopped anywhere. */
class KilledPruneTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration MONTH = Duration.ofDays(31);
    private static final ReconcilePolicy MIRROR =
            new ReconcilePolicy(true, Duration.ofDays(30), 1, 10_000, Duration.ofMinutes(15), Duration.ZERO);

    private final Path scratch;

    KilledPruneTest(@TempDir Path scratch) {
        this.scratch = scratch;
    }

    private static Fence fenceFailingAfter(int times) {
        AtomicInteger asked = new AtomicInteger();
        return () -> {
            if (asked.incrementAndGet() > times) {
                throw new IllegalStateException("stopped");
            }
        };
    }

    private ReconcileFixture filledFixture(RandomRegistry content) {
        ReconcileFixture stores =
                new ReconcileFixture(scratch).withContent(content).withPolicy(MIRROR);
        stores.run();
        stores.clock().advance(DAY);
        return stores;
    }

    /** Deletes some tags and some manifests, and what nothing needs then: as a registry does it, tag histories stay. */
    private static void collectGarbage(RandomRegistry content, ReconcileFixture stores, Random random) {
        Set<String> there = new TreeSet<>(stores.registryBucket().keys("docker/"));
        there.removeIf(key -> content.layout().parse(key).kind() == Kind.TAG_CURRENT_LINK && random.nextInt(3) == 0);
        there.removeIf(key -> content.layout().parse(key).kind() == Kind.TAG_INDEX_LINK && random.nextInt(4) == 0);
        there.removeIf(key -> content.layout().parse(key).kind() == Kind.REVISION_LINK && random.nextInt(3) == 0);
        Set<String> marked = new HashSet<>();
        Set<String> layers = new HashSet<>();
        for (String key : there) {
            if (content.layout().parse(key) instanceof RevisionLink revision) {
                marked.addAll(content.reachableKeys(key));
                digests(content, key).forEach(digest -> layers.add(layerLink(content, revision, digest)));
            }
        }
        there.removeIf(key ->
                content.layout().parse(key).kind() == Kind.LAYER_LINK && !layers.contains(key) && random.nextBoolean());
        there.removeIf(key -> content.layout().parse(key).kind() == Kind.BLOB && !marked.contains(key));
        stores.registryBucket().keys("docker/").stream()
                .filter(key -> !there.contains(key))
                .forEach(key -> stores.registryBucket().delete(key, Optional.empty()));
    }

    /** The blobs that a link leads to. */
    private static Set<Digest> digests(RandomRegistry content, String link) {
        return content.reachableKeys(link).stream()
                .map(key -> content.layout().parse(key))
                .filter(BlobData.class::isInstance)
                .map(path -> ((BlobData) path).digest())
                .collect(Collectors.toSet());
    }

    private static String layerLink(RandomRegistry content, RevisionLink revision, Digest digest) {
        return content.layerLink(revision.repository().value(), digest);
    }

    /** What has to be there if that link is: all it leads to, and of a revision its repository's links to the same. */
    private static Set<String> requiredBy(RandomRegistry content, String link) {
        Set<String> needed = new TreeSet<>(content.reachableKeys(link));
        Stream.concat(Stream.of(link), content.reachableKeys(link).stream())
                .map(key -> content.layout().parse(key))
                .filter(RevisionLink.class::isInstance)
                .map(RevisionLink.class::cast)
                .forEach(revision -> digests(content, link).forEach(digest -> {
                    needed.add(layerLink(content, revision, digest));
                    needed.add(content.revisionLink(revision.repository().value(), digest));
                }));
        needed.retainAll(content.objects().keySet());
        return needed;
    }

    /** A tag's history may name a revision that was deleted since; its blobs are kept then, and not its links. */
    private static Set<String> requiredKeys(RandomRegistry content, String link) {
        return content.layout().parse(link).kind() == Kind.TAG_INDEX_LINK
                ? blobsOf(content, link)
                : requiredBy(content, link);
    }

    private static Set<String> blobsOf(RandomRegistry content, String link) {
        return digests(content, link).stream().map(content::blobKey).collect(Collectors.toCollection(TreeSet::new));
    }

    /** What the backup has to have of that registry: that, and all it still needs. */
    private static Set<String> expected(RandomRegistry content, Set<String> registry) {
        Set<String> all = new TreeSet<>(registry);
        registry.forEach(link -> all.addAll(requiredKeys(content, link)));
        // What is kept needs more in its turn.
        Set<String> more = new TreeSet<>(all);
        all.forEach(link -> more.addAll(requiredKeys(content, link)));
        return more;
    }

    private static Set<String> missingKeys(RandomRegistry content, Set<String> there) {
        Set<String> dangling = new TreeSet<>();
        there.forEach(link -> requiredKeys(content, link).stream()
                .filter(key -> !there.contains(key))
                .forEach(key -> dangling.add(link + " -> " + key)));
        return dangling;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void theBackupBecomesTheRegistryAndWhatIsReachableFromIt(long seed) {
        // Given
        RandomRegistry content = RandomRegistry.random(seed);
        try (ReconcileFixture stores = filledFixture(content)) {
            collectGarbage(content, stores, new Random(seed));
            stores.run();
            stores.clock().advance(MONTH);

            // When
            Reconciliation.ReconcileResult reconcileResult = stores.run();

            // Then
            assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
            assertEquals(
                    expected(content, stores.registryContent().keySet()),
                    stores.backupContent().keySet());
            assertTrue(ReconcileFixture.totalCount(reconcileResult, "pruned") > 0);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void stoppedAnywhereNothingIsMissingAndTheNextRunFinishes(long seed) {
        RandomRegistry content = RandomRegistry.random(seed);
        boolean isOver = false;
        for (int permits = 3; !isOver; permits += 4) {
            // Given
            try (ReconcileFixture stores = filledFixture(content)) {
                collectGarbage(content, stores, new Random(seed));
                stores.run();
                stores.clock().advance(MONTH);

                // When
                try {
                    stores.run(fenceFailingAfter(permits));
                    isOver = true;
                } catch (IllegalStateException stopped) {
                    assertEquals("stopped", stopped.getMessage());
                }

                // Then
                assertEquals(
                        Set.of(), missingKeys(content, stores.backupContent().keySet()), "after " + permits);
                assertTrue(stores.run().isComplete());
                assertEquals(
                        expected(content, stores.registryContent().keySet()),
                        stores.backupContent().keySet());
            }
        }
    }

    @Test
    void anIndexLeavesBeforeItsChildren() {
        for (int seed = 0; seed < 20; seed++) {
            // Given
            RandomRegistry content = new RandomRegistry(seed);
            Digest first = content.image("a/app", content.layer("a/app", 10));
            Digest second = content.image("a/app", content.layer("a/app", 20));
            Digest inner = content.index("a/app", first);
            content.tag("a/app", "all", content.index("a/app", inner, second));
            content.image("b/app", content.layer("b/app", 10));
            try (ReconcileFixture stores = filledFixture(content)) {
                stores.registryBucket().keys("docker/registry/v2/repositories/a/").stream()
                        .forEach(key -> stores.registryBucket().delete(key, Optional.empty()));
                stores.run();
                stores.clock().advance(MONTH);
                stores.backup().beforeRequest((operation, key) -> {
                    if (operation == Operation.DELETE) {
                        assertEquals(
                                Set.of(),
                                missingKeys(content, stores.backupContent().keySet()));
                    }
                });

                // When
                Reconciliation.ReconcileResult reconcileResult = stores.run();

                // Then
                assertTrue(reconcileResult.isComplete());
                assertEquals(
                        0,
                        stores.backupContent().keySet().stream()
                                .filter(key -> key.contains("/a/app/"))
                                .count());
            }
        }
    }
}
