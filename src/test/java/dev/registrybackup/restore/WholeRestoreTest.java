package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.OpenLinks.Waiting;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replicate.Pod;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import dev.registrybackup.store.RecordingObjectStore.Request;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A restore of everything judges images by what they refer to, and by nothing that was recorded of them. */
class WholeRestoreTest {
    private static final String ALL = "{'scope':{'all':true}}";
    private static final String APP = "ns/app";

    private final RandomRegistry made = new RandomRegistry(1);
    private final Restoring restoring = new Restoring();

    @AfterEach
    void close() {
        restoring.close();
    }

    @Test
    void aSparseIndexAndItsTagComeBack() {
        // Given
        Digest never = digestOfNothing();
        Digest index = made.index(APP, made.image(APP, made.layer(APP, 100)), never);
        made.tag(APP, "v1", index);
        replicate();

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
        assertEquals(Map.of(FindingCode.INDEX_SPARSE, 1L), restoring.reading().counts());
    }

    @Test
    void indexesWithinIndexesComeBackHoweverDeepTheyGo() {
        // Given
        Digest index = made.image(APP, made.layer(APP, 100));
        for (int level = 0; level < 10_000; level++) {
            index = made.index(APP, index);
        }
        made.tag(APP, "v1", index);
        restoring.of(made);

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(made.kept().keySet(), restoring.restored().keySet());
    }

