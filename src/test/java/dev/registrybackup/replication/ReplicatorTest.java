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
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.replication.ReplicatorFixture.FixtureOptions;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    private static final String UNKNOWN_OBJECT = "docker/registry/v2/repositories/team/app/README";

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", true);
    private final RandomRegistry registryContent = new RandomRegistry(1);
    private final Digest layer = registryContent.layer(REPOSITORY, 100);
    private final Digest image = registryContent.image(REPOSITORY, layer);
    private final ReplicatorFixture fixture = new ReplicatorFixture(registry, backup);
    private final ReplicatorFixture copiesUnknownObjects =
            new ReplicatorFixture(registry, backup, new FixtureOptions(1, 1, true));

    /** Tests with a blob and each kind of link. */
    @ParameterizedTest
    @EnumSource(names = {"BLOB", "LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    @Retention(RetentionPolicy.RUNTIME)
    private @interface ForEachKind {}

    /** Tests with each kind of link. */
    @ParameterizedTest
    @EnumSource(names = {"LAYER_LINK", "REVISION_LINK", "TAG_INDEX_LINK", "TAG_CURRENT_LINK"})
    @Retention(RetentionPolicy.RUNTIME)
    private @interface ForEachLink {}

    @BeforeEach
    void push() {
        registryContent.tag(REPOSITORY, "latest", image);
        registryContent.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        fixture.close();
        copiesUnknownObjects.close();
    }

    @ForEachKind
    void aKeyIsCopiedAndThenPresent(Kind kind) {
        // Given
        ReplicationResult first = fixture.replicate(key(kind));

        // When
        ReplicationResult second = fixture.replicate(key(kind));

        // Then
        assertEquals(kind, first.kind());
        assertEquals(ReplicationStatus.COPIED, first.status());
        assertEquals("", first.problem());
        assertEquals(Optional.of(kind == Kind.BLOB || kind == Kind.LAYER_LINK ? layer : image), first.digest());
        assertEquals(ReplicationStatus.PRESENT, second.status());
        assertEquals(0, second.bytesCopied());
        assertArrayEquals(registryContent.content(key(kind)), backup.bytes(key(kind)));
    }

    @ForEachLink
    void theBytesOfALinkAreThoseOfAllThatWasCopiedForIt(Kind kind) {
        // Given
        long expected = registryContent.content(key(kind)).length
                + registryContent.reachableKeys(key(kind)).stream()
                        .mapToLong(key -> registryContent.content(key).length)
                        .sum();

        // When
        ReplicationResult result = fixture.replicate(key(kind));

        // Then
        assertEquals(expected, result.bytesCopied());
    }

    @ForEachKind
    void aKeyThatTheRegistryDoesNotHaveIsMissingInTheSource(Kind kind) {
        // Given
        registry.delete(key(kind), Optional.empty());

        // When
        ReplicationResult result = fixture.replicate(key(kind));

        // Then
        assertEquals(ReplicationStatus.SOURCE_MISSING, result.status());
        assertEquals(List.of(), fixture.backup().writtenKeys());
    }

    @ForEachKind
    void aRegistryWithoutItsBucketIsAFailureAndNothingIsGone(Kind kind) {
        // Given
        registry.setExists(false);

        // When
        StoreError error = fixture.failure(key(kind));

        // Then
        assertEquals(StoreError.BUCKET_MISSING, error);
    }

    @ForEachKind
    void aBackupWithoutItsBucketIsAFailure(Kind kind) {
        // Given
        backup.setExists(false);

        // When
        StoreError error = fixture.failure(key(kind));

        // Then
        assertEquals(StoreError.BUCKET_MISSING, error);
    }

    @ForEachKind
    void aFailureDoesNotStick(Kind kind) {
        // Given
        fixture.backup().failOn(Operation.PUT, "", StoreError.UNAVAILABLE, "The store is away");
        StoreError error = fixture.failure(key(kind));
        fixture.backup().heal();

        // When
        ReplicationResult result = fixture.replicate(key(kind));

        // Then
        assertEquals(StoreError.UNAVAILABLE, error);
        assertEquals(ReplicationStatus.COPIED, result.status());
    }

    @Test
    void aLayerThatCannotBeReadNowKeepsTheRevisionLinkBack() {
        // Given
        fixture.registry().beforeRequest((operation, key) -> {
            if (key.equals(registryContent.blobKey(layer))) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "Forbidden");
            }
        });

        // When
        StoreError error = fixture.failure(key(Kind.REVISION_LINK));

        // Then
        assertEquals(StoreError.FORBIDDEN, error);
        assertTrue(backup.head(key(Kind.REVISION_LINK)).isEmpty());
    }

    @Test
    void aCorruptBlobIsAVerdict() {
        // Given
        registry.seed(key(Kind.BLOB), new byte[100]);

        // When
        ReplicationResult result = fixture.replicate(key(Kind.BLOB));

        // Then
        assertEquals(ReplicationStatus.CORRUPT, result.status());
        assertTrue(result.problem().startsWith("Expected " + layer + " but 100 bytes hash to "), result.problem());
        assertTrue(backup.head(key(Kind.BLOB)).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker/registry/v2/repositories/team/app/_uploads/0a1b/data",
                "docker/registry/v2/repositories/team/app/_uploads/0a1b/startedat",
                "docker/registry/v2/repositories/team/app/_uploads/0a1b/hashstates/sha256/0",
                "registry-backup/pending/pod/1",
                "docker/registry/v2/repositories/team/",
                "",
            })
    void excludedKeysCostNoRequest(String key) {
        // When
        ReplicationResult result = copiesUnknownObjects.replicate(key);

        // Then
        assertEquals(ReplicationStatus.SKIPPED, result.status());
        assertEquals(List.of(), copiesUnknownObjects.registry().requests());
        assertEquals(List.of(), copiesUnknownObjects.backup().requests());
    }

    @Test
    void aForeignObjectIsPassedOverWithoutARequest() {
        // Given
        registry.seed(UNKNOWN_OBJECT, text("hello"));

        // When
        ReplicationResult result = fixture.replicate(UNKNOWN_OBJECT);

        // Then
        assertEquals(ReplicationResult.of(Kind.UNKNOWN, ReplicationStatus.SKIPPED), result);
        assertEquals(List.of(), fixture.registry().requests());
        assertEquals(List.of(), fixture.backup().requests());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 2 << 20})
    void aForeignObjectIsCopiedIfSoConfiguredAndThenPresent(int size) {
        // Given
        byte[] content = registryContent.bytes(size);
        registry.seed(UNKNOWN_OBJECT, content);
        ReplicationResult first = copiesUnknownObjects.replicate(UNKNOWN_OBJECT);

        // When
        ReplicationResult second = copiesUnknownObjects.replicate(UNKNOWN_OBJECT);

        // Then
        assertEquals(ReplicationStatus.COPIED, first.status());
        assertEquals(size, first.bytesCopied());
        assertEquals(ReplicationStatus.PRESENT, second.status());
        assertArrayEquals(content, backup.bytes(UNKNOWN_OBJECT));
        assertEquals(1, backup.versionCount(UNKNOWN_OBJECT));
    }

    @Test
    void aForeignObjectThatChangedIsCopiedAgain() {
        // Given
        registry.seed(UNKNOWN_OBJECT, text("hello"));
        copiesUnknownObjects.replicate(UNKNOWN_OBJECT);
        registry.seed(UNKNOWN_OBJECT, text("jello"));

        // When
        ReplicationResult result = copiesUnknownObjects.replicate(UNKNOWN_OBJECT);

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertArrayEquals(text("jello"), backup.bytes(UNKNOWN_OBJECT));
    }

    @Test
    void aPodThatWasPausedWithAnOlderReadDoesNotLeaveAnOlderForeignObject() {
        // Given
        byte[] newer = text("jello");
        registry.seed(UNKNOWN_OBJECT, text("hello"));
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup, new FixtureOptions(1, 1, true))) {
            AtomicBoolean once = new AtomicBoolean();
            copiesUnknownObjects.backup().beforeRequest((operation, key) -> {
                if (operation == Operation.PUT && once.compareAndSet(false, true)) {
                    registry.seed(UNKNOWN_OBJECT, newer);
                    other.replicate(UNKNOWN_OBJECT);
                }
            });

            // When
            ReplicationResult late = copiesUnknownObjects.replicate(UNKNOWN_OBJECT);

            // Then
            assertEquals(ReplicationStatus.COPIED, late.status());
        }
        assertArrayEquals(newer, backup.bytes(UNKNOWN_OBJECT));
    }

    @Test
    void aForeignObjectThatChangesAllTheTimeIsTriedAgainLater() {
        // Given
        registry.seed(UNKNOWN_OBJECT, text("0"));
        AtomicInteger changes = new AtomicInteger();
        copiesUnknownObjects.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT) {
                registry.seed(UNKNOWN_OBJECT, text(String.valueOf(changes.incrementAndGet())));
            }
        });

        // When
        StoreError error = copiesUnknownObjects.failure(UNKNOWN_OBJECT);

        // Then
        assertEquals(StoreError.PRECONDITION_FAILED, error);
    }

    @Test
    void aMissingUnknownObjectIsMissingInTheSource() {
        // When
        ReplicationResult result = copiesUnknownObjects.replicate(UNKNOWN_OBJECT);

        // Then
        assertEquals(ReplicationStatus.SOURCE_MISSING, result.status());
    }

    @Test
    void aTagsEventAloneCopiesTheLayerLinksOfItsImageBeforeItsRevisionLink() {
        // When
        fixture.replicate(key(Kind.TAG_CURRENT_LINK));

        // Then
        assertEquals(
                registryContent.backedUpObjects().size() - 1,
                backup.keys(registryContent.layout().prefix()).size());
        assertArrayEquals(registryContent.content(key(Kind.LAYER_LINK)), backup.bytes(key(Kind.LAYER_LINK)));
        assertEquals(2, layerLinks(REPOSITORY).size());
        assertEquals(
                Set.of(),
                registryContent.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
    }

    @Test
    void theLayerLinksOfAnIndexsImagesComeWithItsTag() {
        // Given
        registryContent.tag(
                REPOSITORY, "all", registryContent.index(REPOSITORY, image, registryContent.image(REPOSITORY, layer)));
        registryContent.writeTo(registry::seed);

        // When
        fixture.replicate(registryContent.tagLink(REPOSITORY, "all"));

        // Then
        assertEquals(3, layerLinks(REPOSITORY).size());
        assertEquals(
                Set.of(),
                registryContent.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
    }

    @Test
    void anImageCopiedRecentlyInAnotherRepositoryStillGetsItsOwnLayerLinks() {
        // Given
        String promoted = promoted();
        fixture.replicate(key(Kind.TAG_CURRENT_LINK));

        // When
        fixture.replicate(registryContent.tagLink(promoted, "latest"));

        // Then
        assertEquals(2, layerLinks(promoted).size());
    }

    @Test
    void aLayerThatIsInNeitherStoreGetsItsLinkWhenItComes() {
        // Given
        byte[] content = registryContent.content(key(Kind.BLOB));
        registry.delete(key(Kind.BLOB), Optional.empty());
        fixture.replicate(key(Kind.TAG_CURRENT_LINK));
        List<String> before = layerLinks(REPOSITORY);
        registry.seed(key(Kind.BLOB), content);

        // When
        fixture.replicate(key(Kind.BLOB));

        // Then
        assertEquals(1, before.size());
        assertEquals(2, layerLinks(REPOSITORY).size());
    }

    @Test
    void aLayerLinkThatSaysSomethingElseInTheBackupIsReplacedWithItsImage() {
        // Given
        fixture.replicate(key(Kind.BLOB));
        backup.seed(key(Kind.LAYER_LINK), text("sha256:" + "0".repeat(64)));

        // When
        fixture.replicate(key(Kind.TAG_CURRENT_LINK));

        // Then
        assertArrayEquals(LinkContent.of(layer), backup.bytes(key(Kind.LAYER_LINK)));
    }

    @Test
    void onOpenShiftOnlyLayerLinksOfTheRegistryAreCopied() {
        // Given: an image that was promoted without writing any
        String promoted = promoted();
        List.of(layer, config())
                .forEach(blob -> registry.delete(registryContent.layerLink(promoted, blob), Optional.empty()));
        try (ReplicatorFixture openShift =
                new ReplicatorFixture(registry, backup, new FixtureOptions(1, 1, false, false))) {
            // When
            openShift.replicate(registryContent.tagLink(promoted, "latest"));
            openShift.replicate(key(Kind.TAG_CURRENT_LINK));
            openShift.replicate(key(Kind.LAYER_LINK));

            // Then
            assertEquals(List.of(), layerLinks(promoted));
            assertEquals(List.of(key(Kind.LAYER_LINK)), layerLinks(REPOSITORY));
        }
    }

    @Test
    void aCopyRecordsWhenTheRegistryWroteIt() {
        // When
        fixture.replicate(key(Kind.TAG_CURRENT_LINK));

        // Then
        registryContent.reachableKeys(key(Kind.TAG_CURRENT_LINK)).stream()
                .filter(key -> !key.contains("/_layers/"))
                .forEach(key -> assertEquals(
                        Map.of(
                                "registry-last-modified",
                                registry.head(key).orElseThrow().lastModified().toString(),
                                "registry-etag",
                                registry.head(key).orElseThrow().etag()),
                        backup.head(key).orElseThrow().metadata(),
                        key));
    }

    @ForEachLink
    void aLinkThatTheRegistryWroteAgainIsCopiedWithItsNewTimeUnlessItIsALayers(Kind kind) {
        // Given
        fixture.replicate(key(kind));
        Instant first = SourceMetadata.lastModified(backup.head(key(kind)).orElseThrow())
                .orElseThrow();
        registry.delete(key(kind), Optional.empty());
        registry.seed(key(kind), registryContent.content(key(kind)));
        Instant again = registry.head(key(kind)).orElseThrow().lastModified();

        // When
        try (ReplicatorFixture later = new ReplicatorFixture(registry, backup)) {
            ReplicationResult result = later.replicate(key(kind));
            ReplicationResult redelivered = later.replicate(key(kind));

            // Then
            boolean isLayer = kind == Kind.LAYER_LINK;
            assertEquals(isLayer ? ReplicationStatus.PRESENT : ReplicationStatus.COPIED, result.status());
            assertEquals(ReplicationStatus.PRESENT, redelivered.status());
            assertEquals(
                    Optional.of(isLayer ? first : again),
                    SourceMetadata.lastModified(backup.head(key(kind)).orElseThrow()));
        }
    }

    @ForEachLink
    void withoutUsableEtagsALinkIsComparedByContentAndNotWrittenAgain(Kind kind) {
        // Given
        try (ReplicatorFixture first = new ReplicatorFixture(registry, new KmsStore(backup))) {
            first.replicate(key(kind));
        }
        int versions = backup.versionCount("");

        // When
        try (ReplicatorFixture second = new ReplicatorFixture(registry, new KmsStore(backup))) {
            ReplicationResult result = second.replicate(key(kind));

            // Then
            assertEquals(ReplicationStatus.PRESENT, result.status());
        }
        assertEquals(versions, backup.versionCount(""));
    }

    @ForEachLink
    void aWrongLinkInTheBackupIsReplaced(Kind kind) {
        // Given
        backup.seed(key(kind), text("sha256:" + "0".repeat(64)));

        // When
        ReplicationResult result = fixture.replicate(key(kind));

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertArrayEquals(registryContent.content(key(kind)), backup.bytes(key(kind)));
    }

    @ForEachLink
    void aTruncatedOrOverlongLinkInTheBackupIsReplaced(Kind kind) {
        // Given
        backup.seed(key(kind), new byte[1000]);

        // When
        ReplicationResult result = fixture.replicate(key(kind));

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertArrayEquals(
                kind == Kind.LAYER_LINK ? LinkContent.of(layer) : LinkContent.of(image), backup.bytes(key(kind)));
    }

    @Test
    void nestedIndexesAreCopiedAtAnyDepth() {
        // Given
        Digest index = image;
        for (int level = 0; level < 10_000; level++) {
            index = registryContent.index(REPOSITORY, index);
        }
        registryContent.tag(REPOSITORY, "deep", index);
        registryContent.writeTo(registry::seed);

        // When
        ReplicationResult result = fixture.replicate(registryContent.tagLink(REPOSITORY, "deep"));

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertTrue(backup.keys("").contains(registryContent.blobKey(layer)));
    }

    private String key(Kind kind) {
        return switch (kind) {
            case BLOB -> registryContent.blobKey(layer);
            case LAYER_LINK -> registryContent.layerLink(REPOSITORY, layer);
            case REVISION_LINK -> registryContent.revisionLink(REPOSITORY, image);
            case TAG_INDEX_LINK -> registryContent.tagIndexLink(REPOSITORY, "latest", image);
            case TAG_CURRENT_LINK -> registryContent.tagLink(REPOSITORY, "latest");
            case UPLOAD, UNKNOWN, EXCLUDED -> throw new IllegalArgumentException(kind.label());
        };
    }

    /** Tags the image in another repository, which its layers are mounted into. */
    private String promoted() {
        String repository = "team/promoted";
        registryContent.mount(repository, layer);
        registryContent.mount(repository, config());
        registryContent.manifest(
                repository,
                new String(registryContent.content(registryContent.blobKey(image)), StandardCharsets.UTF_8),
                config(),
                layer);
        registryContent.tag(repository, "latest", image);
        registryContent.writeTo(registry::seed);
        return repository;
    }

    private Digest config() {
        return registryContent.reachableKeys(registryContent.revisionLink(REPOSITORY, image)).stream()
                .filter(key -> registryContent.layout().parse(key) instanceof LayerLink link
                        && !link.digest().equals(layer))
                .map(key -> ((LayerLink) registryContent.layout().parse(key)).digest())
                .findFirst()
                .orElseThrow();
    }

    private List<String> layerLinks(String repository) {
        return backup.keys(registryContent.layout().repositoriesPrefix() + repository + "/_layers/");
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
