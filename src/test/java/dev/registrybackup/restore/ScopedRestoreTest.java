package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.RecordingObjectStore.Operation;
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
    private final Restoring restoring = new Restoring();

    @AfterEach
    void close() {
        restoring.close();
    }

    @Test
    void aTagBringsItsImageAndNoOther() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        made.tag(APP, "v2", made.image(APP, made.layer(APP, 100)));
        restoring.of(made);

        // When
        Restore.Outcome outcome = restoring.run(V1);

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
        assertEquals(expected, restoring.restored().keySet());
    }

    @Test
    void anImageByDigestComesWithoutTag() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        restoring.of(made);

        // When
        restoring.run("{'scope':{'image':'ns/app@%s'}}".formatted(image));

        // Then
        Set<String> expected = new TreeSet<>(made.kept().keySet());
        expected.removeIf(key -> key.contains("/tags/"));
        assertEquals(expected, restoring.restored().keySet());
    }

    @Test
    void oneBlobIsPutBackWithoutAnyLink() {
        // Given
        Digest layer = made.layer(APP, 100);
        restoring.of(made);

        // When
        Restore.Outcome outcome = restoring.run("{'scope':{'digest':'%s'}}".formatted(layer));

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Set.of(made.blobKey(layer)), restoring.restored().keySet());
    }

    @Test
    void aNamespaceIsAllBelowItAndNothingBesides() {
        // Given
        made.tag("ns/app", "v1", made.image("ns/app", made.layer("ns/app", 10)));
        made.tag("ns/app/below", "v1", made.image("ns/app/below", made.layer("ns/app/below", 20)));
        Map<String, byte[]> expected = new HashMap<>(made.kept());
        made.tag("ns-other/app", "v1", made.image("ns-other/app", made.layer("ns-other/app", 30)));
        made.tag("ns", "v1", made.image("ns", made.layer("ns", 40)));
        restoring.of(made);

        // When
        restoring.run("{'scope':{'namespace':'ns'}}");

        // Then
        assertEquals(Restoring.texts(expected), restoring.restored());
    }

    @Test
    void aRepositoryIsNotWhatIsBelowIt() {
        // Given
        made.tag("ns/app", "v1", made.image("ns/app", made.layer("ns/app", 10)));
        Map<String, byte[]> expected = new HashMap<>(made.kept());
        made.tag("ns/app/below", "v1", made.image("ns/app/below", made.layer("ns/app/below", 20)));
        restoring.of(made);

        // When
        restoring.run("{'scope':{'repository':'ns/app'}}");

        // Then
        assertEquals(Restoring.texts(expected), restoring.restored());
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
        restoring.of(made);

        // When
        restoring.run(V1);
        int without = restoring.restored().size();
        restoring.run("{'scope':{'image':'ns/app:v1'},'referrers':true}");

        // Then
        assertEquals(8, without);
        assertEquals(Restoring.texts(expected), restoring.restored());
        assertTrue(restoring.restored().containsKey(made.revisionLink(APP, sbom)));
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
        restoring.of(made);
        restoring.backupBucket().remove(made.blobKey(lost), onlyVersion(made.blobKey(lost)));

        // When
        Restore.Outcome outcome = restoring.run("{'scope':{'repository':'ns/app'}}");

        // Then
        assertFalse(outcome.isComplete());
        assertTrue(restoring.restored().containsKey(made.tagLink(APP, "good")));
        assertFalse(restoring.restored().containsKey(made.tagLink(APP, "broken")));
        assertFalse(restoring.restored().containsKey(made.revisionLink(APP, broken)));
        assertFalse(restoring.restored().containsKey(made.revisionLink(APP, index)));
        assertEquals(Map.of(FindingCode.BLOB_MISSING, 2L), restoring.reading().counts());
        assertEquals(
                "left out, since the backup lacks %s or has it damaged".formatted(lost),
                restoring.reading().first().get(0).problem());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",'at':'%s'"})
    void anIndexThatLostAChildWhichWasPushedIsLeftOut(String at) {
        // Given
        Digest child = made.image(APP, made.layer(APP, 100));
        Digest lost = made.image(APP, made.layer(APP, 100));
        Digest index = made.index(APP, child, lost);
        made.tag(APP, "v1", index);
        restoring.of(made);
        restoring.backupBucket().remove(made.blobKey(lost), onlyVersion(made.blobKey(lost)));

        // When
        Restore.Outcome outcome = restoring.run("{'scope':{'image':'ns/app:v1'}%s}"
                .formatted(at.formatted(restoring.clock().instant())));

        // Then
        assertFalse(outcome.isComplete());
        assertEquals(1, restoring.reading().counts().get(FindingCode.BLOB_MISSING));
        assertEquals(0, outcome.summary().path("sparse").asInt());
        assertFalse(restoring.restored().containsKey(made.tagLink(APP, "v1")));
    }

    @Test
    void indexesWithinIndexesAreRestoredHoweverDeepTheyGo() {
        // Given
        Digest index = made.image(APP, made.layer(APP, 100));
        for (int level = 0; level < 10_000; level++) {
            index = made.index(APP, index);
        }
        made.tag(APP, "v1", index);
        restoring.of(made);

        // When
        Restore.Outcome outcome = restoring.run("{'scope':{'image':'ns/app:v1'},'referrers':true}");

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(made.kept().keySet().size(), restoring.restored().size());
    }

    @Test
    void anIndexMayLackChildrenThatWereNeverPushed() {
        // Given
        Digest child = made.image(APP, made.layer(APP, 100));
        Digest never = Digest.of(DigestAlgorithm.SHA256, made.bytes(10));
        made.tag(APP, "v1", made.index(APP, child, never));
        restoring.of(made);

        // When
        Restore.Outcome outcome = restoring.run(V1);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
        assertEquals(1, outcome.summary().path("sparse").asInt());
    }

    @Test
    void aDamagedCopyGivesWayToAnOlderGoodVersion() {
        // Given
        Digest layer = made.layer(APP, 100);
        made.tag(APP, "v1", made.image(APP, layer));
        restoring.of(made);
        restoring.backupBucket().seed(made.blobKey(layer), new byte[100]);

        // When
        Restore.Outcome outcome = restoring.run(V1);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void aDamagedCopyWithoutGoodVersionIsNeverWrittenAndNothingAboveItIs() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        restoring.of(made);
        restoring.backupBucket().remove(made.blobKey(layer), onlyVersion(made.blobKey(layer)));
        restoring.backupBucket().seed(made.blobKey(layer), new byte[100]);

        // When
        Restore.Outcome scoped = restoring.run(V1);
        Set<String> afterScoped = restoring.restored().keySet();
        Restore.Outcome all = restoring.run("{'scope':{'all':true}}");

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
        assertEquals(expected, restoring.restored().keySet());
        assertEquals(1L, restoring.reading().counts().get(FindingCode.BLOB_DIGEST_MISMATCH));
    }

    @Test
    void aRemovedBlobIsReadFromItsNewestVersion() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        restoring.of(made);
        restoring.backupBucket().remove(made.blobKey(layer), Optional.empty());
        restoring.backupBucket().remove(made.blobKey(image), Optional.empty());

        // When
        Restore.Outcome outcome = restoring.run(V1);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void repairReplacesWhatIsWrongAndMissingLeavesItAndSaysSo() {
        // Given
        Digest truncated = made.layer(APP, 100);
        Digest flipped = made.layer(APP, 200);
        Digest deleted = made.layer(APP, 300);
        Digest image = made.image(APP, truncated, flipped, deleted);
        made.tag(APP, "v1", image);
        restoring.of(made);
        made.kept().forEach(restoring.targetBucket()::seed);
        restoring.targetBucket().seed(made.blobKey(truncated), new byte[99]);
        restoring.targetBucket().seed(made.blobKey(flipped), new byte[200]);
        restoring.targetBucket().remove(made.blobKey(deleted), Optional.empty());
        restoring.targetBucket().seed(made.layerLink(APP, flipped), new byte[0]);

        // When
        restoring.run("{'scope':{'repository':'ns/app'}}");
        Map<FindingCode, Long> found = restoring.reading().counts();
        List<String> written = restoring.target().written();
        restoring.target().forget();
        restoring.run(REPAIR_APP);

        // Then
        assertEquals(Map.of(FindingCode.BLOB_TRUNCATED, 1L, FindingCode.LINK_MALFORMED, 1L), found);
        assertEquals(List.of(made.blobKey(deleted)), written);
        assertEquals(
                Set.of(made.blobKey(truncated), made.blobKey(flipped), made.layerLink(APP, flipped)),
                Set.copyOf(restoring.target().written()));
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void repairOfEverythingReplacesTheSame() {
        // Given
        Digest flipped = made.layer(APP, 200);
        made.tag(APP, "v1", made.image(APP, flipped));
        restoring.of(made);
        made.kept().forEach(restoring.targetBucket()::seed);
        restoring.targetBucket().seed(made.blobKey(flipped), new byte[200]);
        restoring.targetBucket().seed(made.layerLink(APP, flipped), "x".getBytes(StandardCharsets.US_ASCII));

        // When
        restoring.run("{'scope':{'all':true},'mode':'repair'}");

        // Then
        assertEquals(
                List.of(made.blobKey(flipped), made.layerLink(APP, flipped)),
                restoring.target().written());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void aTagThatPointsElsewhereIsMovedOnlyIfAskedTo() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        restoring.of(made);
        Digest newer = Digest.of(DigestAlgorithm.SHA256, made.bytes(5));
        byte[] moved = newer.toString().getBytes(StandardCharsets.US_ASCII);
        restoring.targetBucket().seed(made.tagLink(APP, "v1"), moved);

        // When
        for (String scope : List.of("{'all':true}", "{'image':'ns/app:v1'}")) {
            restoring.run("{'scope':%s}".formatted(scope));
            assertEquals(
                    Map.of(FindingCode.TAG_DIFFERS, 1L), restoring.reading().counts());
            assertArrayEquals(moved, restoring.targetBucket().bytes(made.tagLink(APP, "v1")));
        }
        restoring.run("{'scope':{'image':'ns/app:v1'},'overwriteTags':true}");

        // Then
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void aLinkCostsOneRequestAndASmallBlobTwo() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest other = made.layer(APP, 200);
        made.tag(APP, "v1", made.image(APP, layer, other));
        restoring.of(made);

        // When
        restoring.run("{'scope':{'repository':'ns/app'}}");

        // Then
        long read = restoring.backup().requests().stream()
                .filter(request -> request.operation() == Operation.OPEN)
                .filter(request -> request.key().equals(made.blobKey(layer))
                        || request.key().contains("_layers")
                        || request.key().contains("revisions"))
                .count();
        long asked = restoring.target().requests().stream()
                .filter(request -> request.operation() != Operation.LIST && request.operation() != Operation.BUCKET)
                .count();
        assertEquals(1, read);
        assertEquals(made.kept().size(), asked);
    }

    @Test
    void whatTheBackupDoesNotHaveIsUnknown() {
        // Given
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 100)));
        restoring.of(made);
        Digest nobody = Digest.of(DigestAlgorithm.SHA256, made.bytes(5));
        List<String> scopes = List.of(
                "{'repository':'ns/other'}",
                "{'namespace':'other'}",
                "{'image':'ns/app:v2'}",
                "{'image':'ns/app@%s'}".formatted(nobody),
                "{'digest':'%s'}".formatted(nobody));
        for (String scope : scopes) {
            // When
            UnknownScopeException failure =
                    assertThrows(UnknownScopeException.class, () -> restoring.run("{'scope':%s}".formatted(scope)));

            // Then
            assertEquals("The backup has nothing of " + scope.replace('\'', '"'), failure.getMessage());
        }
        assertEquals(List.of(), restoring.target().written());
    }

    private Optional<String> onlyVersion(String key) {
        return restoring.backupBucket().find(key).orElseThrow().versionId();
    }
}
