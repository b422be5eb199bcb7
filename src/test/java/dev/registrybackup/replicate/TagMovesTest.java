package dev.registrybackup.replicate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import dev.registrybackup.store.StoreError;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A tag is the one link that moves: whatever happens meanwhile, the backup's ends where the registry's is. */
class TagMovesTest {
    private static final String REPOSITORY = "team/app";

    private final InMemoryObjectStore registry = Pod.bucket("registry", false);
    private final InMemoryObjectStore backup = Pod.bucket("backup", true);
    private final RandomRegistry made = new RandomRegistry(9);
    private final Digest first = made.image(REPOSITORY, made.layer(REPOSITORY, 10));
    private final Digest second = made.image(REPOSITORY, made.layer(REPOSITORY, 10));
    private final Digest third = made.image(REPOSITORY, made.layer(REPOSITORY, 10));
    private final String tag = made.tagLink(REPOSITORY, "latest");
    private final Pod pod = new Pod(registry, backup);

    @BeforeEach
    void push() {
        made.tag(REPOSITORY, "latest", first);
        made.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        pod.close();
    }

    @Test
    void aMovedTagReplacesTheOlderOne() {
        // Given
        pod.replicate(tag);
        move(second);

        // When
        Outcome outcome = pod.replicate(tag);

        // Then
        assertEquals(Verdict.COPIED, outcome.verdict());
        assertEquals(Optional.of(second), outcome.digest());
        assertPointsTo(second);
        assertEquals(2, backup.versionCount(tag));
    }

    @ParameterizedTest
    @EnumSource(
            value = Operation.class,
            names = {"OPEN", "PUT"})
    void twoMovesDuringARunEndWithTheNewest(Operation when) {
        // Given
        Deque<Digest> moves = new ArrayDeque<>(List.of(second, third));
        pod.backup().before((operation, key) -> {
            if (operation == when && key.equals(tag) && !moves.isEmpty()) {
                move(moves.remove());
            }
        });

        // When
        Outcome outcome = pod.replicate(tag);

        // Then
        assertEquals(Optional.of(third), outcome.digest());
        assertEquals(Verdict.COPIED, outcome.verdict());
        assertPointsTo(third);
        made.closure(made.revisionLink(REPOSITORY, third))
                .forEach(key -> assertTrue(backup.find(key).isPresent(), key));
    }

