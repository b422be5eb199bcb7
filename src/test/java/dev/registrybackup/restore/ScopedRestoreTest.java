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
    private static final String REPAIR_APP = "{'scope':{'repository':'ns/app'},'mode':'repair'}";

    private final RandomRegistry made = new RandomRegistry(1);
    private final RestoreFixture restoreFixture = new RestoreFixture();

    @AfterEach
    void close() {
        restoreFixture.close();
    }

    @Test
    void aTagBringsItsImageAndNoOther() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        made.tag(APP, "v2", made.image(APP, made.layer(APP, 100)));
        restoreFixture.of(made);

        // When
        Restore.Outcome outcome = restoreFixture.run(V1);

        // Then
        assertTrue(outcome.isComplete());
        Set<String> expected = new TreeSet<>(made.closure(made.tagLink(APP, "v1")));
        expected.add(made.tagLink(APP, "v1"));
        expected.add(made.tagIndexLink(APP, "v1", image));
        made.kept().keySet().stream()
                .filter(key -> key.contains("_layers"))
                .filter(key -> made.closure(key).stream().anyMatch(expected::contains))
                .toList()
                .forEach(expected::add);
        assertEquals(expected, restoreFixture.restored().keySet());
    }

    @Test
    void anImageByDigestComesWithoutTag() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        restoreFixture.of(made);

        // When
        restoreFixture.run("{'scope':{'image':'ns/app@%s'}}".formatted(image));

        // Then
        Set<String> expected = new TreeSet<>(made.kept().keySet());
        expected.removeIf(key -> key.contains("/tags/"));
        assertEquals(expected, restoreFixture.restored().keySet());
    }

    @Test
    void oneBlobIsPutBackWithoutAnyLink() {
        // Given
        Digest layer = made.layer(APP, 100);
        restoreFixture.of(made);

        // When
        Restore.Outcome outcome = restoreFixture.run("{'scope':{'digest':'%s'}}".formatted(layer));

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Set.of(made.blobKey(layer)), restoreFixture.restored().keySet());
    }

    @Test
    void aNamespaceIsAllBelowItAndNothingBesides() {
        // Given
        made.tag("ns/app", "v1", made.image("ns/app", made.layer("ns/app", 10)));
        made.tag("ns/app/below", "v1", made.image("ns/app/below", made.layer("ns/app/below", 20)));
        Map<String, byte[]> expected = new HashMap<>(made.kept());
        made.tag("ns-other/app", "v1", made.image("ns-other/app", made.layer("ns-other/app", 30)));
        made.tag("ns", "v1", made.image("ns", made.layer("ns", 40)));
        restoreFixture.of(made);

        // When
        restoreFixture.run("{'scope':{'namespace':'ns'}}");

        // Then
        assertEquals(RestoreFixture.texts(expected), restoreFixture.restored());
    }

    @Test
    void aRepositoryIsNotWhatIsBelowIt() {
        // Given
        made.tag("ns/app", "v1", made.image("ns/app", made.layer("ns/app", 10)));
        Map<String, byte[]> expected = new HashMap<>(made.kept());
        made.tag("ns/app/below", "v1", made.image("ns/app/below", made.layer("ns/app/below", 20)));
        restoreFixture.of(made);

        // When
        restoreFixture.run("{'scope':{'repository':'ns/app'}}");

        // Then
        assertEquals(RestoreFixture.texts(expected), restoreFixture.restored());
    }

    @Test
    void signaturesAndWhateverRefersToAnImageComeIfAskedFor() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        Digest signature = made.image(APP, made.layer(APP, 50));
        made.tag(APP, "sha256-" + image.hex() + ".sig", signature);
        Digest config = made.layer(APP, 2);
        Digest sbom = made.manifest(
                APP,
                "{\"schemaVersion\":2,\"config\":%s,\"layers\":[],\"subject\":%s}"
                        .formatted(made.descriptor(config), made.descriptor(image)),
                config);
        Map<String, byte[]> expected = new HashMap<>(made.kept());
        made.tag(APP, "other", made.image(APP, made.layer(APP, 70)));
        restoreFixture.of(made);

        // When
        restoreFixture.run(V1);
        int without = restoreFixture.restored().size();
        restoreFixture.run("{'scope':{'image':'ns/app:v1'},'referrers':true}");

        // Then
        assertEquals(8, without);
        assertEquals(RestoreFixture.texts(expected), restoreFixture.restored());
        assertTrue(restoreFixture.restored().containsKey(made.revisionLink(APP, sbom)));
    }

    @Test
    void anImageWithoutOneOfItsLayersIsLeftOutAndNamed() {
        // Given
        Digest lost = made.layer(APP, 100);
        Digest broken = made.image(APP, lost);
        made.tag(APP, "broken", broken);
        Digest index = made.index(APP, broken);
        made.tag(APP, "index", index);
        Digest good = made.image(APP, made.layer(APP, 10));
        made.tag(APP, "good", good);
        restoreFixture.of(made);
        restoreFixture.backupBucket().remove(made.blobKey(lost), onlyVersion(made.blobKey(lost)));

        // When
        Restore.Outcome outcome = restoreFixture.run("{'scope':{'repository':'ns/app'}}");

        // Then
        assertFalse(outcome.isComplete());
        assertTrue(restoreFixture.restored().containsKey(made.tagLink(APP, "good")));
        assertFalse(restoreFixture.restored().containsKey(made.tagLink(APP, "broken")));
        assertFalse(restoreFixture.restored().containsKey(made.revisionLink(APP, broken)));
        assertFalse(restoreFixture.restored().containsKey(made.revisionLink(APP, index)));
        assertEquals(
                Map.of(FindingCode.BLOB_MISSING, 2L), restoreFixture.reading().counts());
        assertEquals(
                "left out, since the backup lacks %s or has it damaged".formatted(lost),
                restoreFixture.reading().first().get(0).problem());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",'at':'%s'"})
    void anIndexThatLostAChildWhichWasPushedIsLeftOut(String at) {
        // Given
        Digest child = made.image(APP, made.layer(APP, 100));
        Digest lost = made.image(APP, made.layer(APP, 100));
        Digest index = made.index(APP, child, lost);
        made.tag(APP, "v1", index);
        restoreFixture.of(made);
        restoreFixture.backupBucket().remove(made.blobKey(lost), onlyVersion(made.blobKey(lost)));

        // When
        Restore.Outcome outcome = restoreFixture.run("{'scope':{'image':'ns/app:v1'}%s}"
                .formatted(at.formatted(restoreFixture.clock().instant())));

        // Then
        assertFalse(outcome.isComplete());
        assertEquals(1, restoreFixture.reading().counts().get(FindingCode.BLOB_MISSING));
        assertEquals(0, outcome.summary().path("sparse").asInt());
        assertFalse(restoreFixture.restored().containsKey(made.tagLink(APP, "v1")));
    }

    @Test
    void indexesWithinIndexesAreRestoredHoweverDeepTheyGo() {
        // Given
        Digest index = made.image(APP, made.layer(APP, 100));
        for (int level = 0; level < 10_000; level++) {
            index = made.index(APP, index);
        }
        made.tag(APP, "v1", index);
        restoreFixture.of(made);

        // When
        Restore.Outcome outcome = restoreFixture.run("{'scope':{'image':'ns/app:v1'},'referrers':true}");

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(made.kept().keySet().size(), restoreFixture.restored().size());
    }

    @Test
    void anIndexMayLackChildrenThatWereNeverPushed() {
        // Given
        Digest child = made.image(APP, made.layer(APP, 100));
        Digest never = Digest.of(DigestAlgorithm.SHA256, made.bytes(10));
        made.tag(APP, "v1", made.index(APP, child, never));
        restoreFixture.of(made);

        // When
        Restore.Outcome outcome = restoreFixture.run(V1);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(RestoreFixture.texts(made.kept()), restoreFixture.restored());
        assertEquals(1, outcome.summary().path("sparse").asInt());
    }

    @Test
    void aDamagedCopyGivesWayToAnOlderGoodVersion() {
        // Given
        Digest layer = made.layer(APP, 100);
        made.tag(APP, "v1", made.image(APP, layer));
        restoreFixture.of(made);
        restoreFixture.backupBucket().seed(made.blobKey(layer), new byte[100]);

        // When
        Restore.Outcome outcome = restoreFixture.run(V1);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(RestoreFixture.texts(made.kept()), restoreFixture.restored());
    }

    @Test
    void aDamagedCopyWithoutGoodVersionIsNeverWrittenAndNothingAboveItIs() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        restoreFixture.of(made);
        restoreFixture.backupBucket().remove(made.blobKey(layer), onlyVersion(made.blobKey(layer)));
        restoreFixture.backupBucket().seed(made.blobKey(layer), new byte[100]);

        // When
        Restore.Outcome scoped = restoreFixture.run(V1);
        Set<String> afterScoped = restoreFixture.restored().keySet();
        Restore.Outcome all = restoreFixture.run("{'scope':{'all':true}}");

        // Then
        assertFalse(scoped.isComplete());
        assertFalse(all.isComplete());
        Set<String> expected = new TreeSet<>(made.kept().keySet());
        expected.removeAll(Set.of(
                made.blobKey(layer),
                made.layerLink(APP, layer),
                made.revisionLink(APP, image),
                made.tagIndexLink(APP, "v1", image),
                made.tagLink(APP, "v1")));
        assertEquals(expected, afterScoped);
        assertEquals(expected, restoreFixture.restored().keySet());
        assertEquals(1L, restoreFixture.reading().counts().get(FindingCode.BLOB_DIGEST_MISMATCH));
    }

    @Test
    void aRemovedBlobIsReadFromItsNewestVersion() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        restoreFixture.of(made);
        restoreFixture.backupBucket().remove(made.blobKey(layer), Optional.empty());
        restoreFixture.backupBucket().remove(made.blobKey(image), Optional.empty());

        // When
        Restore.Outcome outcome = restoreFixture.run(V1);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(RestoreFixture.texts(made.kept()), restoreFixture.restored());
    }

    @Test
    void repairReplacesWhatIsWrongAndMissingLeavesItAndSaysSo() {
        // Given
        Digest truncated = made.layer(APP, 100);
        Digest flipped = made.layer(APP, 200);
        Digest deleted = made.layer(APP, 300);
        Digest image = made.image(APP, truncated, flipped, deleted);
        made.tag(APP, "v1", image);
        restoreFixture.of(made);
        made.kept().forEach(restoreFixture.targetBucket()::seed);
        restoreFixture.targetBucket().seed(made.blobKey(truncated), new byte[99]);
        restoreFixture.targetBucket().seed(made.blobKey(flipped), new byte[200]);
        restoreFixture.targetBucket().remove(made.blobKey(deleted), Optional.empty());
        restoreFixture.targetBucket().seed(made.layerLink(APP, flipped), new byte[0]);

        // When
        restoreFixture.run("{'scope':{'repository':'ns/app'}}");
        Map<FindingCode, Long> found = restoreFixture.reading().counts();
        List<String> written = restoreFixture.target().written();
        restoreFixture.target().forget();
        restoreFixture.run(REPAIR_APP);

        // Then
        assertEquals(Map.of(FindingCode.BLOB_TRUNCATED, 1L, FindingCode.LINK_MALFORMED, 1L), found);
        assertEquals(List.of(made.blobKey(deleted)), written);
        assertEquals(
                Set.of(made.blobKey(truncated), made.blobKey(flipped), made.layerLink(APP, flipped)),
                Set.copyOf(restoreFixture.target().written()));
        assertEquals(RestoreFixture.texts(made.kept()), restoreFixture.restored());
    }

    @Test
    void repairOfEverythingReplacesTheSame() {
        // Given
        Digest flipped = made.layer(APP, 200);
        made.tag(APP, "v1", made.image(APP, flipped));
        restoreFixture.of(made);
        made.kept().forEach(restoreFixture.targetBucket()::seed);
        restoreFixture.targetBucket().seed(made.blobKey(flipped), new byte[200]);
        restoreFixture.targetBucket().seed(made.layerLink(APP, flipped), "x".getBytes(StandardCharsets.US_ASCII));

        // When
        restoreFixture.run("{'scope':{'all':true},'mode':'repair'}");

        // Then
        assertEquals(
                List.of(made.blobKey(flipped), made.layerLink(APP, flipped)),
                restoreFixture.target().written());
        assertEquals(RestoreFixture.texts(made.kept()), restoreFixture.restored());
    }

    @Test
    void aTagThatPointsElsewhereIsMovedOnlyIfAskedTo() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        restoreFixture.of(made);
        Digest newer = Digest.of(DigestAlgorithm.SHA256, made.bytes(5));
        byte[] moved = newer.toString().getBytes(StandardCharsets.US_ASCII);
        restoreFixture.targetBucket().seed(made.tagLink(APP, "v1"), moved);

        // When
        for (String scope : List.of("{'all':true}", "{'image':'ns/app:v1'}")) {
            restoreFixture.run("{'scope':%s}".formatted(scope));
            assertEquals(
                    Map.of(FindingCode.TAG_DIFFERS, 1L),
                    restoreFixture.reading().counts());
            assertArrayEquals(moved, restoreFixture.targetBucket().bytes(made.tagLink(APP, "v1")));
        }
        restoreFixture.run("{'scope':{'image':'ns/app:v1'},'overwriteTags':true}");

        // Then
        assertEquals(RestoreFixture.texts(made.kept()), restoreFixture.restored());
    }

    @Test
    void aLinkCostsOneRequestAndASmallBlobTwo() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest other = made.layer(APP, 200);
        made.tag(APP, "v1", made.image(APP, layer, other));
        restoreFixture.of(made);

        // When
        restoreFixture.run("{'scope':{'repository':'ns/app'}}");

        // Then
        long read = restoreFixture.backup().requests().stream()
                .filter(request -> request.operation() == Operation.OPEN)
                .filter(request -> request.key().equals(made.blobKey(layer))
                        || request.key().contains("_layers")
                        || request.key().contains("revisions"))
                .count();
        long asked = restoreFixture.target().requests().stream()
                .filter(request -> request.operation() != Operation.LIST && request.operation() != Operation.BUCKET)
                .count();
        assertEquals(1, read);
        assertEquals(made.kept().size(), asked);
    }

    @Test
    void whatTheBackupDoesNotHaveIsUnknown() {
        // Given
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 100)));
        restoreFixture.of(made);
        Digest nobody = Digest.of(DigestAlgorithm.SHA256, made.bytes(5));
        List<String> scopes = List.of(
                "{'repository':'ns/other'}",
                "{'namespace':'other'}",
                "{'image':'ns/app:v2'}",
                "{'image':'ns/app@%s'}".formatted(nobody),
                "{'digest':'%s'}".formatted(nobody));
        for (String scope : scopes) {
            // When
            UnknownScopeException failure = assertThrows(
                    UnknownScopeException.class, () -> restoreFixture.run("{'scope':%s}".formatted(scope)));

            // Then
            assertEquals("The backup has nothing of " + scope.replace('\'', '"'), failure.getMessage());
        }
        assertEquals(List.of(), restoreFixture.target().written());
    }

    private Optional<String> onlyVersion(String key) {
        return restoreFixture.backupBucket().find(key).orElseThrow().versionId();
    }
}
