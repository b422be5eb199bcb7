package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.restore.Restore.RestoreResult;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScopedRestoreTest {
    private static final String APP = "ns/app";
    private static final String V1 = "{'scope':{'image':'ns/app:v1'}}";

    private final RandomRegistry registry = new RandomRegistry(1);
    private final RestoreFixture fixture = new RestoreFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aTagRestoresItsImageAndNoOther() {
        // Given
        Digest layer = registry.layer(APP, 100);
        Digest image = registry.image(APP, layer);
        registry.tag(APP, "v1", image);
        registry.tag(APP, "v2", registry.image(APP, registry.layer(APP, 100)));
        fixture.withBackupOf(registry);

        // When
        RestoreResult result = fixture.run(V1);

        // Then
        assertTrue(result.isComplete());
        Set<String> expected = new TreeSet<>(registry.reachableKeys(registry.tagLink(APP, "v1")));
        expected.add(registry.tagLink(APP, "v1"));
        expected.add(registry.tagIndexLink(APP, "v1", image));
        registry.backedUpObjects().keySet().stream()
                .filter(key -> key.contains("_layers"))
                .filter(key -> registry.reachableKeys(key).stream().anyMatch(expected::contains))
                .toList()
                .forEach(expected::add);
        assertEquals(expected, fixture.restoredContent().keySet());
    }

    @Test
    void anImageByDigestComesWithoutTag() {
        // Given
        Digest image = registry.image(APP, registry.layer(APP, 100));
        registry.tag(APP, "v1", image);
        fixture.withBackupOf(registry);

        // When
        fixture.run("{'scope':{'image':'ns/app@%s'}}".formatted(image));

        // Then
        Set<String> expected = new TreeSet<>(registry.backedUpObjects().keySet());
        expected.removeIf(key -> key.contains("/tags/"));
        assertEquals(expected, fixture.restoredContent().keySet());
    }

    @Test
    void oneBlobIsPutBackWithoutAnyLink() {
        // Given
        Digest layer = registry.layer(APP, 100);
        fixture.withBackupOf(registry);

        // When
        RestoreResult result = fixture.run("{'scope':{'digest':'%s'}}".formatted(layer));

        // Then
        assertTrue(result.isComplete());
        assertEquals(Set.of(registry.blobKey(layer)), fixture.restoredContent().keySet());
    }

    @Test
    void aNamespaceIsAllBelowItAndNothingBesides() {
        // Given
        registry.tag("ns/app", "v1", registry.image("ns/app", registry.layer("ns/app", 10)));
        registry.tag("ns/app/below", "v1", registry.image("ns/app/below", registry.layer("ns/app/below", 20)));
        Map<String, byte[]> expected = new HashMap<>(registry.backedUpObjects());
        registry.tag("ns-other/app", "v1", registry.image("ns-other/app", registry.layer("ns-other/app", 30)));
        registry.tag("ns", "v1", registry.image("ns", registry.layer("ns", 40)));
        fixture.withBackupOf(registry);

        // When
        fixture.run("{'scope':{'namespace':'ns'}}");

        // Then
        assertEquals(RestoreFixture.texts(expected), fixture.restoredContent());
    }

    @Test
    void aRepositoryIsNotWhatIsBelowIt() {
        // Given
        registry.tag("ns/app", "v1", registry.image("ns/app", registry.layer("ns/app", 10)));
        Map<String, byte[]> expected = new HashMap<>(registry.backedUpObjects());
        registry.tag("ns/app/below", "v1", registry.image("ns/app/below", registry.layer("ns/app/below", 20)));
        fixture.withBackupOf(registry);

        // When
        fixture.run("{'scope':{'repository':'ns/app'}}");

        // Then
        assertEquals(RestoreFixture.texts(expected), fixture.restoredContent());
    }

    @Test
    void signaturesAndWhateverRefersToAnImageComeIfAskedFor() {
        // Given
        Digest image = registry.image(APP, registry.layer(APP, 100));
        registry.tag(APP, "v1", image);
        Digest signature = registry.image(APP, registry.layer(APP, 50));
        registry.tag(APP, "sha256-" + image.hex() + ".sig", signature);
        Digest config = registry.layer(APP, 2);
        Digest sbom = registry.manifest(
                APP,
                "{\"schemaVersion\":2,\"config\":%s,\"layers\":[],\"subject\":%s}"
                        .formatted(registry.descriptor(config), registry.descriptor(image)),
                config);
        Map<String, byte[]> expected = new HashMap<>(registry.backedUpObjects());
        registry.tag(APP, "other", registry.image(APP, registry.layer(APP, 70)));
        fixture.withBackupOf(registry);

        // When
        fixture.run(V1);
        int without = fixture.restoredContent().size();
        fixture.run("{'scope':{'image':'ns/app:v1'},'referrers':true}");

        // Then
        assertEquals(8, without);
        assertEquals(RestoreFixture.texts(expected), fixture.restoredContent());
        assertTrue(fixture.restoredContent().containsKey(registry.revisionLink(APP, sbom)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",'at':'%s'"})
    void anIndexThatLostAChildWhichWasPushedIsLeftOut(String at) {
        // Given
        Digest child = registry.image(APP, registry.layer(APP, 100));
        Digest lost = registry.image(APP, registry.layer(APP, 100));
        Digest index = registry.index(APP, child, lost);
        registry.tag(APP, "v1", index);
        fixture.withBackupOf(registry);
        fixture.backupBucket().delete(registry.blobKey(lost), onlyVersion(registry.blobKey(lost)));

        // When
        RestoreResult result = fixture.run("{'scope':{'image':'ns/app:v1'}%s}"
                .formatted(at.formatted(fixture.clock().instant())));

        // Then
        assertFalse(result.isComplete());
        assertEquals(1, fixture.progress().findingCounts().get(FindingCode.BLOB_MISSING));
        assertEquals(0, result.summary().path("sparse").asInt());
        assertFalse(fixture.restoredContent().containsKey(registry.tagLink(APP, "v1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'scope':{'image':'ns/app:v1'},'referrers':true}", "{'scope':{'all':true}}"})
    void nestedIndexesAreRestoredAtAnyDepth(String request) {
        // Given
        Digest index = registry.image(APP, registry.layer(APP, 100));
        for (int level = 0; level < 10_000; level++) {
            index = registry.index(APP, index);
        }
        registry.tag(APP, "v1", index);
        fixture.withBackupOf(registry);

        // When
        RestoreResult result = fixture.run(request);

        // Then
        assertTrue(result.isComplete());
        assertEquals(
                registry.backedUpObjects().keySet().size(),
                fixture.restoredContent().size());
    }

    @Test
    void aCorruptCopyIsReplacedByAnOlderGoodVersion() {
        // Given
        Digest layer = registry.layer(APP, 100);
        registry.tag(APP, "v1", registry.image(APP, layer));
        fixture.withBackupOf(registry);
        fixture.backupBucket().seed(registry.blobKey(layer), new byte[100]);

        // When
        RestoreResult result = fixture.run(V1);

        // Then
        assertTrue(result.isComplete());
        assertEquals(RestoreFixture.texts(registry.backedUpObjects()), fixture.restoredContent());
    }

    @Test
    void aCorruptCopyWithoutGoodVersionIsNeverWrittenAndNothingAboveItIs() {
        // Given
        Digest layer = registry.layer(APP, 100);
        Digest image = registry.image(APP, layer);
        registry.tag(APP, "v1", image);
        fixture.withBackupOf(registry);
        fixture.backupBucket().delete(registry.blobKey(layer), onlyVersion(registry.blobKey(layer)));
        fixture.backupBucket().seed(registry.blobKey(layer), new byte[100]);

        // When
        RestoreResult scoped = fixture.run(V1);
        Set<String> afterScoped = fixture.restoredContent().keySet();
        RestoreResult all = fixture.run("{'scope':{'all':true}}");

        // Then
        assertFalse(scoped.isComplete());
        assertFalse(all.isComplete());
        Set<String> expected = new TreeSet<>(registry.backedUpObjects().keySet());
        expected.removeAll(Set.of(
                registry.blobKey(layer),
                registry.layerLink(APP, layer),
                registry.revisionLink(APP, image),
                registry.tagIndexLink(APP, "v1", image),
                registry.tagLink(APP, "v1")));
        assertEquals(expected, afterScoped);
        assertEquals(expected, fixture.restoredContent().keySet());
        assertEquals(1L, fixture.progress().findingCounts().get(FindingCode.BLOB_DIGEST_MISMATCH));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'scope':{'image':'ns/app:v1'}}", "{'scope':{'all':true}}"})
    void aDeletedBlobIsReadFromItsNewestVersion(String request) {
        // Given
        Digest layer = registry.layer(APP, 100);
        Digest image = registry.image(APP, layer);
        registry.tag(APP, "v1", image);
        fixture.withBackupOf(registry);
        fixture.backupBucket().delete(registry.blobKey(layer), Optional.empty());
        fixture.backupBucket().delete(registry.blobKey(image), Optional.empty());

        // When
        RestoreResult result = fixture.run(request);

        // Then
        assertTrue(result.isComplete());
        assertEquals(RestoreFixture.texts(registry.backedUpObjects()), fixture.restoredContent());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'scope':{'repository':'ns/app'}%s}", "{'scope':{'all':true}%s}"})
    void repairReplacesWhatIsWrongAndMissingLeavesItAndSaysSo(String request) {
        // Given
        Digest truncated = registry.layer(APP, 100);
        Digest flipped = registry.layer(APP, 200);
        Digest deleted = registry.layer(APP, 300);
        Digest image = registry.image(APP, truncated, flipped, deleted);
        registry.tag(APP, "v1", image);
        fixture.withBackupOf(registry);
        registry.backedUpObjects().forEach(fixture.targetBucket()::seed);
        fixture.targetBucket().seed(registry.blobKey(truncated), new byte[99]);
        fixture.targetBucket().seed(registry.blobKey(flipped), new byte[200]);
        fixture.targetBucket().delete(registry.blobKey(deleted), Optional.empty());
        fixture.targetBucket().seed(registry.layerLink(APP, flipped), new byte[0]);

        // When
        fixture.run(request.formatted(""));
        Map<FindingCode, Long> found = fixture.progress().findingCounts();
        List<String> written = fixture.target().writtenKeys();
        fixture.target().clearRequests();
        fixture.run(request.formatted(",'mode':'repair'"));

        // Then
        assertEquals(Map.of(FindingCode.BLOB_TRUNCATED, 1L, FindingCode.LINK_MALFORMED, 1L), found);
        assertEquals(List.of(registry.blobKey(deleted)), written);
        assertEquals(
                Set.of(registry.blobKey(truncated), registry.blobKey(flipped), registry.layerLink(APP, flipped)),
                Set.copyOf(fixture.target().writtenKeys()));
        assertEquals(RestoreFixture.texts(registry.backedUpObjects()), fixture.restoredContent());
    }

    @Test
    void aTagThatPointsElsewhereIsMovedOnlyIfAskedTo() {
        // Given
        Digest image = registry.image(APP, registry.layer(APP, 100));
        registry.tag(APP, "v1", image);
        fixture.withBackupOf(registry);
        Digest newer = Digest.of(DigestAlgorithm.SHA256, registry.bytes(5));
        byte[] moved = newer.toString().getBytes(StandardCharsets.US_ASCII);
        fixture.targetBucket().seed(registry.tagLink(APP, "v1"), moved);

        // When
        for (String scope : List.of("{'all':true}", "{'image':'ns/app:v1'}")) {
            fixture.run("{'scope':%s}".formatted(scope));
            assertEquals(Map.of(FindingCode.TAG_DIFFERS, 1L), fixture.progress().findingCounts());
            assertArrayEquals(moved, fixture.targetBucket().bytes(registry.tagLink(APP, "v1")));
        }
        fixture.run("{'scope':{'image':'ns/app:v1'},'overwriteTags':true}");

        // Then
        assertEquals(RestoreFixture.texts(registry.backedUpObjects()), fixture.restoredContent());
    }

    @Test
    void aLinkCostsOneRequestAndASmallBlobTwo() {
        // Given
        Digest layer = registry.layer(APP, 100);
        Digest other = registry.layer(APP, 200);
        registry.tag(APP, "v1", registry.image(APP, layer, other));
        fixture.withBackupOf(registry);

        // When
        fixture.run("{'scope':{'repository':'ns/app'}}");

        // Then
        long read = fixture.backup().requests().stream()
                .filter(request -> request.operation() == Operation.OPEN)
                .filter(request -> request.key().equals(registry.blobKey(layer))
                        || request.key().contains("_layers")
                        || request.key().contains("_manifests"))
                .count();
        long asked = fixture.target().requests().stream()
                .filter(request -> request.operation() != Operation.LIST && request.operation() != Operation.BUCKET)
                .count();
        assertEquals(1, read);
        assertEquals(registry.backedUpObjects().size(), asked);
    }

    @Test
    void aNameThatTheBackupDoesNotHaveIsUnknown() {
        // Given
        registry.tag(APP, "v1", registry.image(APP, registry.layer(APP, 100)));
        fixture.withBackupOf(registry);
        Digest nobody = Digest.of(DigestAlgorithm.SHA256, registry.bytes(5));
        List<String> scopes = List.of(
                "{'repository':'ns/other'}",
                "{'namespace':'other'}",
                "{'image':'ns/app:v2'}",
                "{'image':'ns/app@%s'}".formatted(nobody),
                "{'digest':'%s'}".formatted(nobody));
        for (String scope : scopes) {
            // When
            UnknownScopeException failure =
                    assertThrows(UnknownScopeException.class, () -> fixture.run("{'scope':%s}".formatted(scope)));

            // Then
            assertEquals("The backup has nothing of " + scope.replace('\'', '"'), failure.getMessage());
        }
        assertEquals(List.of(), fixture.target().writtenKeys());
    }

    private Optional<String> onlyVersion(String key) {
        return fixture.backupBucket().head(key).orElseThrow().versionId();
    }
}
