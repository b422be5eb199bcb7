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
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.BlockedLinks.LinkState;
import dev.registrybackup.replication.ReplicatorFixture;
import dev.registrybackup.restore.Restore.RestoreResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A restore judges images by what they refer to, and by nothing that was recorded of them: of everything while it writes,
 * of a repository before.
 */
class FullRestoreTest {
    private static final String ALL = "{'scope':{'all':true}}";
    private static final String REPOSITORY = "{'scope':{'repository':'ns/app'}}";
    private static final String APP = "ns/app";

    private final RandomRegistry made = new RandomRegistry(1);
    private final RestoreFixture fixture = new RestoreFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL, REPOSITORY})
    void aSparseIndexAndItsTagComeBack(String request) {
        // Given
        Digest never = digestOfNothing();
        Digest index = made.index(APP, made.image(APP, made.layer(APP, 100)), never);
        made.tag(APP, "v1", index);
        replicate();

        // When
        RestoreResult result = fixture.run(request);

        // Then
        assertTrue(result.isComplete());
        assertEquals(RestoreFixture.texts(made.backedUpObjects()), fixture.restoredContent());
        assertEquals(Map.of(FindingCode.INDEX_SPARSE, 1L), fixture.progress().findingCounts());
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
        RestoreResult result = fixture.run(ALL);

        // Then
        assertTrue(result.isComplete());
        assertEquals(Map.of(), fixture.progress().findingCounts());
        assertRestoredAllBut(made.layerLink(APP, foreign));
    }

    @Test
    void recordedLinksThatAreCompleteAreRestored() {
        // Given
        Digest layer = made.layer(APP, 100);
        Digest image = made.image(APP, layer);
        made.tag(APP, "v1", image);
        fixture.withBackupOf(made);
        for (LinkState why : LinkState.values()) {
            fixture.backupBucket()
                    .seed(why.prefix() + "sha256/" + layer.hex() + "/" + made.revisionLink(APP, image), new byte[0]);
        }

        // When
        RestoreResult result = fixture.run(ALL);

        // Then
        assertTrue(result.isComplete());
        assertEquals(RestoreFixture.texts(made.backedUpObjects()), fixture.restoredContent());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                ALL + ", \"not written, because these could not be copied: [%s]\"",
                REPOSITORY + ", \"left out, because %s is missing from the backup or corrupt\""
            })
    void nothingAboveALayerThatTheBackupLostIsWritten(String request, String problem) {
        // Given
        Digest lost = made.layer(APP, 100);
        Digest broken = made.image(APP, lost);
        made.tag(APP, "broken", broken);
        Digest index = made.index(APP, broken, made.image(APP, made.layer(APP, 10)));
        made.tag(APP, "index", index);
        fixture.withBackupOf(made);
        lose(lost);

        // When
        RestoreResult result = fixture.run(request);

        // Then
        assertFalse(result.isComplete());
        Set<String> expected = new TreeSet<>(made.backedUpObjects().keySet());
        expected.removeAll(Set.of(
                made.blobKey(lost),
                made.revisionLink(APP, broken),
                made.tagIndexLink(APP, "broken", broken),
                made.tagLink(APP, "broken"),
                made.revisionLink(APP, index),
                made.tagIndexLink(APP, "index", index),
                made.tagLink(APP, "index")));
        Set<String> restored = new TreeSet<>(fixture.restoredContent().keySet());
        assertFalse(restored.contains(made.layerLink(APP, lost)));
        // Only a restore of everything writes the link of the broken image's config.
        expected.removeIf(key -> key.contains("/_layers/"));
        restored.removeIf(key -> key.contains("/_layers/"));
        assertEquals(expected, restored);
        assertEquals(Map.of(FindingCode.BLOB_MISSING, 2L), fixture.progress().findingCounts());
        assertTrue(fixture.progress().firstFindings().stream()
                .anyMatch(finding -> finding.problem().equals(problem.formatted(lost))));
    }

    @Test
    void anIndexAboveAPushedManifestThatTheBackupLostIsNotSparse() {
        // Given
        Digest lost = made.image(APP, made.layer(APP, 100));
        Digest index = made.index(APP, lost);
        made.tag(APP, "v1", index);
        fixture.withBackupOf(made);
        lose(lost);

        // When
        RestoreResult result = fixture.run(ALL);

        // Then
        assertFalse(result.isComplete());
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
        fixture.withBackupOf(made);
        lose(layer);
        fixture.targetBucket().seed(made.blobKey(layer), made.content(made.blobKey(layer)));

        // When
        RestoreResult result = fixture.run(ALL);

        // Then
        assertTrue(result.isComplete());
        assertEquals(RestoreFixture.texts(made.backedUpObjects()), fixture.restoredContent());
    }

    @Test
    void aTagWhoseRevisionLinkIsLostRestoresItAsItsScopeAloneDoes() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        fixture.withBackupOf(made);
        lose(made.revisionLink(APP, image));

        // When
        RestoreResult result = fixture.run(ALL);

        // Then
        assertTrue(result.isComplete());
        assertTrue(fixture.restoredContent().containsKey(made.tagLink(APP, "v1")));
        assertTrue(fixture.restoredContent().containsKey(made.revisionLink(APP, image)));
    }

    @Test
    void aTagThatMovesAfterItWasListedIsLeftOutOfARestoreOfEverythingAndReported() {
        // Given
        Digest old = made.image(APP, made.layer(APP, 100));
        Digest moved = made.image(APP, made.layer(APP, 10));
        made.tag(APP, "v1", old);
        fixture.withBackupOf(made);
        fixture.targetBucket().seed(made.tagLink(APP, "v1"), LinkContent.of(digestOfNothing()));
        lose(made.tagIndexLink(APP, "v1", old));
        Deque<Digest> moves = new ArrayDeque<>(List.of(digestOfNothing(), old, moved));
        beforeTheTagIsRead(() -> fixture.backupBucket().seed(made.tagLink(APP, "v1"), LinkContent.of(moves.remove())));

        // When
        RestoreResult result = fixture.run("{'scope':{'all':true},'overwriteTags':true}");

        // Then
        assertFalse(result.isComplete());
        assertEquals(Map.of(FindingCode.UNDETERMINED, 1L), fixture.progress().findingCounts());
        fixture.backup().heal();
        assertTrue(fixture.run("{'scope':{'all':true},'overwriteTags':true}").isComplete());
        assertEquals(moved.toString(), fixture.restoredContent().get(made.tagLink(APP, "v1")));
    }

    @Test
    void aTagThatMovesAfterItWasListedComesWithItsNewImage() {
        // Given
        Digest old = made.image(APP, made.layer(APP, 100));
        Digest moved = made.image(APP, made.layer(APP, 10));
        made.tag(APP, "v1", old);
        fixture.withBackupOf(made);
        lose(made.tagIndexLink(APP, "v1", old));
        beforeTheTagIsRead(() -> fixture.backupBucket().seed(made.tagLink(APP, "v1"), LinkContent.of(moved)));

        // When
        RestoreResult result = fixture.run(REPOSITORY);

        // Then
        assertTrue(result.isComplete());
        assertEquals(moved.toString(), fixture.restoredContent().get(made.tagLink(APP, "v1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL, REPOSITORY})
    void aTagThatIsPrunedAfterItWasListedIsLeftOut(String request) {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", image);
        fixture.withBackupOf(made);
        lose(made.tagIndexLink(APP, "v1", image));
        beforeTheTagIsRead(() -> fixture.backupBucket().delete(made.tagLink(APP, "v1"), Optional.empty()));

        // When
        RestoreResult result = fixture.run(request);

        // Then
        assertTrue(result.isComplete());
        assertRestoredAllBut(made.tagLink(APP, "v1"), made.tagIndexLink(APP, "v1", image));
    }

    /** The tag has no history, so the listing does not show where it points to. */
    private void beforeTheTagIsRead(Runnable change) {
        fixture.backup().beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(made.tagLink(APP, "v1"))) {
                change.run();
            }
        });
    }

    @Test
    void aTagToNowhereIsNotWritten() {
        // Given
        Digest nowhere = digestOfNothing();
        made.tag(APP, "v1", nowhere);
        fixture.withBackupOf(made);

        // When
        RestoreResult result = fixture.run(ALL);

        // Then
        assertFalse(result.isComplete());
        assertEquals(Map.of(), fixture.restoredContent());
        assertEquals(Map.of(FindingCode.BLOB_MISSING, 1L), fixture.progress().findingCounts());
    }

    @Test
    void theHistoryOfATagLeavesOutWhatIsGoneForGood() {
        // Given
        Digest old = made.image(APP, made.layer(APP, 100));
        made.tag(APP, "v1", old);
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 10)));
        fixture.withBackupOf(made);
        lose(old);
        lose(made.revisionLink(APP, old));

        // When
        RestoreResult result = fixture.run(ALL);

        // Then
        assertTrue(result.isComplete());
        assertRestoredAllBut(made.blobKey(old), made.revisionLink(APP, old), made.tagIndexLink(APP, "v1", old));
    }

    @Test
    void objectsCopiedByThisRunAreNotAskedFor() {
        // Given
        Digest shared = made.layer(APP, 100);
        made.tag(APP, "v1", made.image(APP, shared));
        made.tag(APP, "v2", made.image(APP, shared, made.layer(APP, 10)));
        fixture.withBackupOf(made);

        // When
        fixture.run(ALL);

        // Then
        assertEquals(made.backedUpObjects().size(), asked(fixture.target().requests()));
        String repositories = made.layout().repositoriesPrefix();
        // Once to count, and once to write.
        assertEquals(
                2,
                fixture.target().requests().stream()
                        .filter(new Request(Operation.LIST, repositories)::equals)
                        .count());
        assertEquals(
                2,
                fixture.backup().requests().stream()
                        .filter(new Request(Operation.LIST, repositories)::equals)
                        .count());
        for (String key : made.backedUpObjects().keySet()) {
            // A link's ETag shows what it contains. A manifest is read once more for its revision link.
            boolean isManifest = new String(made.content(key), StandardCharsets.UTF_8).startsWith("{\"schemaVersion\"");
            boolean isBlob = key.startsWith(made.layout().blobsPrefix());
            List<Operation> expected = Collections.nCopies(isManifest ? 2 : isBlob ? 1 : 0, Operation.OPEN);
            assertEquals(
                    expected,
                    fixture.backup().requests().stream()
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
        fixture.withBackupOf(made);

        // When
        RestoreResult result = fixture.run(ALL);

        // Then
        assertTrue(result.isComplete());
        assertRestoredAllBut();
        assertEquals(Set.of(), made.linksBeforeTheirTargets(fixture.target().writtenKeys()));
    }

    @Test
    void aTagAloneCostsOneRequestMoreForTheRevisionThatIsThere() {
        // Given
        made.tag(APP, "v1", made.image(APP, made.layer(APP, 100)));
        fixture.withBackupOf(made);
        fixture.run(ALL);
        fixture.targetBucket().delete(made.tagLink(APP, "v1"), Optional.empty());
        fixture.target().clearRequests();

        // When
        fixture.run(ALL);

        // Then
        assertEquals(List.of(made.tagLink(APP, "v1")), fixture.target().writtenKeys());
        assertEquals(2, asked(fixture.target().requests()));
    }

    private static long asked(List<Request> requests) {
        return requests.stream()
                .filter(request -> request.operation() != Operation.LIST && request.operation() != Operation.BUCKET)
                .count();
    }

    /** Replicates everything as events do, with its records. */
    private void replicate() {
        InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
        made.writeTo(registry::seed);
        try (ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, fixture.backupBucket())) {
            replicatorFixture.replicateAll(made.keys());
        }
    }

    private void lose(Digest blob) {
        lose(made.blobKey(blob));
    }

    private void lose(String key) {
        fixture.backupBucket()
                .delete(key, fixture.backupBucket().head(key).orElseThrow().versionId());
    }

    private void assertRestoredAllBut(String... keys) {
        Set<String> expected = new TreeSet<>(made.backedUpObjects().keySet());
        expected.removeAll(Set.of(keys));
        assertEquals(expected, fixture.restoredContent().keySet());
    }

    private Digest digestOfNothing() {
        return Digest.of(DigestAlgorithm.SHA256, made.bytes(10));
    }
}
