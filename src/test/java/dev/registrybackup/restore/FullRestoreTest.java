package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.BlockedLinks.LinkState;
import dev.registrybackup.replication.ReplicatorFixture;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A restore of everything judges images by what they refer to, and by nothing that was recorded of them. */
class FullRestoreTest {
    private static final String ALL = "{'scope':{'all':true}}";
    private static final String APP = "ns/app";

    private final RandomRegistry made = new RandomRegistry(1);
    private final RestoreFixture restoreFixture = new RestoreFixture();

    @AfterEach
    void close() {
        restoreFixture.close();
    }

    @Test
    void aSparseIndexAndItsTagComeBack() {
        // Given
        Digest never = digestOfNothing();
        Digest index = made.index(APP, made.image(APP, made.layer(APP, 100)), never);
        made.tag(APP, "v1", index);
        replicate();

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertTrue(restoreResult.isComplete());
        assertEquals(RestoreFixture.texts(made.backedUpObjects()), restoreFixture.restoredContent());
        assertEquals(
                Map.of(FindingCode.INDEX_SPARSE, 1L), restoreFixture.progress().findingCounts());
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
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertTrue(restoreResult.isComplete());
        assertEquals(Map.of(), restoreFixture.progress().findingCounts());
        assertRestoredAllBut(made.layerLink(APP, foreign));
    }

