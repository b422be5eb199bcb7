package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.ReplicatorFixture.FixtureOptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the order, number and simultaneity of events, the backup ends as the registry is. */
class RandomRegistryReplicationTest {
    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", true);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shuffledAndRepeatedEventsAtOnceGiveTheSameBytesAndNeverALinkBeforeItsTarget(long seed) {
        // Given
        RandomRegistry made = filled(seed);
        List<String> events = shuffled(made.keys(), seed);

        // When
        try (ReplicatorFixture fixture = narrow()) {
            List<ReplicationResult> outcomes = allAtOnce(fixture, events);

            // Then
            assertSameAs(made);
            assertEquals(Set.of(), made.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
            assertEquals(
                    Set.of(ReplicationStatus.COPIED, ReplicationStatus.PRESENT, ReplicationStatus.SKIPPED),
                    Set.copyOf(outcomes.stream().map(ReplicationResult::status).toList()));
            assertEquals(
                    List.of("registry-backup/conditional-writes", "registry-backup/verified"),
                    backup.keys("registry-backup/"));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void twoPodsThatShareTheEventsGiveTheSameBytes(long seed) {
        // Given
        RandomRegistry made = filled(seed);

        // When
        try (ReplicatorFixture one = narrow();
                ReplicatorFixture two = narrow()) {
            List<CompletableFuture<ReplicationResult>> asked = new ArrayList<>();
            shuffled(made.keys(), seed).forEach(key -> asked.add(one.startReplicate(key)));
            shuffled(made.keys(), seed + 1).forEach(key -> asked.add(two.startReplicate(key)));
            asked.forEach(CompletableFuture::join);
        }

        // Then
        assertSameAs(made);
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    void revisionLinksAloneCopyEverythingBelowThem(long seed) {
        // Given
        RandomRegistry made = filled(seed);
        List<String> revisions = ofKind(made, Kind.REVISION_LINK);
        Set<String> expected = new TreeSet<>(revisions);
        revisions.forEach(key -> expected.addAll(made.reachableKeys(key)));

        // When
        try (ReplicatorFixture fixture = narrow()) {
            allAtOnce(fixture, shuffled(revisions, seed));
        }

        // Then
        assertEquals(new ArrayList<>(expected), backup.keys(made.layout().prefix()));
        expected.forEach(key -> assertArrayEquals(made.content(key), backup.bytes(key), key));
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32})
    void tagsAloneCopyEverythingBelowThem(long seed) {
        // Given
        RandomRegistry made = filled(seed);
        List<String> tags = ofKind(made, Kind.TAG_CURRENT_LINK);
        Set<String> expected = new TreeSet<>(tags);
        tags.forEach(key -> expected.addAll(made.reachableKeys(key)));

        // When
        try (ReplicatorFixture fixture = narrow()) {
            allAtOnce(fixture, shuffled(tags, seed));

            // Then
            assertEquals(Set.of(), made.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
        }
        assertEquals(new ArrayList<>(expected), backup.keys(made.layout().prefix()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deliveringEverythingAgainWritesNothing(boolean isRemembered) {
        // Given
        RandomRegistry made = filled(41);
        try (ReplicatorFixture first = narrow();
                ReplicatorFixture fresh = narrow()) {
            allAtOnce(first, made.keys());
            first.clearRequests();

            // When
            ReplicatorFixture second = isRemembered ? first : fresh;
            List<ReplicationResult> again = allAtOnce(second, shuffled(made.keys(), 41));

            // Then
            assertEquals(List.of(), second.backup().writtenKeys());
            assertTrue(again.stream().noneMatch(result -> result.status() == ReplicationStatus.COPIED));
        }
    }

    @Test
    void aBucketThatSomethingElseFilledIsVerifiedAndNotChanged() {
        // Given
        RandomRegistry made = filled(43);
        made.backedUpObjects().forEach(backup::seed);
        int versions = backup.versionCount("docker/");

        // When
        try (ReplicatorFixture fixture = narrow()) {
            allAtOnce(fixture, made.keys());
        }

        // Then
        assertEquals(versions, backup.versionCount("docker/"));
    }

    private RandomRegistry filled(long seed) {
        RandomRegistry made = RandomRegistry.random(seed);
        made.writeTo(registry::seed);
        return made;
    }

    private ReplicatorFixture narrow() {
        return new ReplicatorFixture(registry, backup, new FixtureOptions(1, 1, false));
    }

    private static List<ReplicationResult> allAtOnce(ReplicatorFixture fixture, Collection<String> keys) {
        List<CompletableFuture<ReplicationResult>> asked =
                keys.stream().map(fixture::startReplicate).toList();
        return asked.stream().map(CompletableFuture::join).toList();
    }

    /** Each key once to three times, in any order. */
    private static List<String> shuffled(List<String> keys, long seed) {
        Random random = new Random(seed);
        List<String> events = new ArrayList<>();
        for (String key : keys) {
            events.addAll(Collections.nCopies(1 + random.nextInt(3), key));
        }
        Collections.shuffle(events, random);
        return events;
    }

    private static List<String> ofKind(RandomRegistry made, Kind kind) {
        RegistryLayout layout = made.layout();
        return made.keys().stream()
                .filter(key -> layout.parse(key).kind() == kind)
                .toList();
    }

    private void assertSameAs(RandomRegistry made) {
        assertEquals(
                new ArrayList<>(new TreeSet<>(made.backedUpObjects().keySet())),
                backup.keys(made.layout().prefix()));
        made.backedUpObjects().forEach((key, content) -> assertArrayEquals(content, backup.bytes(key), key));
    }
}