    @Test
    void theTargetOfEachMoveIsThereBeforeTheTag() {
        // Given
        Deque<Digest> moves = new ArrayDeque<>(List.of(second, third));
        pod.backup().before((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag) && !moves.isEmpty()) {
                move(moves.remove());
            }
        });

        // When
        pod.replicate(tag);

        // Then
        List<String> links = pod.backup().written().stream()
                .filter(key -> key.contains("_manifests"))
                .toList();
        assertEquals(List.of(revision(first), tag, revision(second), tag, revision(third), tag), links);
    }

    @Test
    void aTagThatMovesForthAndBackEndsWhereItIs() {
        // Given
        pod.replicate(tag);
        move(second);
        AtomicBoolean once = new AtomicBoolean();
        pod.backup().before((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag) && once.compareAndSet(false, true)) {
                move(first);
            }
        });

        // When
        pod.replicate(tag);

        // Then
        assertPointsTo(first);
    }

    @ParameterizedTest
    @EnumSource(
            value = Operation.class,
            names = {"OPEN", "PUT"})
    void aPodThatWasPausedWithAnOlderReadDoesNotLeaveIt(Operation pausedBefore) {
        // Given
        CountDownLatch paused = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean once = new AtomicBoolean();
        pod.backup().before((operation, key) -> {
            if (operation == pausedBefore && key.equals(tag) && once.compareAndSet(false, true)) {
                paused.countDown();
                await(release);
            }
        });

        // When
        try (Pod other = new Pod(registry, backup)) {
            CompletableFuture<Outcome> slow = pod.begin(tag);
            await(paused);
            move(second);
            Outcome fast = other.replicate(tag);
            release.countDown();
            Outcome late = slow.join();

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
        pod.backup().before((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag)) {
                Digest next = moves.remove();
                moves.add(next);
                move(next);
            }
        });

        // When
        StoreError error = pod.failure(tag);

        // Then
        assertEquals(StoreError.CHANGED, error);
    }

    @Test
    void aTagThatIsDeletedMeanwhileIsGone() {
        // Given
        pod.backup().before((operation, key) -> {
            if (operation == Operation.PUT && key.equals(tag)) {
                registry.remove(tag, Optional.empty());
            }
        });

        // When
        Outcome outcome = pod.replicate(tag);

        // Then
        assertEquals(Verdict.GONE, outcome.verdict());
        assertPointsTo(first);
    }

    @Test
    void aTagThatIsDeletedStaysInTheBackup() {
        // Given
        pod.replicate(tag);
        registry.remove(tag, Optional.empty());

        // When
        Outcome outcome = pod.replicate(tag);

        // Then
        assertEquals(Verdict.GONE, outcome.verdict());
        assertPointsTo(first);
    }

    @Test
    void aTagThatMovesToACorruptImageStaysWhereItIs() {
        // Given
        pod.replicate(tag);
        registry.seed(made.blobKey(second), new byte[7]);
        move(second);

        // When
        Outcome outcome = pod.replicate(tag);

        // Then
        assertEquals(Verdict.WITHHELD, outcome.verdict());
        assertPointsTo(first);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTagToARevisionLinkThatTheRegistryLacksIsPublishedAsIncomplete(boolean current) {
        // Given
        registry.remove(revision(first), Optional.empty());
        String link = current ? tag : made.tagIndexLink(REPOSITORY, "latest", first);

        // When
        Outcome outcome = pod.replicate(link);

        // Then
        assertEquals(Verdict.INCOMPLETE, outcome.verdict());
        assertEquals(first + ": the registry's tag points to a revision link that it lacks", outcome.problem());
        assertArrayEquals(LinkContent.of(first), backup.bytes(link));
        assertTrue(backup.find(made.blobKey(first)).isPresent());
        assertEquals(
                List.of("registry-backup/incomplete/sha256/" + first.hex() + "/" + link),
                backup.keys("registry-backup/incomplete/"));
    }

    @Test
    void theEventOfALateRevisionLinkCompletesItsTags() {
        // Given
        registry.remove(revision(first), Optional.empty());
        pod.replicateAll(List.of(tag, made.tagIndexLink(REPOSITORY, "latest", first)));
        registry.seed(revision(first), LinkContent.of(first));

        // When
        pod.replicate(revision(first));

        // Then
        assertEquals(0, backup.versionCount("registry-backup/incomplete/"));
        assertPointsTo(first);
    }

    @Test
    void aLateRevisionLinkThatAnotherPodPublishesCompletesItsTagsToo() {
        // Given
        registry.remove(revision(first), Optional.empty());
        pod.replicate(tag);
        registry.seed(revision(first), LinkContent.of(first));

        // When
        try (Pod other = new Pod(registry, backup)) {
            other.replicate(revision(first));
            other.keepHouse();
        }
        pod.keepHouse();

        // Then
        assertEquals(0, backup.versionCount("registry-backup/incomplete/"));
    }

    @Test
    void aTagThatMovesAwayFromAnIncompleteTargetIsTakenOffTheRecord() {
        // Given
        registry.remove(revision(first), Optional.empty());
        pod.replicate(tag);
        move(second);

        // When
        Outcome outcome = pod.replicate(tag);

        // Then
        assertEquals(Verdict.COPIED, outcome.verdict());
        assertEquals(0, backup.versionCount("registry-backup/incomplete/"));
    }

    private String revision(Digest digest) {
        return made.revisionLink(REPOSITORY, digest);
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
