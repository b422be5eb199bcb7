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
import org.junit.jupiter.api.AutoClose;
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

    @AutoClose
    private VerifierFixture fixture = createFixture();

    private VerifierFixture createFixture() {
        registry.tag(APP, "latest", index);
        return new VerifierFixture(registry);
    }

    /** Begins anew, with what was pushed meanwhile. */
    private void setUp() {
        fixture.close();
        fixture = new VerifierFixture(registry);
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
        fixture.remove(registry.blobKey(layer));

        // When
        fixture.verify(CONTENT);

        // Then
        assertEquals(List.of(), fixture.store.writtenKeys());
        assertFalse(fixture.store.requests().stream().anyMatch(request -> request.operation() == Operation.DELETE));
    }

    @Test
    void aLayerThatIsNotThereIsReportedOnceWhoeverNeedsIt() {
        // Given
        fixture.remove(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(
                Set.of("BLOB_MISSING " + layer, "LINK_DANGLING " + registry.layerLink(APP, layer)), fixture.findings());
        assertEquals(2, fixture.findings.size());
        assertEquals(3, verifySummary.images().incomplete());
        assertTrue(verifySummary.hasFindings());
    }

    @Test
    void aManifestThatIsNotThereIsMissingAndItsLinkDangles() {
        // Given
        fixture.remove(registry.blobKey(image));

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(
                Set.of("BLOB_MISSING " + image, "LINK_DANGLING " + registry.revisionLink(APP, image)),
                fixture.findings());
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
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), fixture.findings());
        assertEquals(4, verifySummary.images().complete());
    }

    @Test
    void aTruncatedLayerIsFoundByItsSize() {
        // Given
        fixture.bucket.seed(registry.blobKey(layer), Arrays.copyOf(registry.content(registry.blobKey(layer)), 1999));

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_TRUNCATED " + layer), fixture.findings());
        assertEquals(3, verifySummary.images().incomplete());
    }

    @Test
    void aManifestThatSaysAWrongSizeIsDistinguishedFromATruncatedLayer() {
        // Given
        Digest liar = registry.manifest(
                APP, "{\"layers\":[%s]}".formatted(registry.descriptor(layer).replace(":2000", ":2001")), layer);
        setUp();

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_TRUNCATED " + APP + "@" + liar), fixture.findings());
        assertEquals(0, verifySummary.images().incomplete());
    }

    @Test
    void aCorruptLayerIsFoundWhenBytesAreReadAndNotWhereOnlyExistenceIsAskedFor() {
        // Given
        fixture.corrupt(registry.blobKey(layer));

        // When
        fixture.verify(EXISTENCE);
        Set<String> byExistence = fixture.findings();
        VerifySummary verifySummary = fixture.verify(CONTENT);

        // Then
        assertEquals(Set.of(), byExistence);
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + layer), fixture.findings());
        assertEquals(3, verifySummary.images().incomplete());
    }

    @Test
    void aCorruptManifestIsFoundAtAnyDepth() {
        // Given
        fixture.corrupt(registry.blobKey(image));

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + image), fixture.findings());
        assertEquals(2, verifySummary.images().incomplete());
    }

    @Test
    void aCorruptBlobThatNothingNeedsIsFoundToo() {
        // Given
        Digest orphan = registry.blob(registry.bytes(100));
        setUp();
        fixture.corrupt(registry.blobKey(orphan));

        // When
        fixture.verify(CONTENT);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + orphan), fixture.findings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "revision", "history", "tag"})
    void anEmptyLinkIsFound(String kind) {
        // Given
        fixture.bucket.seed(link(kind), new byte[0]);

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_EMPTY " + link(kind)), fixture.findings());
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
        fixture.bucket.seed(link(kind), (layer + "\n").getBytes(StandardCharsets.US_ASCII));

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_MALFORMED " + link(kind)), fixture.findings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "revision", "history"})
    void aLinkThatSaysAnotherDigestThanItsPathIsFound(String kind) {
        // Given
        fixture.bucket.seed(link(kind), LinkContent.of(other));

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_MALFORMED " + link(kind)), fixture.findings());
    }

    @Test
    void aLinkWhoseLayerNobodyNeedsDangles() {
        // Given
        Digest unneeded = registry.layer(APP, 10);
        setUp();
        fixture.remove(registry.blobKey(unneeded));

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_DANGLING " + registry.layerLink(APP, unneeded)), fixture.findings());
    }

    @Test
    void aManifestWhoseRepositoryHasNoLinkToALayerIsFound() {
        // Given
        fixture.remove(registry.layerLink(APP, layer));

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LAYER_LINK_MISSING " + registry.layerLink(APP, layer)), fixture.findings());
        assertEquals(3, verifySummary.images().complete());
    }

    @Test
    void aRevisionThatIsNoManifestIsFound() {
        // Given
        Digest text = registry.manifest(APP, "no manifest");
        setUp();

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("REVISION_UNPARSABLE " + APP + "@" + text), fixture.findings());
    }

    @Test
    void aTagThatPointsToNoRevisionOfItsRepositoryOrHasOnlyAHistoryDangles() {
        // Given
        Digest elsewhere = registry.manifest("team/elsewhere", "{\"manifests\":[]}");
        registry.tag(APP, "moved", elsewhere);
        setUp();
        fixture.remove(registry.tagLink(APP, "latest"));

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("TAG_DANGLING " + APP + ":moved", "TAG_DANGLING " + APP + ":latest"), fixture.findings());
    }

    @Test
    void anIndexWhoseChildWasNeverPushedIsSparseAndComplete() {
        // Given
        Digest absent = Digest.of(DigestAlgorithm.SHA256, registry.bytes(10));
        registry.index(APP, image, absent);
        setUp();

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("INDEX_SPARSE " + APP + "@" + absent), fixture.findings());
        assertEquals(4, verifySummary.images().complete());
    }

    @Test
    void anIndexWhoseChildHasNoRevisionLinkIsSparse() {
        // Given
        fixture.remove(registry.revisionLink(APP, image));

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("INDEX_SPARSE " + APP + "@" + image), fixture.findings());
    }

    @Test
    void aBlobThatNothingNeedsIsAnOrphanAfterADayAndNotBefore() {
        // Given
        Digest orphan = registry.blob(registry.bytes(100));
        setUp();
        fixture.clock.advance(Duration.ofHours(24).minusSeconds(1));

        // When
        fixture.verify(EXISTENCE);
        Set<String> before = fixture.findings();
        fixture.clock.advance(Duration.ofSeconds(1));
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), before);
        assertEquals(Set.of("ORPHAN_BLOB " + orphan), fixture.findings());
        assertFalse(verifySummary.hasFindings());
        assertEquals("ok", verifySummary.outcome());
    }

    @Test
    void blobsThatAnUnreadableManifestMayNeedAreNotOrphans() {
        // Given
        fixture.corrupt(registry.blobKey(image));
        fixture.clock.advance(Duration.ofDays(2));

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + image), fixture.findings());
    }

    @Test
    void anUploadIsStaleOnceItsNewestFileIsAWeekOld() {
        // Given
        String upload = registry.layout().prefix() + "repositories/" + APP + "/_uploads/5d2c/";
        fixture.bucket.seed(upload + "startedat", new byte[] {1});
        fixture.clock.advance(Duration.ofHours(1));
        fixture.bucket.seed(upload + "hashstates/sha256/10", new byte[] {1});
        fixture.bucket.seed(
                registry.layout().prefix() + "repositories/" + APP + "/_uploads/6e3d/startedat", new byte[] {1});
        fixture.clock.advance(Duration.ofDays(7));
        fixture.bucket.seed(registry.layout().prefix() + "repositories/" + APP + "/_uploads/6e3d/data", new byte[] {1});

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("STALE_UPLOAD " + upload), fixture.findings());
    }

    @Test
    void keysThatNoRegistryWritesAreUnknownObjects() {
        // Given
        List<String> keys = List.of(
                registry.blobKey(layer) + ".tmp",
                registry.layout().prefix() + "repositories/" + APP + "/_layers/",
                registry.layout().prefix() + "repositories/" + APP + "/notes.txt",
                "scheduler-state.json");
        keys.forEach(key -> fixture.bucket.seed(key, new byte[0]));
        fixture.bucket.seed("registry-backup/our-own", new byte[0]);

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.copyOf(keys), fixture.findings(FindingCode.UNKNOWN_OBJECT));
        assertEquals(keys.size(), fixture.findings.size());
    }

    @Test
    void aLayerKnownBySha512IsTheBlobThatItsLinkNames() {
        // Given
        byte[] content = registry.bytes(77);
        Digest kept = registry.blob(content);
        Digest named = Digest.of(DigestAlgorithm.SHA512, content);
        registry.manifest(APP, "{\"layers\":[{\"digest\":\"%s\",\"size\":77}]}".formatted(named));
        setUp();
        fixture.bucket.seed(
                registry.layout().keyOf(new LayerLink(new RepositoryName(APP), named)), LinkContent.of(kept));
        fixture.clock.advance(Duration.ofDays(2));

        // When
        VerifySummary verifySummary = fixture.verify(CONTENT);

        // Then
        assertEquals(Set.of(), fixture.findings());
        assertEquals(4, verifySummary.images().complete());
    }

    @Test
    void findingsAreCountedByCodeAndBySeverity() {
        // Given
        fixture.remove(registry.blobKey(layer));
        fixture.bucket.seed("notes.txt", new byte[0]);

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(
                Map.of(FindingCode.BLOB_MISSING, 1L, FindingCode.LINK_DANGLING, 1L, FindingCode.UNKNOWN_OBJECT, 1L),
                verifySummary.findings());
        assertEquals(
                verifySummary.findings(), fixture.progressTracker.progress().findingCounts());
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
        VerifySummary verifySummary = fixture.verify(CONTENT);

        // Then
        assertEquals(registry.keys().size(), verifySummary.objects());
        assertEquals(blobs + manifests, verifySummary.bytes());
        assertEquals(blobs + manifests, fixture.progressTracker.progress().bytesTotal());
        assertEquals(blobs + manifests, fixture.progressTracker.progress().bytesDone());
    }
}
