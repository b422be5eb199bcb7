package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplicatorTest {
    private static final String REPOSITORY = "team/app";
    private static final String FOREIGN = "docker/registry/v2/repositories/team/app/README";

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", true);
    private final RandomRegistry made = new RandomRegistry(1);
    private final Digest layer = made.layer(REPOSITORY, 100);
    private final Digest image = made.image(REPOSITORY, layer);
    private final ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, backup);
    private final ReplicatorFixture copiesForeign =
            new ReplicatorFixture(registry, backup, new ReplicatorFixture.Shape(1, 1, true));

    @BeforeEach
    void push() {
        made.tag(REPOSITORY, "latest", image);
        made.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        replicatorFixture.close();
        copiesForeign.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"BLOB", "LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aKeyIsCopiedAndThenPresent(Kind kind) {
        // Given
        ReplicationResult first = replicatorFixture.replicate(key(kind));

        // When
        ReplicationResult second = replicatorFixture.replicate(key(kind));

        // Then
        assertEquals(kind, first.kind());
        assertEquals(ReplicationStatus.COPIED, first.replicationStatus());
        assertEquals("", first.problem());
        assertEquals(Optional.of(kind == Kind.BLOB || kind == Kind.LAYER_LINK ? layer : image), first.digest());
        assertEquals(ReplicationStatus.PRESENT, second.replicationStatus());
        assertEquals(0, second.bytes());
        assertArrayEquals(made.content(key(kind)), backup.bytes(key(kind)));
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void theBytesOfALinkAreThoseOfAllThatWasCopiedForIt(Kind kind) {
        // Given
        long expected = made.content(key(kind)).length
                + made.closure(key(kind)).stream()
                        .mapToLong(key -> made.content(key).length)
                        .sum();

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key(kind));

        // Then
        assertEquals(expected, replicationResult.bytes());
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"BLOB", "LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aKeyThatTheRegistryLacksIsGone(Kind kind) {
        // Given
        registry.remove(key(kind), Optional.empty());

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key(kind));

        // Then
        assertEquals(ReplicationStatus.GONE, replicationResult.replicationStatus());
        assertEquals(List.of(), replicatorFixture.backup().written());
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"BLOB", "LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aRegistryWithoutItsBucketIsAFailureAndNothingIsGone(Kind kind) {
        // Given
        registry.setExists(false);

        // When
        StoreError error = replicatorFixture.failure(key(kind));

        // Then
        assertEquals(StoreError.BUCKET_MISSING, error);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"BLOB", "LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aBackupWithoutItsBucketIsAFailure(Kind kind) {
        // Given
        backup.setExists(false);

        // When
        StoreError error = replicatorFixture.failure(key(kind));

        // Then
        assertEquals(StoreError.BUCKET_MISSING, error);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"BLOB", "LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aFailureDoesNotStick(Kind kind) {
        // Given
        replicatorFixture.backup().before((operation, key) -> {
            if (operation == Operation.PUT) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is away");
            }
        });
        StoreError error = replicatorFixture.failure(key(kind));
        replicatorFixture.backup().before((operation, key) -> {});

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key(kind));

        // Then
        assertEquals(StoreError.UNAVAILABLE, error);
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
    }

    @Test
    void aLayerThatCannotBeReadNowKeepsTheRevisionLinkBack() {
        // Given
        replicatorFixture.registry().before((operation, key) -> {
            if (key.equals(made.blobKey(layer))) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "Forbidden");
            }
        });

        // When
        StoreError error = replicatorFixture.failure(key(Kind.REVISION_LINK));

        // Then
        assertEquals(StoreError.FORBIDDEN, error);
        assertTrue(backup.find(key(Kind.REVISION_LINK)).isEmpty());
    }

    @Test
    void aCorruptBlobIsAVerdict() {
        // Given
        registry.seed(key(Kind.BLOB), new byte[100]);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key(Kind.BLOB));

        // Then
        assertEquals(ReplicationStatus.CORRUPT, replicationResult.replicationStatus());
        assertTrue(
                replicationResult.problem().startsWith("Expected " + layer + " but 100 bytes hash to "),
                replicationResult.problem());
        assertTrue(backup.find(key(Kind.BLOB)).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker/registry/v2/repositories/team/app/_uploads/0a1b/data",
                "docker/registry/v2/repositories/team/app/_uploads/0a1b/startedat",
                "docker/registry/v2/repositories/team/app/_uploads/0a1b/hashstates/sha256/0",
                "registry-backup/owed/pod/1",
                "docker/registry/v2/repositories/team/",
                "",
            })
    void whatIsNeverCopiedCostsNoRequest(String key) {
        // When
        ReplicationResult replicationResult = copiesForeign.replicate(key);

        // Then
        assertEquals(ReplicationStatus.PASSED_OVER, replicationResult.replicationStatus());
        assertEquals(List.of(), copiesForeign.registry().requests());
        assertEquals(List.of(), copiesForeign.backup().requests());
    }

    @Test
    void aForeignObjectIsPassedOverWithoutARequest() {
        // Given
        registry.seed(FOREIGN, text("hello"));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(FOREIGN);

        // Then
        assertEquals(ReplicationResult.of(Kind.FOREIGN, ReplicationStatus.PASSED_OVER), replicationResult);
        assertEquals(List.of(), replicatorFixture.registry().requests());
        assertEquals(List.of(), replicatorFixture.backup().requests());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 2 << 20})
    void aForeignObjectIsCopiedIfSoConfiguredAndThenPresent(int size) {
        // Given
        byte[] content = made.bytes(size);
        registry.seed(FOREIGN, content);
        ReplicationResult first = copiesForeign.replicate(FOREIGN);

        // When
        ReplicationResult second = copiesForeign.replicate(FOREIGN);

        // Then
        assertEquals(ReplicationStatus.COPIED, first.replicationStatus());
        assertEquals(size, first.bytes());
        assertEquals(ReplicationStatus.PRESENT, second.replicationStatus());
        assertArrayEquals(content, backup.bytes(FOREIGN));
        assertEquals(1, backup.versionCount(FOREIGN));
    }

    @Test
    void aForeignObjectThatChangedIsCopiedAgain() {
        // Given
        registry.seed(FOREIGN, text("hello"));
        copiesForeign.replicate(FOREIGN);
        registry.seed(FOREIGN, text("jello"));

        // When
        ReplicationResult replicationResult = copiesForeign.replicate(FOREIGN);

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertArrayEquals(text("jello"), backup.bytes(FOREIGN));
    }

    @Test
    void aPodThatWasPausedWithAnOlderReadDoesNotLeaveAnOlderForeignObject() {
        // Given
        byte[] newer = text("jello");
        registry.seed(FOREIGN, text("hello"));
        try (ReplicatorFixture other =
                new ReplicatorFixture(registry, backup, new ReplicatorFixture.Shape(1, 1, true))) {
            AtomicBoolean once = new AtomicBoolean();
            copiesForeign.backup().before((operation, key) -> {
                if (operation == Operation.PUT && once.compareAndSet(false, true)) {
                    registry.seed(FOREIGN, newer);
                    other.replicate(FOREIGN);
                }
            });

            // When
            ReplicationResult late = copiesForeign.replicate(FOREIGN);

            // Then
            assertEquals(ReplicationStatus.COPIED, late.replicationStatus());
        }
        assertArrayEquals(newer, backup.bytes(FOREIGN));
    }

    @Test
    void aForeignObjectThatChangesAllTheTimeIsTriedAgainLater() {
        // Given
        registry.seed(FOREIGN, text("0"));
        AtomicInteger changes = new AtomicInteger();
        copiesForeign.backup().before((operation, key) -> {
            if (operation == Operation.PUT) {
                registry.seed(FOREIGN, text(String.valueOf(changes.incrementAndGet())));
            }
        });

        // When
        StoreError error = copiesForeign.failure(FOREIGN);

        // Then
        assertEquals(StoreError.CHANGED, error);
    }

    @Test
    void aForeignObjectThatTheRegistryLacksIsGone() {
        // When
        ReplicationResult replicationResult = copiesForeign.replicate(FOREIGN);

        // Then
        assertEquals(ReplicationStatus.GONE, replicationResult.replicationStatus());
    }

    @Test
    void aCopyTellsWhenTheRegistryWroteIt() {
        // When
        replicatorFixture.replicate(key(Kind.TAG_CURRENT_LINK));

        // Then
        made.closure(key(Kind.TAG_CURRENT_LINK))
                .forEach(key -> assertEquals(
                        Map.of(
                                "registry-last-modified",
                                registry.find(key).orElseThrow().lastModified().toString(),
                                "registry-etag",
                                registry.find(key).orElseThrow().etag()),
                        backup.find(key).orElseThrow().metadata(),
                        key));
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aLinkThatTheRegistryWroteAgainIsCopiedWithItsNewTimeUnlessItIsALayers(Kind kind) {
        // Given
        replicatorFixture.replicate(key(kind));
        Instant first = SourceMetadata.lastModified(backup.find(key(kind)).orElseThrow())
                .orElseThrow();
        registry.remove(key(kind), Optional.empty());
        registry.seed(key(kind), made.content(key(kind)));
        Instant again = registry.find(key(kind)).orElseThrow().lastModified();

        // When
        try (ReplicatorFixture later = new ReplicatorFixture(registry, backup)) {
            ReplicationResult replicationResult = later.replicate(key(kind));
            ReplicationResult redelivered = later.replicate(key(kind));

            // Then
            boolean isLayer = kind == Kind.LAYER_LINK;
            assertEquals(
                    isLayer ? ReplicationStatus.PRESENT : ReplicationStatus.COPIED,
                    replicationResult.replicationStatus());
            assertEquals(ReplicationStatus.PRESENT, redelivered.replicationStatus());
            assertEquals(
                    Optional.of(isLayer ? first : again),
                    SourceMetadata.lastModified(backup.find(key(kind)).orElseThrow()));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void whereEtagsSayNothingALinkIsComparedByContentAndNotWrittenAgain(Kind kind) {
        // Given
        try (ReplicatorFixture first = new ReplicatorFixture(registry, new KmsStore(backup))) {
            first.replicate(key(kind));
        }
        int versions = backup.versionCount("");

        // When
        try (ReplicatorFixture second = new ReplicatorFixture(registry, new KmsStore(backup))) {
            ReplicationResult replicationResult = second.replicate(key(kind));

            // Then
            assertEquals(ReplicationStatus.PRESENT, replicationResult.replicationStatus());
        }
        assertEquals(versions, backup.versionCount(""));
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aWrongLinkInTheBackupIsReplaced(Kind kind) {
        // Given
        backup.seed(key(kind), text("sha256:" + "0".repeat(64)));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key(kind));

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertArrayEquals(made.content(key(kind)), backup.bytes(key(kind)));
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    void aTruncatedOrOverlongLinkInTheBackupIsReplaced(Kind kind) {
        // Given
        backup.seed(key(kind), new byte[1000]);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key(kind));

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertArrayEquals(
                kind == Kind.LAYER_LINK ? LinkContent.of(layer) : LinkContent.of(image), backup.bytes(key(kind)));
    }

    @Test
    void indexesWithinIndexesAreBroughtHoweverDeepTheyGo() {
        // Given
        Digest index = image;
        for (int level = 0; level < 10_000; level++) {
            index = made.index(REPOSITORY, index);
        }
        made.tag(REPOSITORY, "deep", index);
        made.writeTo(registry::seed);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(made.tagLink(REPOSITORY, "deep"));

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertTrue(backup.keys("").contains(made.blobKey(layer)));
    }

    private String key(Kind kind) {
        return switch (kind) {
            case BLOB -> made.blobKey(layer);
            case LAYER_LINK -> made.layerLink(REPOSITORY, layer);
            case REVISION_LINK -> made.revisionLink(REPOSITORY, image);
            case TAG_INDEX_LINK -> made.tagIndexLink(REPOSITORY, "latest", image);
            case TAG_CURRENT_LINK -> made.tagLink(REPOSITORY, "latest");
            case UPLOAD, FOREIGN, EXCLUDED -> throw new IllegalArgumentException(kind.label());
        };
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