    @Test
    void recordedLinksThatAreCompleteAreRestored() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        restoreFixture.withBackupOf(made);
        for (LinkState why : LinkState.values()) {
            restoreFixture
                    .backupBucket()
                    .seed(why.prefix() + "sha256/" + layer.hex() + "/" + made.revisionLink(APP, image), new byte[0]);
        }

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertTrue(restoreResult.isComplete());
        assertEquals(RestoreFixture.texts(made.backedUpObjects()), restoreFixture.restoredContent());
    }

    @Test
    void nothingAboveALayerThatTheBackupLostIsWritten() {
        // Given
        Digest lost = made.layer(APP, 100);
        Digest broken = made.image(APP, lost);
        made.tag(APP, "broken", broken);
        Digest index = made.index(APP, broken, made.image(APP, made.layer(APP, 10)));
        made.tag(APP, "index", index);
        restoreFixture.withBackupOf(made);
        lose(lost);

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertFalse(restoreResult.isComplete());
        assertRestoredAllBut(
                made.blobKey(lost),
                made.layerLink(APP, lost),
                made.revisionLink(APP, broken),
                made.tagIndexLink(APP, "broken", broken),
                made.tagLink(APP, "broken"),
                made.revisionLink(APP, index),
                made.tagIndexLink(APP, "index", index),
                made.tagLink(APP, "index"));
        assertEquals(
                Map.of(FindingCode.BLOB_MISSING, 2L), restoreFixture.progress().findingCounts());
        assertTrue(restoreFixture.progress().firstFindings().stream()
                .anyMatch(finding -> finding.problem()
                        .equals("not written, because these could not be copied: [%s]".formatted(lost))));
    }

    @Test
    void anIndexAboveAPushedManifestThatTheBackupLostIsNotSparse() {
        // Given
        Digest lost = made.image(APP, made.layer(APP, 100));
        Digest index = made.index(APP, lost);
        made.tag(APP, "v1", index);
        restoreFixture.withBackupOf(made);
        lose(lost);

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertFalse(restoreResult.isComplete());
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
        restoreFixture.withBackupOf(made);
        lose(layer);
        restoreFixture.targetBucket().seed(made.blobKey(layer), made.content(made.blobKey(layer)));

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertTrue(restoreResult.isComplete());
        assertEquals(RestoreFixture.texts(made.backedUpObjects()), restoreFixture.restoredContent());
    }

    @Test
    void aTagWhoseRevisionLinkIsLostRestoresItAsItsScopeAloneDoes() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        restoreFixture.withBackupOf(made);
        lose(made.revisionLink(APP, image));

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertTrue(restoreResult.isComplete());
        assertTrue(restoreFixture.restoredContent().containsKey(made.tagLink(APP, "v1")));
        assertTrue(restoreFixture.restoredContent().containsKey(made.revisionLink(APP, image)));
    }

    @Test
    void aTagToNowhereIsNotWritten() {
        // Given
        Digest nowhere = digestOfNothing();
        made.tag(APP, "v1", nowhere);
        restoreFixture.withBackupOf(made);

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertFalse(restoreResult.isComplete());
        assertEquals(Map.of(), restoreFixture.restoredContent());
        assertEquals(
                Map.of(FindingCode.BLOB_MISSING, 1L), restoreFixture.progress().findingCounts());
    }

    @Test
    void theHistoryOfATagLeavesOutWhatIsGoneForGood() {
        // Given
        Digest old = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", old);
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 10)));
        restoreFixture.withBackupOf(made);
        lose(old);
        lose(made.revisionLink(APP, old));

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertTrue(restoreResult.isComplete());
        assertRestoredAllBut(made.blobKey(old), made.revisionLink(APP, old), made.tagIndexLink(APP, "v1", old));
    }

    @Test
    void objectsCopiedByThisRunAreNotAskedFor() {
        // Given
        Digest shared = made.layer(APP, 100);
        made.tag(APP, "v1", made.image(APP, shared));
        made.tag(APP, "v2", made.image(APP, shared, made.layer(APP, 10)));
        restoreFixture.withBackupOf(made);

        // When
        restoreFixture.run(ALL);

        // Then
        assertEquals(
                made.backedUpObjects().size(), asked(restoreFixture.target().requests()));
        String repositories = made.layout().repositoriesPrefix();
        // Once to count, and once to write.
        assertEquals(
                2,
                restoreFixture.target().requests().stream()
                        .filter(new Request(Operation.LIST, repositories)::equals)
                        .count());
        assertEquals(
                2,
                restoreFixture.backup().requests().stream()
                        .filter(new Request(Operation.LIST, repositories)::equals)
                        .count());
        for (String key : made.backedUpObjects().keySet()) {
            // A link's ETag shows what it contains. A manifest is read once more for its revision link.
            boolean isManifest = new String(made.content(key), StandardCharsets.UTF_8).startsWith("{\"schemaVersion\"");
            boolean isBlob = key.startsWith(made.layout().blobsPrefix());
            List<Operation> expected = Collections.nCopies(isManifest ? 2 : isBlob ? 1 : 0, Operation.OPEN);
            assertEquals(
                    expected,
                    restoreFixture.backup().requests().stream()
                            .filter(request -> request.key().equals(key))
                            .map(Request::operation)
                            .toList(),
                    key);
        }
    }

    @Test
    void moreLinksThanABatchHasAreWrittenAfterWhatTheyLeadTo() {
        // Given
        Digest layer = made.layer(APP, 10);
        for (int number = 0; number < 400; number++) {
            for (int name = 0; name < 25; name++) {
                made.mount("ns-%d/app-%d".formatted(number, name), layer);
            }
            made.tag("ns-%d/app-1".formatted(number), "v1", made.image("ns-%d/app-1".formatted(number), layer));
        }
        restoreFixture.withBackupOf(made);

        // When
        Restore.RestoreResult restoreResult = restoreFixture.run(ALL);

        // Then
        assertTrue(restoreResult.isComplete());
        assertRestoredAllBut();
        assertEquals(
                Set.of(), made.linksBeforeTheirTargets(restoreFixture.target().writtenKeys()));
    }

    @Test
    void aTagAloneCostsOneRequestMoreForTheRevisionThatIsThere() {
        // Given
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 100)));
        restoreFixture.withBackupOf(made);
        restoreFixture.run(ALL);
        restoreFixture.targetBucket().delete(made.tagLink(APP, "v1"), Optional.empty());
        restoreFixture.target().clearRequests();

        // When
        restoreFixture.run(ALL);

        // Then
        assertEquals(List.of(made.tagLink(APP, "v1")), restoreFixture.target().writtenKeys());
        assertEquals(2, asked(restoreFixture.target().requests()));
    }

    private static long asked(List<Request> requests) {
        return requests.stream()
                .filter(request -> request.operation() != Operation.LIST && request.operation() != Operation.BUCKET)
                .count();
    }

    /** As events bring it, with whatever that records. */
    private void replicate() {
        InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
        made.writeTo(registry::seed);
        try (ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, restoreFixture.backupBucket())) {
            replicatorFixture.replicateAll(made.keys());
        }
    }

    private void lose(Digest blob) {
        lose(made.blobKey(blob));
    }

    private void lose(String key) {
        restoreFixture
                .backupBucket()
                .delete(
                        key,
                        restoreFixture.backupBucket().head(key).orElseThrow().versionId());
    }

    private void assertRestoredAllBut(String... keys) {
        Set<String> expected = new TreeSet<>(made.backedUpObjects().keySet());
        expected.removeAll(Set.of(keys));
        assertEquals(expected, restoreFixture.restoredContent().keySet());
    }

    private Digest digestOfNothing() {
        return Digest.of(DigestAlgorithm.SHA256, made.bytes(10));
    }
}
