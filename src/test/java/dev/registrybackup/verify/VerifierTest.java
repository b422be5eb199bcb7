package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RepositoryName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VerifierTest {
    private static final String APP = "team/app";
    private static final String EXISTENCE = "{\"store\":\"registry\"}";
    private static final String CONTENT = "{\"store\":\"registry\",\"depth\":\"content\"}";

    private final RandomRegistry registry = new RandomRegistry(1);
    private final Digest layer = registry.layer(APP, 2000);
    private final Digest image = registry.image(APP, layer, registry.layer(APP, 3000));
    private final Digest other = registry.image(APP, layer);
    private final Digest index = registry.index(APP, image, other);
    private VerifierFixture verifierFixture = createFixture();

    private VerifierFixture createFixture() {
        registry.tag(APP, "latest", index);
        return new VerifierFixture(registry);
    }

    /** Begins anew, with what was pushed meanwhile. */
    private void setUp() {
        verifierFixture.close();
        verifierFixture = new VerifierFixture(registry);
    }

    @AfterEach
    void close() {
        verifierFixture.close();
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"})
    void anIntactRegistryHasNoFindings(long seed) {
        // Given
        try (VerifierFixture undamaged = new VerifierFixture(RandomRegistry.random(seed))) {

            // When
            VerifySummary verifySummary = undamaged.verify(CONTENT);

            // Then
            assertEquals(Set.of(), undamaged.findings());
            assertEquals("ok", verifySummary.outcome());
            assertEquals(
                    0,
                    verifySummary.images().incomplete() + verifySummary.images().unknown());
            assertTrue(verifySummary.images().complete() > 0);
        }
    }

    @Test
    void nothingIsWrittenToTheStore() {
        // Given
        verifierFixture.remove(registry.blobKey(layer));

        // When
        verifierFixture.verify(CONTENT);

        // Then
        assertEquals(List.of(), verifierFixture.store.writtenKeys());
        assertFalse(
                verifierFixture.store.requests().stream().anyMatch(request -> request.operation() == Operation.DELETE));
    }

    @Test
    void aLayerThatIsNotThereIsReportedOnceWhoeverNeedsIt() {
        // Given
        verifierFixture.remove(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(
                Set.of("BLOB_MISSING " + layer, "LINK_DANGLING " + registry.layerLink(APP, layer)),
                verifierFixture.findings());
        assertEquals(2, verifierFixture.findings.size());
        assertEquals(3, verifySummary.images().incomplete());
        assertTrue(verifySummary.hasFindings());
    }

    @Test
    void aManifestThatIsNotThereIsMissingAndItsLinkDangles() {
        // Given
        verifierFixture.remove(registry.blobKey(image));

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(
                Set.of("BLOB_MISSING " + image, "LINK_DANGLING " + registry.revisionLink(APP, image)),
                verifierFixture.findings());
        assertEquals(2, verifySummary.images().incomplete());
        assertEquals(1, verifySummary.images().complete());
    }

    @Test
    void aForeignLayerMayBeAbsent() {
        // Given
        Digest config = registry.layer(APP, 50);
        registry.manifest(
                APP,
                "{\"config\":%s,\"layers\":[{\"digest\":\"sha256:%s\",\"size\":5,\"urls\":[\"https://example.test\"]}]}"
                        .formatted(registry.descriptor(config), "ab".repeat(32)));
        setUp();

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), verifierFixture.findings());
        assertEquals(4, verifySummary.images().complete());
    }

    @Test
    void aTruncatedLayerIsFoundByItsSize() {
        // Given
        verifierFixture.bucket.seed(
                registry.blobKey(layer), Arrays.copyOf(registry.content(registry.blobKey(layer)), 1999));

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_TRUNCATED " + layer), verifierFixture.findings());
        assertEquals(3, verifySummary.images().incomplete());
    }

    @Test
    void aManifestThatSaysAWrongSizeIsDistinguishedFromATruncatedLayer() {
        // Given
        Digest liar = registry.manifest(
                APP, "{\"layers\":[%s]}".formatted(registry.descriptor(layer).replace(":2000", ":2001")), layer);
        setUp();

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_TRUNCATED " + APP + "@" + liar), verifierFixture.findings());
        assertEquals(0, verifySummary.images().incomplete());
    }

    @Test
    void aCorruptLayerIsFoundWhenBytesAreRead() {
        // Given
        verifierFixture.corrupt(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = verifierFixture.verify(CONTENT);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + layer), verifierFixture.findings());
        assertEquals(3, verifySummary.images().incomplete());
    }

    @Test
    void aCorruptLayerIsNotFoundWhereOnlyExistenceIsAskedFor() {
        // Given
        verifierFixture.corrupt(registry.blobKey(layer));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), verifierFixture.findings());
    }

    @Test
    void aCorruptManifestIsFoundAtAnyDepth() {
        // Given
        verifierFixture.corrupt(registry.blobKey(image));

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + image), verifierFixture.findings());
        assertEquals(2, verifySummary.images().incomplete());
    }

    @Test
    void aCorruptBlobThatNothingNeedsIsFoundToo() {
        // Given
        Digest orphan = registry.blob(registry.bytes(100));
        setUp();
        verifierFixture.corrupt(registry.blobKey(orphan));

        // When
        verifierFixture.verify(CONTENT);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + orphan), verifierFixture.findings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "revision", "history", "tag"})
    void anEmptyLinkIsFound(String kind) {
        // Given
        verifierFixture.bucket.seed(link(kind), new byte[0]);

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_EMPTY " + link(kind)), verifierFixture.findings());
        assertEquals(3, verifySummary.images().complete());
    }

    private String link(String kind) {
        return switch (kind) {
            case "layer" -> registry.layerLink(APP, layer);
            case "revision" -> registry.revisionLink(APP, image);
            case "history" -> registry.tagIndexLink(APP, "latest", index);
            case "tag" -> registry.tagLink(APP, "latest");
            default -> throw new IllegalArgumentException(kind);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "revision", "history", "tag"})
    void aLinkThatIsNoDigestIsFound(String kind) {
        // Given
        verifierFixture.bucket.seed(link(kind), (layer + "\n").getBytes(StandardCharsets.US_ASCII));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_MALFORMED " + link(kind)), verifierFixture.findings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "revision", "history"})
    void aLinkThatSaysAnotherDigestThanItsPathIsFound(String kind) {
        // Given
        verifierFixture.bucket.seed(link(kind), LinkContent.of(other));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_MALFORMED " + link(kind)), verifierFixture.findings());
    }

    @Test
    void aLinkWhoseLayerNobodyNeedsDangles() {
        // Given
        Digest unneeded = registry.layer(APP, 10);
        setUp();
        verifierFixture.remove(registry.blobKey(unneeded));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_DANGLING " + registry.layerLink(APP, unneeded)), verifierFixture.findings());
    }

    @Test
    void aManifestWhoseRepositoryHasNoLinkToALayerIsFound() {
        // Given
        verifierFixture.remove(registry.layerLink(APP, layer));

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LAYER_LINK_MISSING " + registry.layerLink(APP, layer)), verifierFixture.findings());
        assertEquals(3, verifySummary.images().complete());
    }

    @Test
    void aRevisionThatIsNoManifestIsFound() {
        // Given
        Digest text = registry.manifest(APP, "no manifest");
        setUp();

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("REVISION_UNPARSABLE " + APP + "@" + text), verifierFixture.findings());
    }

    @Test
    void aTagThatPointsToNoRevisionOfItsRepositoryDangles() {
        // Given
        Digest elsewhere = registry.manifest("team/elsewhere", "{\"manifests\":[]}");
        registry.tag(APP, "moved", elsewhere);
        setUp();

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("TAG_DANGLING " + APP + ":moved"), verifierFixture.findings());
    }

    @Test
    void aTagThatHasAHistoryAndPointsNowhereDangles() {
        // Given
        verifierFixture.remove(registry.tagLink(APP, "latest"));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("TAG_DANGLING " + APP + ":latest"), verifierFixture.findings());
    }

    @Test
    void anIndexWhoseChildWasNeverPushedIsSparseAndComplete() {
        // Given
        Digest absent = Digest.of(DigestAlgorithm.SHA256, registry.bytes(10));
        registry.index(APP, image, absent);
        setUp();

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("INDEX_SPARSE " + APP + "@" + absent), verifierFixture.findings());
        assertEquals(4, verifySummary.images().complete());
    }

    @Test
    void anIndexWhoseChildHasNoRevisionLinkIsSparse() {
        // Given
        verifierFixture.remove(registry.revisionLink(APP, image));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("INDEX_SPARSE " + APP + "@" + image), verifierFixture.findings());
    }

    @Test
    void aBlobThatNothingNeedsIsAnOrphanAfterADay() {
        // Given
        Digest orphan = registry.blob(registry.bytes(100));
        setUp();
        verifierFixture.clock.advance(Duration.ofHours(24));

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("ORPHAN_BLOB " + orphan), verifierFixture.findings());
        assertFalse(verifySummary.hasFindings());
        assertEquals("ok", verifySummary.outcome());
    }

    @Test
    void aBlobThatNothingNeedsYetIsNoOrphanForADay() {
        // Given
        registry.blob(registry.bytes(100));
        setUp();
        verifierFixture.clock.advance(Duration.ofHours(24).minusSeconds(1));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), verifierFixture.findings());
    }

    @Test
    void blobsThatAnUnreadableManifestMayNeedAreNotOrphans() {
        // Given
        verifierFixture.corrupt(registry.blobKey(image));
        verifierFixture.clock.advance(Duration.ofDays(2));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + image), verifierFixture.findings());
    }

    @Test
    void anUploadIsStaleOnceItsNewestFileIsAWeekOld() {
        // Given
        String upload = registry.layout().prefix() + "repositories/" + APP + "/_uploads/5d2c/";
        verifierFixture.bucket.seed(upload + "startedat", new byte[] {1});
        verifierFixture.clock.advance(Duration.ofHours(1));
        verifierFixture.bucket.seed(upload + "hashstates/sha256/10", new byte[] {1});
        verifierFixture.bucket.seed(
                registry.layout().prefix() + "repositories/" + APP + "/_uploads/6e3d/startedat", new byte[] {1});
        verifierFixture.clock.advance(Duration.ofDays(7));
        verifierFixture.bucket.seed(
                registry.layout().prefix() + "repositories/" + APP + "/_uploads/6e3d/data", new byte[] {1});

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("STALE_UPLOAD " + upload), verifierFixture.findings());
    }

    @Test
    void keysThatNoRegistryWritesAreUnknownObjects() {
        // Given
        List<String> keys = List.of(
                registry.blobKey(layer) + ".tmp",
                registry.layout().prefix() + "repositories/" + APP + "/_layers/",
                registry.layout().prefix() + "repositories/" + APP + "/notes.txt",
                "scheduler-state.json");
        keys.forEach(key -> verifierFixture.bucket.seed(key, new byte[0]));

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.copyOf(keys), verifierFixture.findings(FindingCode.UNKNOWN_OBJECT));
        assertEquals(keys.size(), verifierFixture.findings.size());
    }

    @Test
    void ourOwnBookkeepingIsNoUnknownObject() {
        // Given
        verifierFixture.bucket.seed("registry-backup/verified", new byte[0]);

        // When
        verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), verifierFixture.findings());
    }

    @Test
    void aLayerKnownBySha512IsTheBlobThatItsLinkNames() {
        // Given
        byte[] content = registry.bytes(77);
        Digest kept = registry.blob(content);
        Digest named = Digest.of(DigestAlgorithm.SHA512, content);
        registry.manifest(APP, "{\"layers\":[{\"digest\":\"%s\",\"size\":77}]}".formatted(named));
        setUp();
        verifierFixture.bucket.seed(
                registry.layout().keyOf(new LayerLink(new RepositoryName(APP), named)), LinkContent.of(kept));
        verifierFixture.clock.advance(Duration.ofDays(2));

        // When
        VerifySummary verifySummary = verifierFixture.verify(CONTENT);

        // Then
        assertEquals(Set.of(), verifierFixture.findings());
        assertEquals(4, verifySummary.images().complete());
    }

    @Test
    void findingsAreCountedByCodeAndBySeverity() {
        // Given
        verifierFixture.remove(registry.blobKey(layer));
        verifierFixture.bucket.seed("notes.txt", new byte[0]);

        // When
        VerifySummary verifySummary = verifierFixture.verify(EXISTENCE);

        // Then
        assertEquals(
                Map.of(FindingCode.BLOB_MISSING, 1L, FindingCode.LINK_DANGLING, 1L, FindingCode.UNKNOWN_OBJECT, 1L),
                verifySummary.findings());
        assertEquals(
                verifySummary.findings(),
                verifierFixture.progressTracker.progress().findingCounts());
        assertEquals(
                "{\"critical\":1,\"error\":1,\"warning\":1}",
                verifySummary.json().path("severities").toString());
    }

    @Test
    void bytesAndObjectsAreCounted() {
        // Given
        long blobs = registry.objects().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(registry.layout().blobsPrefix()))
                .mapToLong(entry -> entry.getValue().length)
                .sum();
        long manifests = List.of(image, other, index).stream()
                .mapToLong(manifest -> registry.content(registry.blobKey(manifest)).length)
                .sum();

        // When
        VerifySummary verifySummary = verifierFixture.verify(CONTENT);

        // Then
        assertEquals(registry.keys().size(), verifySummary.objects());
        assertEquals(blobs + manifests, verifySummary.bytes());
        assertEquals(
                blobs + manifests, verifierFixture.progressTracker.progress().bytesTotal());
        assertEquals(
                blobs + manifests, verifierFixture.progressTracker.progress().bytesDone());
    }
}
