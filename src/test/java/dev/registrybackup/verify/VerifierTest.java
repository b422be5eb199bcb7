package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.store.RecordingObjectStore.Operation;
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
    private Bench bench = bench();

    private Bench bench() {
        registry.tag(APP, "latest", index);
        return new Bench(registry);
    }

    /** Begins anew, with what was pushed meanwhile. */
    private void pushed() {
        bench.close();
        bench = new Bench(registry);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"})
    void anUndamagedRegistryHasNoFindings(long seed) {
        // Given
        try (Bench undamaged = new Bench(RandomRegistry.filled(seed))) {

            // When
            Summary summary = undamaged.verify(CONTENT);

            // Then
            assertEquals(Set.of(), undamaged.found());
            assertEquals("good", summary.outcome());
            assertEquals(0, summary.imagesLacking() + summary.imagesUntold());
            assertTrue(summary.imagesWhole() > 0);
        }
    }

    @Test
    void nothingIsWrittenToTheStore() {
        // Given
        bench.remove(registry.blobKey(layer));

        // When
        bench.verify(CONTENT);

        // Then
        assertEquals(List.of(), bench.store.written());
        assertFalse(bench.store.requests().stream().anyMatch(request -> request.operation() == Operation.REMOVE));
    }

    @Test
    void aLayerThatIsNotThereIsReportedOnceWhoeverNeedsIt() {
        // Given
        bench.remove(registry.blobKey(layer));

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_MISSING " + layer, "LINK_DANGLING " + registry.layerLink(APP, layer)), bench.found());
        assertEquals(2, bench.findings.size());
        assertEquals(3, summary.imagesLacking());
        assertTrue(summary.hasFindings());
    }

    @Test
    void aManifestThatIsNotThereIsMissingAndItsLinkDangles() {
        // Given
        bench.remove(registry.blobKey(image));

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(
                Set.of("BLOB_MISSING " + image, "LINK_DANGLING " + registry.revisionLink(APP, image)), bench.found());
        assertEquals(2, summary.imagesLacking());
        assertEquals(1, summary.imagesWhole());
    }

    @Test
    void aForeignLayerMayBeAbsent() {
        // Given
        Digest config = registry.layer(APP, 50);
        registry.manifest(
                APP,
                "{\"config\":%s,\"layers\":[{\"digest\":\"sha256:%s\",\"size\":5,\"urls\":[\"https://example.test\"]}]}"
                        .formatted(registry.descriptor(config), "ab".repeat(32)));
        pushed();

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), bench.found());
        assertEquals(4, summary.imagesWhole());
    }

    @Test
    void aTruncatedLayerIsToldByItsSize() {
        // Given
        bench.bucket.seed(registry.blobKey(layer), Arrays.copyOf(registry.content(registry.blobKey(layer)), 1999));

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_TRUNCATED " + layer), bench.found());
        assertEquals(3, summary.imagesLacking());
    }

    @Test
    void aManifestThatSaysAWrongSizeIsToldFromATruncatedLayer() {
        // Given
        Digest liar = registry.manifest(
                APP, "{\"layers\":[%s]}".formatted(registry.descriptor(layer).replace(":2000", ":2001")), layer);
        pushed();

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_TRUNCATED " + APP + "@" + liar), bench.found());
        assertEquals(0, summary.imagesLacking());
    }

    @Test
    void aCorruptLayerIsFoundWhenBytesAreRead() {
        // Given
        bench.corrupt(registry.blobKey(layer));

        // When
        Summary summary = bench.verify(CONTENT);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + layer), bench.found());
        assertEquals(3, summary.imagesLacking());
    }

    @Test
    void aCorruptLayerIsNotFoundWhereOnlyExistenceIsAskedFor() {
        // Given
        bench.corrupt(registry.blobKey(layer));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), bench.found());
    }

    @Test
    void aCorruptManifestIsFoundAtAnyDepth() {
        // Given
        bench.corrupt(registry.blobKey(image));

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + image), bench.found());
        assertEquals(2, summary.imagesLacking());
    }

    @Test
    void aCorruptBlobThatNothingNeedsIsFoundToo() {
        // Given
        Digest orphan = registry.blob(registry.bytes(100));
        pushed();
        bench.corrupt(registry.blobKey(orphan));

        // When
        bench.verify(CONTENT);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + orphan), bench.found());
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "revision", "history", "tag"})
    void anEmptyLinkIsFound(String kind) {
        // Given
        bench.bucket.seed(link(kind), new byte[0]);

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_EMPTY " + link(kind)), bench.found());
        assertEquals(3, summary.imagesWhole());
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
        bench.bucket.seed(link(kind), (layer + "\n").getBytes(StandardCharsets.US_ASCII));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_MALFORMED " + link(kind)), bench.found());
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "revision", "history"})
    void aLinkThatSaysAnotherDigestThanItsPathIsFound(String kind) {
        // Given
        bench.bucket.seed(link(kind), LinkContent.of(other));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_MALFORMED " + link(kind)), bench.found());
    }

    @Test
    void aLinkWhoseLayerNobodyNeedsDangles() {
        // Given
        Digest unneeded = registry.layer(APP, 10);
        pushed();
        bench.remove(registry.blobKey(unneeded));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LINK_DANGLING " + registry.layerLink(APP, unneeded)), bench.found());
    }

    @Test
    void aManifestWhoseRepositoryHasNoLinkToALayerIsFound() {
        // Given
        bench.remove(registry.layerLink(APP, layer));

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("LAYER_LINK_MISSING " + registry.layerLink(APP, layer)), bench.found());
        assertEquals(3, summary.imagesWhole());
    }

    @Test
    void aRevisionThatIsNoManifestIsFound() {
        // Given
        Digest text = registry.manifest(APP, "no manifest");
        pushed();

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("REVISION_UNPARSABLE " + APP + "@" + text), bench.found());
    }

    @Test
    void aTagThatPointsToNoRevisionOfItsRepositoryDangles() {
        // Given
        Digest elsewhere = registry.manifest("team/elsewhere", "{\"manifests\":[]}");
        registry.tag(APP, "moved", elsewhere);
        pushed();

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("TAG_DANGLING " + APP + ":moved"), bench.found());
    }

    @Test
    void aTagThatHasAHistoryAndPointsNowhereDangles() {
        // Given
        bench.remove(registry.tagLink(APP, "latest"));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("TAG_DANGLING " + APP + ":latest"), bench.found());
    }

    @Test
    void anIndexWhoseChildWasNeverPushedIsSparseAndWhole() {
        // Given
        Digest absent = Digest.of(DigestAlgorithm.SHA256, registry.bytes(10));
        registry.index(APP, image, absent);
        pushed();

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("INDEX_SPARSE " + APP + "@" + absent), bench.found());
        assertEquals(4, summary.imagesWhole());
    }

    @Test
    void anIndexWhoseChildHasNoRevisionLinkIsSparse() {
        // Given
        bench.remove(registry.revisionLink(APP, image));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("INDEX_SPARSE " + APP + "@" + image), bench.found());
    }

    @Test
    void aBlobThatNothingNeedsIsAnOrphanAfterADay() {
        // Given
        Digest orphan = registry.blob(registry.bytes(100));
        pushed();
        bench.clock.pass(Duration.ofHours(24));

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("ORPHAN_BLOB " + orphan), bench.found());
        assertFalse(summary.hasFindings());
        assertEquals("good", summary.outcome());
    }

    @Test
    void aBlobThatNothingNeedsYetIsNoOrphanForADay() {
        // Given
        registry.blob(registry.bytes(100));
        pushed();
        bench.clock.pass(Duration.ofHours(24).minusSeconds(1));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), bench.found());
    }

    @Test
    void whatAnUnreadableManifestMayNeedIsNoOrphan() {
        // Given
        bench.corrupt(registry.blobKey(image));
        bench.clock.pass(Duration.ofDays(2));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("BLOB_DIGEST_MISMATCH " + image), bench.found());
    }

    @Test
    void anUploadIsStaleOnceItsNewestFileIsAWeekOld() {
        // Given
        String upload = registry.layout().prefix() + "repositories/" + APP + "/_uploads/5d2c/";
        bench.bucket.seed(upload + "startedat", new byte[] {1});
        bench.clock.pass(Duration.ofHours(1));
        bench.bucket.seed(upload + "hashstates/sha256/10", new byte[] {1});
        bench.bucket.seed(
                registry.layout().prefix() + "repositories/" + APP + "/_uploads/6e3d/startedat", new byte[] {1});
        bench.clock.pass(Duration.ofDays(7));
        bench.bucket.seed(registry.layout().prefix() + "repositories/" + APP + "/_uploads/6e3d/data", new byte[] {1});

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("STALE_UPLOAD " + upload), bench.found());
    }

    @Test
    void whatNoRegistryWritesIsForeign() {
        // Given
        List<String> keys = List.of(
                registry.blobKey(layer) + ".tmp",
                registry.layout().prefix() + "repositories/" + APP + "/_layers/",
                registry.layout().prefix() + "repositories/" + APP + "/notes.txt",
                "scheduler-state.json");
        keys.forEach(key -> bench.bucket.seed(key, new byte[0]));

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.copyOf(keys), bench.found(FindingCode.FOREIGN_OBJECT));
        assertEquals(keys.size(), bench.findings.size());
    }

    @Test
    void ourOwnBookkeepingIsNotForeign() {
        // Given
        bench.bucket.seed("registry-backup/adopted", new byte[0]);

        // When
        bench.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), bench.found());
    }

    @Test
    void aLayerKnownBySha512IsTheBlobThatItsLinkNames() {
        // Given
        byte[] content = registry.bytes(77);
        Digest kept = registry.blob(content);
        Digest named = Digest.of(DigestAlgorithm.SHA512, content);
        registry.manifest(APP, "{\"layers\":[{\"digest\":\"%s\",\"size\":77}]}".formatted(named));
        pushed();
        bench.bucket.seed(registry.layout().keyOf(new LayerLink(new RepositoryName(APP), named)), LinkContent.of(kept));
        bench.clock.pass(Duration.ofDays(2));

        // When
        Summary summary = bench.verify(CONTENT);

        // Then
        assertEquals(Set.of(), bench.found());
        assertEquals(4, summary.imagesWhole());
    }

    @Test
    void findingsAreCountedByCodeAndBySeverity() {
        // Given
        bench.remove(registry.blobKey(layer));
        bench.bucket.seed("notes.txt", new byte[0]);

        // When
        Summary summary = bench.verify(EXISTENCE);

        // Then
        assertEquals(
                Map.of(FindingCode.BLOB_MISSING, 1L, FindingCode.LINK_DANGLING, 1L, FindingCode.FOREIGN_OBJECT, 1L),
                summary.findings());
        assertEquals(summary.findings(), bench.meter.read().counts());
        assertEquals(
                "{\"critical\":1,\"error\":1,\"warning\":1}",
                summary.json().path("severities").toString());
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
        Summary summary = bench.verify(CONTENT);

        // Then
        assertEquals(registry.keys().size(), summary.objects());
        assertEquals(blobs + manifests, summary.bytes());
        assertEquals(blobs + manifests, bench.meter.read().bytesTotal());
        assertEquals(blobs + manifests, bench.meter.read().bytesDone());
    }
}
