package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.inventory.MissingIntervals;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.SourceMetadata;
import dev.registrybackup.restore.Restore.RestoreResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PointInTimeRestoreTest {
    private static final String APP = "ns/app";

    private final RandomRegistry registry = new RandomRegistry(1);
    private final Set<String> copiedKeys = new HashSet<>();
    private final RestoreFixture fixture = new RestoreFixture();
    private Instant startedAt = Instant.EPOCH;
    private Digest first = Digest.parse("sha256:" + "0".repeat(64));
    private Digest second = first;

    /** v1 is pushed, and an hour later moved to a second image. */
    @BeforeEach
    void pushTwice() {
        startedAt = fixture.clock().instant();
        first = registry.image(APP, registry.layer(APP, 10));
        registry.tag(APP, "v1", first);
        copyNew();
        fixture.clock().advance(Duration.ofHours(1));
        second = registry.image(APP, registry.layer(APP, 20));
        registry.tag(APP, "v1", second);
        copyNew();
        copy(registry.tagLink(APP, "v1"), fixture.clock().instant());
        fixture.clock().advance(Duration.ofHours(1));
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Copies what was not copied yet, as if its event came at once. */
    private void copyNew() {
        registry.backedUpObjects().keySet().stream()
                .filter(copiedKeys::add)
                .forEach(key -> copy(key, fixture.clock().instant()));
    }

    private void copy(String key, Instant written) {
        copy(key, registry.content(key), written);
    }

    private void copy(String key, byte[] content, Instant written) {
        fixture.backupBucket()
                .put(key, ContentSource.of(content), Map.of(SourceMetadata.LAST_MODIFIED, written.toString()));
    }

    private Instant midpoint() {
        return startedAt.plus(Duration.ofMinutes(30));
    }

    private String request(String scope, Instant at) {
        return "{'scope':%s,'at':'%s'}".formatted(scope, at);
    }

    @Test
    void aTagComesAsItWasBetweenTwoPushes() {
        for (String scope : Set.of("{'image':'ns/app:v1'}", "{'repository':'ns/app'}", "{'all':true}")) {
            try (RestoreFixture fresh = fixture.freshTarget()) {
                // When
                RestoreResult result = fresh.run(request(scope, midpoint()));

                // Then
                assertTrue(result.isComplete());
                assertArrayEquals(LinkContent.of(first), fresh.targetBucket().bytes(registry.tagLink(APP, "v1")));
                assertFalse(fresh.restoredContent().containsKey(registry.revisionLink(APP, second)), scope);
                assertEquals(
                        scope.equals("{'all':true}"),
                        fresh.restoredContent().containsKey(registry.blobKey(second)),
                        scope);
                assertFalse(fresh.restoredContent().containsKey(registry.tagIndexLink(APP, "v1", second)), scope);
                assertTrue(fresh.restoredContent()
                        .keySet()
                        .containsAll(registry.reachableKeys(registry.revisionLink(APP, first))));
            }
        }
    }

    @Test
    void theRegistrysLaterWriteCountsAlthoughItWasCopiedEarlier() {
        // Given
        String link = registry.tagLink(APP, "v2");
        registry.tag(APP, "v2", second);
        Instant base = fixture.clock().instant();
        copy(registry.tagIndexLink(APP, "v2", second), base);
        copy(link, LinkContent.of(second), base);
        fixture.clock().advance(Duration.ofSeconds(5));
        copy(link, LinkContent.of(first), base.minus(Duration.ofSeconds(30)));
        fixture.clock().advance(Duration.ofHours(1));

        // When
        fixture.run(request("{'image':'ns/app:v2'}", base.plusSeconds(10)));

        // Then
        assertArrayEquals(LinkContent.of(second), fixture.targetBucket().bytes(link));
    }

    @Test
    void aLateCopyOfAnEarlyWriteCounts() {
        // Given
        String link = registry.tagLink(APP, "late");
        Instant written = fixture.clock().instant();
        fixture.clock().advance(Duration.ofHours(3));
        copy(link, LinkContent.of(first), written);
        fixture.clock().advance(Duration.ofHours(1));

        // When
        fixture.run(request("{'image':'ns/app:late'}", written.plusSeconds(1)));

        // Then
        assertArrayEquals(LinkContent.of(first), fixture.targetBucket().bytes(link));
    }

    @Test
    void withoutTheRegistrysTimeTheCopysIsTakenAndMarked() {
        // Given
        String link = registry.tagLink(APP, "rclone");
        fixture.backupBucket().seed(link, LinkContent.of(first));
        Instant copiedAt = fixture.clock().instant();
        fixture.clock().advance(Duration.ofHours(1));

        // When
        fixture.run(request("{'image':'ns/app:rclone'}", copiedAt.plusSeconds(60)));

        // Then
        assertEquals(
                Map.of(FindingCode.TIME_APPROXIMATE, 1L), fixture.progress().findingCounts());
        assertArrayEquals(LinkContent.of(first), fixture.targetBucket().bytes(link));
    }

    @Test
    void keysMissingAtThatTimeAreLeftOutAndRestoredForLaterTimes() {
        // Given
        String gone = registry.tagLink(APP, "v1");
        Instant from = fixture.clock().instant();
        String record =
                "{\"key\":\"%s\",\"from\":\"%s\",\"until\":\"%s\"}\n".formatted(gone, from, from.plusSeconds(600));
        fixture.backupBucket().seed(MissingIntervals.KEY, record.getBytes(StandardCharsets.UTF_8));
        fixture.clock().advance(Duration.ofHours(1));

        // When
        fixture.run(request("{'repository':'ns/app'}", from.plusSeconds(300)));
        boolean during = fixture.restoredContent().containsKey(gone);
        fixture.run(request("{'repository':'ns/app'}", from.plusSeconds(600)));

        // Then
        assertFalse(during);
        assertTrue(fixture.restoredContent().containsKey(gone));
    }

    private void recordAbsent(Instant from, String until, String... keys) {
        String lines = Stream.of(keys)
                .sorted()
                .map(key -> "{\"key\":\"%s\",\"from\":\"%s\"%s}\n".formatted(key, from, until))
                .collect(Collectors.joining());
        fixture.backupBucket().seed(MissingIntervals.KEY, lines.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aKeyPushedAgainAfterItWasMissingCountsFromThatPush() {
        // Given
        Instant from = fixture.clock().instant();
        String tag = registry.tagLink(APP, "v1");
        fixture.clock().advance(Duration.ofHours(1));
        Instant pushed = fixture.clock().instant();
        copy(tag, LinkContent.of(first), pushed);
        copy(registry.revisionLink(APP, first), pushed);
        copy(registry.tagIndexLink(APP, "v1", first), pushed);
        fixture.clock().advance(Duration.ofHours(5));
        String noticed = ",\"until\":\"%s\"".formatted(fixture.clock().instant());

        for (String until : List.of("", noticed)) {
            recordAbsent(from, until, tag, registry.revisionLink(APP, first), registry.tagIndexLink(APP, "v1", first));
            for (String scope : Set.of("{'image':'ns/app:v1'}", "{'repository':'ns/app'}", "{'all':true}")) {
                for (Duration since : List.of(Duration.ZERO, Duration.ofMinutes(10), Duration.ofHours(4))) {
                    try (RestoreFixture fresh = fixture.freshTarget()) {
                        // When
                        RestoreResult result = fresh.run(request(scope, pushed.plus(since)));

                        // Then
                        assertTrue(result.isComplete());
                        assertArrayEquals(
                                LinkContent.of(first), fresh.targetBucket().bytes(tag), scope + until);
                        assertTrue(fresh.restoredContent()
                                .keySet()
                                .containsAll(registry.reachableKeys(registry.revisionLink(APP, first))));
                    }
                }
            }
            try (RestoreFixture fresh = fixture.freshTarget()) {
                fresh.run(request("{'all':true}", pushed.minusSeconds(1)));
                assertFalse(fresh.restoredContent().containsKey(tag), until);
            }
        }
    }

    @Test
    void aLateCopyOfWhatTheRegistryWroteBeforeItWasSeenAbsentDoesNotCount() {
        // Given
        Instant from = fixture.clock().instant();
        String tag = registry.tagLink(APP, "v1");
        recordAbsent(from, "", tag);
        fixture.clock().advance(Duration.ofHours(1));
        copy(tag, from.minusSeconds(10));
        fixture.clock().advance(Duration.ofHours(1));

        // When
        fixture.run(request("{'repository':'ns/app'}", fixture.clock().instant()));

        // Then
        assertFalse(fixture.restoredContent().containsKey(tag));
    }

    @Test
    void blobsDeletedFromTheBackupAreRestoredFromTheirVersions() {
        // Given
        registry.reachableKeys(registry.tagLink(APP, "v1"))
                .forEach(key -> fixture.backupBucket().delete(key, Optional.empty()));
        registry.reachableKeys(registry.revisionLink(APP, first))
                .forEach(key -> fixture.backupBucket().delete(key, Optional.empty()));
        fixture.backupBucket().delete(registry.tagLink(APP, "v1"), Optional.empty());
        fixture.clock().advance(Duration.ofHours(1));

        for (String scope : Set.of("{'image':'ns/app:v1'}", "{'all':true}")) {
            try (RestoreFixture fresh = fixture.freshTarget()) {
                // When
                RestoreResult result = fresh.run(request(scope, midpoint()));

                // Then
                assertTrue(result.isComplete());
                assertArrayEquals(LinkContent.of(first), fresh.targetBucket().bytes(registry.tagLink(APP, "v1")));
                assertTrue(fresh.restoredContent()
                        .keySet()
                        .containsAll(registry.reachableKeys(registry.revisionLink(APP, first))));
            }
        }
    }

    @Test
    void beforeTheFirstPushThereIsNothing() {
        // When
        UnknownScopeException failure = assertThrows(
                UnknownScopeException.class,
                () -> fixture.run(request("{'repository':'ns/app'}", startedAt.minusSeconds(1))));

        // Then
        assertEquals(
                "The backup has nothing of {\"repository\":\"ns/app\"} as of " + startedAt.minusSeconds(1),
                failure.getMessage());
    }

    @Test
    void versionsCopiedLongBeforeAreNotAskedFor() {
        // Given
        fixture.backup().clearRequests();

        // When
        fixture.run(request("{'repository':'ns/app'}", fixture.clock().instant()));

        // Then
        assertEquals(
                Set.of(),
                Set.copyOf(fixture.backup().requests().stream()
                        .filter(request -> request.operation() == Operation.HEAD)
                        .filter(request -> !request.key().equals(MissingIntervals.KEY))
                        .toList()));
    }

    @Test
    void aBackupWithoutVersionsRefuses() {
        // Given
        try (RestoreFixture unversioned = new RestoreFixture(false).withBackupOf(registry)) {
            // When
            VersioningDisabledException failure = assertThrows(
                    VersioningDisabledException.class,
                    () -> unversioned.run(request("{'all':true}", startedAt.minusSeconds(1))));

            // Then
            assertEquals(
                    "The backup bucket backup keeps no versions, so nothing can be restored as of %s: enable"
                                    .formatted(startedAt.minusSeconds(1))
                            + " versioning on it for the future, or leave out \"at\"",
                    failure.getMessage());
        }
    }
}
