package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A tag is the one link that moves: whatever happens meanwhile, the backup's ends where the registry's is. */
class TagMovesTest {
    private static final String REPOSITORY = "team/app";

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", true);
    private final RandomRegistry registryContent = new RandomRegistry(9);
    private final Digest first = registryContent.image(REPOSITORY, registryContent.layer(REPOSITORY, 10));
    private final Digest second = registryContent.image(REPOSITORY, registryContent.layer(REPOSITORY, 10));
    private final Digest third = registryContent.image(REPOSITORY, registryContent.layer(REPOSITORY, 10));
    private final String tag = registryContent.tagLink(REPOSITORY, "latest");
    private final ReplicatorFixture fixture = new ReplicatorFixture(registry, backup);

    @BeforeEach
    void push() {
        registryContent.tag(REPOSITORY, "latest", first);
        registryContent.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aMovedTagReplacesTheOlderOne() {
        // Given
        fixture.replicate(tag);
        move(second);

        // When
        ReplicationResult result = fixture.replicate(tag);

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertEquals(Optional.of(second), result.digest());
        assertPointsTo(second);
        assertEquals(2, backup.versionCount(tag));
    }

    @ParameterizedTest
    @CsvSource({"OPEN, true", "PUT, true", "PUT, false"})
    void twoMovesDuringARunEndWithTheNewest(Operation when, boolean isInBackup) {
        // Given
        if (isInBackup) {
            backup.seed(tag, LinkContent.of(third));
        }
        Deque<Digest> moves = new ArrayDeque<>(List.of(second, third));
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == when && key.equals(tag) && !moves.isEmpty()) {
                move(moves.remove());
            }
        });

        // When
        ReplicationResult result = fixture.replicate(tag);

        // Then
        assertEquals(Optional.of(third), result.digest());
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertPointsTo(third);
        registryContent
                .reachableKeys(registryContent.revisionLink(REPOSITORY, third))
                .forEach(key -> assertTrue(backup.head(key).isPresent(), key));
    }

    @Test
    void theTargetOfEachMoveIsThereBeforeTheTag() {
        // Given
        Deque<Digest> moves = new ArrayDeque<>(List.of(second, third));
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag) && !moves.isEmpty()) {
                move(moves.remove());
            }
        });

        // When
        fixture.replicate(tag);

        // Then
        List<String> links = fixture.backup().writtenKeys().stream()
                .filter(key -> key.contains("_manifests"))
                .toList();
        assertEquals(List.of(revision(first), tag, revision(second), tag, revision(third), tag), links);
    }

    @Test
    void aTagThatMovesForthAndBackEndsWhereItIs() {
        // Given
        fixture.replicate(tag);
        move(second);
        AtomicBoolean once = new AtomicBoolean();
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag) && once.compareAndSet(false, true)) {
                move(first);
            }
        });

        // When
        fixture.replicate(tag);

        // Then
        assertPointsTo(first);
    }

    @ParameterizedTest
    @CsvSource({"OPEN, true", "PUT, true", "PUT, false"})
    void aPodThatWasPausedWithAnOlderReadDoesNotLeaveIt(Operation pausedBefore, boolean isInBackup) {
        // Given
        if (isInBackup) {
            backup.seed(tag, LinkContent.of(third));
        }
        CountDownLatch paused = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean once = new AtomicBoolean();
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == pausedBefore && key.equals(tag) && once.compareAndSet(false, true)) {
                paused.countDown();
                await(release);
            }
        });

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            CompletableFuture<ReplicationResult> slow = fixture.startReplicate(tag);
            await(paused);
            move(second);
            ReplicationResult fast = other.replicate(tag);
            release.countDown();
            ReplicationResult late = slow.join();

            // Then
            assertEquals(Optional.of(second), fast.digest());
            assertEquals(Optional.of(second), late.digest());
        }
        assertPointsTo(second);
    }

    @Test
    void aTagThatMovesAllTheTimeIsTriedAgainLater() {
        // Given
        Deque<Digest> moves = new ArrayDeque<>(List.of(second, first));
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag)) {
                Digest next = moves.remove();
                moves.add(next);
                move(next);
            }
        });

        // When
        StoreError error = fixture.failure(tag);

        // Then
        assertEquals(StoreError.PRECONDITION_FAILED, error);
    }

    @Test
    void aTagThatIsDeletedMeanwhileIsGone() {
        // Given
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag)) {
                registry.delete(tag, Optional.empty());
            }
        });

        // When
        ReplicationResult result = fixture.replicate(tag);

        // Then
        assertEquals(ReplicationStatus.SOURCE_MISSING, result.status());
        assertPointsTo(first);
    }

    @Test
    void aTagThatIsDeletedStaysInTheBackup() {
        // Given
        fixture.replicate(tag);
        registry.delete(tag, Optional.empty());

        // When
        ReplicationResult result = fixture.replicate(tag);

        // Then
        assertEquals(ReplicationStatus.SOURCE_MISSING, result.status());
        assertPointsTo(first);
    }

    @Test
    void aTagThatMovesToACorruptImageStaysWhereItIs() {
        // Given
        fixture.replicate(tag);
        registry.seed(registryContent.blobKey(second), new byte[7]);
        move(second);

        // When
        ReplicationResult result = fixture.replicate(tag);

        // Then
        assertEquals(ReplicationStatus.BLOCKED, result.status());
        assertPointsTo(first);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTagWhoseRevisionLinkIsMissingInTheRegistryIsPublishedAsPartial(boolean current) {
        // Given
        registry.delete(revision(first), Optional.empty());
        String link = current ? tag : registryContent.tagIndexLink(REPOSITORY, "latest", first);

        // When
        ReplicationResult result = fixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.PARTIAL, result.status());
        assertEquals(first + ": the registry's tag points to a revision link that is missing", result.problem());
        assertArrayEquals(LinkContent.of(first), backup.bytes(link));
        assertTrue(backup.head(registryContent.blobKey(first)).isPresent());
        assertEquals(
                List.of("registry-backup/partial/sha256/" + first.hex() + "/" + link),
                backup.keys("registry-backup/partial/"));
    }

    @Test
    void theEventOfALateRevisionLinkCompletesItsTags() {
        // Given
        registry.delete(revision(first), Optional.empty());
        fixture.replicateAll(List.of(tag, registryContent.tagIndexLink(REPOSITORY, "latest", first)));
        registry.seed(revision(first), LinkContent.of(first));

        // When
        fixture.replicate(revision(first));

        // Then
        assertEquals(0, backup.versionCount("registry-backup/partial/"));
        assertPointsTo(first);
    }

    @Test
    void aLateRevisionLinkThatAnotherPodPublishesCompletesItsTagsToo() {
        // Given
        registry.delete(revision(first), Optional.empty());
        fixture.replicate(tag);
        registry.seed(revision(first), LinkContent.of(first));

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            other.replicate(revision(first));
            other.runPeriodicWork();
        }
        fixture.runPeriodicWork();

        // Then
        assertEquals(0, backup.versionCount("registry-backup/partial/"));
    }

    @Test
    void aTagThatMovesAwayFromAnIncompleteTargetIsTakenOffTheRecord() {
        // Given
        registry.delete(revision(first), Optional.empty());
        fixture.replicate(tag);
        move(second);

        // When
        ReplicationResult result = fixture.replicate(tag);

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertEquals(0, backup.versionCount("registry-backup/partial/"));
    }

    private String revision(Digest digest) {
        return registryContent.revisionLink(REPOSITORY, digest);
    }

    private void move(Digest target) {
        registry.seed(tag, LinkContent.of(target));
    }

    private void assertPointsTo(Digest target) {
        assertArrayEquals(LinkContent.of(target), backup.bytes(tag));
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