    @Test
    void anImageWithAForeignLayerAndItsTagComeBackWithoutTheLayersLink() {
        // Given
        Digest foreign = digestOfNothing();
        Digest config = made.layer(APP, 10);
        made.tag(
                APP,
                "v1",
                made.manifest(
                        APP,
                        "{\"config\":%s,\"layers\":[{\"digest\":\"%s\",\"size\":18,\"urls\":[\"https://example.com/layer\"]}]}"
                                .formatted(made.descriptor(config), foreign),
                        config));
        made.mount(APP, foreign);
        replicate();

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Map.of(), restoring.reading().counts());
        assertRestoredAllBut(made.layerLink(APP, foreign));
    }

    @Test
    void whatIsOnRecordAsWaitingAndIsWholeComesBack() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        restoring.of(made);
        for (Waiting why : Waiting.values()) {
            restoring
                    .backupBucket()
                    .seed(why.prefix() + "sha256/" + layer.hex() + "/" + made.revisionLink(APP, image), new byte[0]);
        }

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void nothingAboveALayerThatTheBackupLostIsWritten() {
        // Given
        Digest lost = made.layer(APP, 100);
        Digest broken = made.image(APP, lost);
        made.tag(APP, "broken", broken);
        Digest index = made.index(APP, broken, made.image(APP, made.layer(APP, 10)));
        made.tag(APP, "index", index);
        restoring.of(made);
        lose(lost);

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertFalse(outcome.isComplete());
        assertRestoredAllBut(
                made.blobKey(lost),
                made.layerLink(APP, lost),
                made.revisionLink(APP, broken),
                made.tagIndexLink(APP, "broken", broken),
                made.tagLink(APP, "broken"),
                made.revisionLink(APP, index),
                made.tagIndexLink(APP, "index", index),
                made.tagLink(APP, "index"));
        assertEquals(Map.of(FindingCode.BLOB_MISSING, 2L), restoring.reading().counts());
        assertTrue(restoring.reading().first().stream()
                .anyMatch(finding -> finding.problem()
                        .equals("not written, since these could not be brought: [%s]".formatted(lost))));
    }

    @Test
    void anIndexAboveAPushedManifestThatTheBackupLostIsNotSparse() {
        // Given
        Digest lost = made.image(APP, made.layer(APP, 100));
        Digest index = made.index(APP, lost);
        made.tag(APP, "v1", index);
        restoring.of(made);
        lose(lost);

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertFalse(outcome.isComplete());
        assertRestoredAllBut(
                made.blobKey(lost),
                made.revisionLink(APP, lost),
                made.revisionLink(APP, index),
                made.tagIndexLink(APP, "v1", index),
                made.tagLink(APP, "v1"));
    }

    @Test
    void aLayerThatOnlyTheTargetHasIsEnough() {
        // Given
        Digest layer = made.layer(APP, 100);
        made.tag(APP, "v1", made.image(APP, layer));
        restoring.of(made);
        lose(layer);
        restoring.targetBucket().seed(made.blobKey(layer), made.content(made.blobKey(layer)));

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void blobsThatTheBackupShowsNoMoreComeFromTheirVersions() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        restoring.of(made);
        restoring.backupBucket().remove(made.blobKey(layer), Optional.empty());
        restoring.backupBucket().remove(made.blobKey(image), Optional.empty());

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertEquals(Restoring.texts(made.kept()), restoring.restored());
    }

    @Test
    void aTagWhoseRevisionLinkIsLostBringsItAsItsScopeAloneDoes() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        restoring.of(made);
        lose(made.revisionLink(APP, image));

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertTrue(restoring.restored().containsKey(made.tagLink(APP, "v1")));
        assertTrue(restoring.restored().containsKey(made.revisionLink(APP, image)));
    }

    @Test
    void aTagToNowhereIsNotWritten() {
        // Given
        Digest nowhere = digestOfNothing();
        made.tag(APP, "v1", nowhere);
        restoring.of(made);

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertFalse(outcome.isComplete());
        assertEquals(Map.of(), restoring.restored());
        assertEquals(Map.of(FindingCode.BLOB_MISSING, 1L), restoring.reading().counts());
    }

    @Test
    void theHistoryOfATagLeavesOutWhatIsGoneForGood() {
        // Given
        Digest old = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", old);
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 10)));
        restoring.of(made);
        lose(old);
        lose(made.revisionLink(APP, old));

        // When
        Restore.Outcome outcome = restoring.run(ALL);

        // Then
        assertTrue(outcome.isComplete());
        assertRestoredAllBut(made.blobKey(old), made.revisionLink(APP, old), made.tagIndexLink(APP, "v1", old));
    }

    @Test
    void whatThisRunCopiedIsNotAskedFor() {
        // Given
        Digest shared = made.layer(APP, 100);
        made.tag(APP, "v1", made.image(APP, shared));
        made.tag(APP, "v2", made.image(APP, shared, made.layer(APP, 10)));
        restoring.of(made);

        // When
        restoring.run(ALL);

        // Then
        assertEquals(made.kept().size(), asked(restoring.target().requests()));
        assertEquals(
                List.of(),
                restoring.backup().requests().stream()
                        .filter(request -> request.operation() == Operation.FIND)
                        .toList());
    }

    @Test
    void aTagAloneCostsOneRequestMoreForTheRevisionThatIsThere() {
        // Given
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 100)));
        restoring.of(made);
        restoring.run(ALL);
        restoring.targetBucket().remove(made.tagLink(APP, "v1"), Optional.empty());
        restoring.target().forget();

        // When
        restoring.run(ALL);

        // Then
        assertEquals(List.of(made.tagLink(APP, "v1")), restoring.target().written());
        assertEquals(2, asked(restoring.target().requests()));
    }

    private static long asked(List<Request> requests) {
        return requests.stream()
                .filter(request -> request.operation() != Operation.LIST && request.operation() != Operation.BUCKET)
                .count();
    }

    /** As events bring it, with whatever that records. */
    private void replicate() {
        InMemoryObjectStore registry = Pod.bucket("registry", false);
        made.writeTo(registry::seed);
        try (Pod pod = new Pod(registry, restoring.backupBucket())) {
            pod.replicateAll(made.keys());
        }
    }

    private void lose(Digest blob) {
        lose(made.blobKey(blob));
    }

    private void lose(String key) {
        restoring
                .backupBucket()
                .remove(key, restoring.backupBucket().find(key).orElseThrow().versionId());
    }

    private void assertRestoredAllBut(String... keys) {
        Set<String> expected = new TreeSet<>(made.kept().keySet());
        expected.removeAll(Set.of(keys));
        assertEquals(expected, restoring.restored().keySet());
    }

    private Digest digestOfNothing() {
        return Digest.of(DigestAlgorithm.SHA256, made.bytes(10));
    }
}
