package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a verification makes of the ImageStreams that were captured. */
class ImageStreamsTest {
    private static final String DEV = "dev/app";
    private static final String PROD = "prod/app";
    private static final String ALL = "{\"all\":true}";

    private final RandomRegistry registry = new RandomRegistry(11);
    private final Digest layer = registry.layer(DEV, 2000);
    private final Digest image = registry.image(DEV, layer);
    private ImageStreamVerifierFixture bench = new ImageStreamVerifierFixture(registry, Path.of(""));

    @BeforeEach
    void begin(@TempDir Path scratch) {
        bench.close();
        bench = new ImageStreamVerifierFixture(registry, scratch);
        bench.cluster.push(image);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private static String item(String repository, String tag, Digest image) {
        return "%s:%s@%s".formatted(repository, tag, image);
    }

    private Optional<ImageStreamCounts> items(
            long streams, long items, long managed, long restorable, long lost, long bare) {
        return Optional.of(new ImageStreamCounts(SettableClock.START, streams, items, managed, restorable, lost, bare));
    }

    private void removeLinks(String repository) {
        bench.bucket
                .keys(registry.layout().repositoriesPrefix() + repository + "/")
                .forEach(bench::remove);
    }

    @Test
    void whatWasPushedAndPromotedIsRestorable() {
        // Given
        bench.tag(DEV, "v1", image);
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(List.of(), bench.findings);
        assertEquals(items(2, 2, 2, 2, 0, 0), verifySummary.imageStreams());
        assertEquals("good", verifySummary.outcome());
        assertEquals(
                "{\"snapshot\":\"%s\",\"streams\":2,\"items\":2,\"managed\":2,\"restorable\":2,\"unrestorable\":0,\"imageObjectsMissing\":0}"
                        .formatted(SettableClock.START),
                verifySummary.json().path("imageStreams").toString());
    }

    @Test
    void aPromotedImageThatLacksALayerIsReportedForEachTagThatHasIt() {
        // Given
        bench.tag(DEV, "v1", image);
        bench.tag(PROD, "stable", image);
        bench.copyAndCapture();
        bench.remove(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(
                Set.of(item(DEV, "v1", image), item(PROD, "stable", image)),
                bench.found(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(Set.of(layer.toString()), bench.found(FindingCode.BLOB_MISSING));
        assertEquals(items(2, 2, 2, 0, 2, 0), verifySummary.imageStreams());
        assertEquals(
                "It was pushed 5 days ago and cannot be restored, since the backup lacks %s, or has it damaged: have it copied from the registry again if that still has it; else push the image again"
                        .formatted(layer),
                bench.findings.stream()
                        .filter(finding -> finding.code() == FindingCode.IS_ITEM_UNRESTORABLE)
                        .map(Finding::problem)
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void whatOnlyAnImageStreamNeedsIsNoOrphan() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();
        removeLinks(DEV);
        Digest orphan = registry.blob(registry.bytes(10));
        bench.bucket.seed(registry.blobKey(orphan), registry.content(registry.blobKey(orphan)));
        bench.clock.pass(Duration.ofDays(2));

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(Set.of(orphan.toString()), bench.found(FindingCode.ORPHAN_BLOB));
        assertEquals(1, bench.findings.size());
        assertEquals(items(1, 1, 1, 1, 0, 0), verifySummary.imageStreams());
        assertEquals(1, verifySummary.imagesWhole());
    }

    @Test
    void anImageStreamWithoutTheManifestsBlobKeepsItsLayersFromBeingOrphans() {
        // Given
        Digest index = registry.index(DEV, image);
        bench.cluster.push(index, image);
        bench.tag(PROD, "v1", index);
        bench.copyAndCapture();
        removeLinks(DEV);
        bench.remove(registry.blobKey(index));

        // When
        bench.verify(ALL);

        // Then
        assertEquals(Set.of(item(PROD, "v1", index)), bench.found(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(1, bench.findings.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void layersOfAnImageWithoutItsManifestAreNoOrphansEither(boolean isCorrupt) {
        // Given
        Digest config = registry.layer(DEV, 20);
        Digest bare = registry.manifest(
                DEV,
                "{\"config\":%s,\"layers\":[%s]}".formatted(registry.descriptor(config), registry.descriptor(layer)));
        bench.cluster.push(bare);
        bench.cluster.describe(bare, config, layer);
        bench.tag(PROD, "v1", bare);
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();
        removeLinks(DEV);
        if (isCorrupt) {
            bench.corrupt(registry.blobKey(bare));
        } else {
            bench.remove(registry.blobKey(bare));
        }
        bench.clock.pass(Duration.ofDays(2));

        // When
        bench.verify(ALL);

        // Then
        assertEquals(Set.of(), bench.found(FindingCode.ORPHAN_BLOB));
        assertEquals(Set.of(item(PROD, "v1", bare)), bench.found(FindingCode.IS_ITEM_UNRESTORABLE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIndexIsRestorableIfWhatWasPushedOfItIs(boolean isManifest) {
        // Given
        Digest other = registry.image(DEV, registry.layer(DEV, 100));
        Digest neverPushed = Digest.of(DigestAlgorithm.SHA256, registry.bytes(8));
        Digest damaged = registry.index(DEV, image, other);
        Digest sparse = registry.index(DEV, other, neverPushed);
        bench.cluster.push(other);
        bench.cluster.push(damaged, image, other);
        bench.cluster.push(sparse, other, neverPushed);
        bench.tag(PROD, "damaged", damaged);
        bench.tag(PROD, "sparse", sparse);
        bench.copyAndCapture();
        removeLinks(DEV);
        bench.remove(registry.blobKey(isManifest ? image : layer));

        // When
        VerifySummary verifySummary = bench.verify("{\"repository\":\"prod/app\"}");

        // Then
        assertEquals(Set.of(item(PROD, "damaged", damaged)), bench.found(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(items(1, 2, 2, 1, 1, 0), verifySummary.imageStreams());
    }

    @Test
    void whatWasImportedNeedNotBeInTheBackup() {
        // Given
        Digest elsewhere = Digest.of(DigestAlgorithm.SHA256, registry.bytes(8));
        bench.cluster.importImage(elsewhere);
        bench.tag(PROD, "upstream", elsewhere);
        bench.copyAndCapture();

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(List.of(), bench.findings);
        assertEquals(items(1, 1, 0, 0, 0, 0), verifySummary.imageStreams());
        assertEquals(0, verifySummary.imagesLacking());
        assertEquals(
                "[false,false]",
                Stream.of("managed", "restorable")
                        .map(bench.document(PROD).path("images").path(0)::path)
                        .toList()
                        .toString()
                        .replace(" ", ""));
    }

    @Test
    void anItemWithoutAnImageObjectIsReportedThoughItsBytesAreThere() {
        // Given
        Digest bare = registry.image(DEV, layer);
        Digest elsewhere = Digest.of(DigestAlgorithm.SHA256, registry.bytes(8));
        bench.tag(DEV, "bare", bare);
        bench.cluster.tag(DEV, "import", elsewhere, SettableClock.START, "quay.example/app@" + elsewhere);
        bench.copyAndCapture();

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(
                Set.of(item(DEV, "bare", bare), item(DEV, "import", elsewhere)),
                bench.found(FindingCode.IMAGE_OBJECT_MISSING));
        assertEquals(2, bench.findings.size());
        assertEquals(items(1, 2, 1, 1, 0, 2), verifySummary.imageStreams());
        assertEquals(
                "It was pushed 2 days ago and the cluster had no Image object of it at %s: it cannot be pulled, and the image pruner drops it from the tag. Push it again"
                        .formatted(SettableClock.START),
                bench.findings.stream()
                        .filter(finding -> finding.subject().contains("import"))
                        .map(Finding::problem)
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void aCorruptLayerOfTheHistoryIsToldByItsContentOnly() {
        // Given
        Digest newer = registry.image(DEV, registry.layer(DEV, 100));
        bench.cluster.push(newer);
        bench.tag(PROD, "v1", image);
        bench.tag(PROD, "v1", newer);
        bench.copyAndCapture();
        removeLinks(DEV);
        bench.corrupt(registry.blobKey(layer));
        String scope = "{\"namespace\":\"prod\"}";

        // When
        VerifySummary byExistence = bench.verify(scope, "existence");
        List<Finding> none = List.copyOf(bench.findings);
        VerifySummary byContent = bench.verify(scope, "content");

        // Then
        assertEquals(List.of(), none);
        assertEquals(items(1, 2, 2, 2, 0, 0), byExistence.imageStreams());
        assertEquals(items(1, 2, 2, 1, 1, 0), byContent.imageStreams());
        assertEquals(Set.of(item(PROD, "v1", image)), bench.found(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(Set.of(layer.toString()), bench.found(FindingCode.BLOB_DIGEST_MISMATCH));
    }

    @Test
    void anImageThatWasTaggedTwiceIsReportedOnceAndCountedTwice() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();
        bench.remove(registry.blobKey(image));

        // When
        VerifySummary verifySummary = bench.verify("{\"repository\":\"prod/app\"}");

        // Then
        assertEquals(1, bench.findings.size());
        assertEquals(items(1, 2, 2, 0, 2, 0), verifySummary.imageStreams());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"namespace\":\"prod\"}",
                "{\"repository\":\"prod/app\"}",
                "{\"image\":\"prod/app:v1\"}",
                "{\"image\":\"prod/app@%s\"}"
            })
    void anImageStreamWithoutLinksIsWhatAScopeIsAbout(String scope) {
        // Given
        bench.tag(PROD, "v1", image);
        bench.tag(DEV, "v1", image);
        bench.copyAndCapture();

        // When
        VerifySummary verifySummary = bench.verify(scope.formatted(image), "content");

        // Then
        assertEquals(Set.of(), bench.found(FindingCode.COULD_NOT_TELL));
        assertEquals(items(1, 1, 1, 1, 0, 0), verifySummary.imageStreams());
        assertEquals(1, verifySummary.imagesWhole());
        assertTrue(verifySummary.bytes() > 2000);
    }

    @Test
    void ofATagTheHistoryIsNotLookedAtAndOfAnImageEachTag() {
        // Given
        Digest newer = registry.image(DEV, registry.layer(DEV, 100));
        bench.cluster.push(newer);
        bench.tag(PROD, "v1", image);
        bench.tag(PROD, "v1", newer);
        bench.tag(PROD, "old", image);
        bench.copyAndCapture();
        bench.remove(registry.blobKey(layer));

        // When
        VerifySummary ofTag = bench.verify("{\"image\":\"prod/app:v1\"}");
        VerifySummary ofImage = bench.verify("{\"image\":\"prod/app@%s\"}".formatted(image));

        // Then
        assertEquals(items(1, 1, 1, 1, 0, 0), ofTag.imageStreams());
        assertEquals(items(1, 2, 2, 0, 2, 0), ofImage.imageStreams());
        assertEquals(
                Set.of(item(PROD, "v1", image), item(PROD, "old", image)),
                bench.found(FindingCode.IS_ITEM_UNRESTORABLE));
    }

    @Test
    void aChildOfAnIndexIsLookedAtByItsDigest() {
        // Given
        Digest index = registry.index(DEV, image);
        bench.cluster.push(index, image);
        bench.tag(PROD, "v1", index);
        bench.copyAndCapture();

        // When
        VerifySummary verifySummary = bench.verify("{\"image\":\"prod/app@%s\"}".formatted(image));

        // Then
        assertEquals(List.of(), bench.findings);
        assertEquals(items(1, 0, 0, 0, 0, 0), verifySummary.imageStreams());
        assertEquals(1, verifySummary.imagesWhole());
    }

    @Test
    void whatIsNeitherLinkedNorTaggedIsASlip() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();

        // When
        bench.verify("{\"image\":\"prod/app:v2\"}");

        // Then
        assertEquals(
                List.of(new Finding(
                        FindingCode.COULD_NOT_TELL,
                        "{\"image\":\"prod/app:v2\"}",
                        "The store backup has no link of it, nor an ImageStream in the snapshot of %s: look for a slip in the name"
                                .formatted(SettableClock.START))),
                bench.findings);
    }

    @Test
    void aManifestIsReadOnceForItsLinkAndItsTag() {
        // Given
        bench.tag(DEV, "v1", image);
        bench.copyAndCapture();
        bench.backup.forget();

        // When
        bench.verify("{\"image\":\"dev/app@%s\"}".formatted(image));

        // Then
        assertEquals(
                1,
                bench.backup.requests().stream()
                        .filter(new Request(Operation.OPEN, registry.blobKey(image))::equals)
                        .count());
    }

    @Test
    void anotherStoreThanTheBackupIsNotHeldAgainstImageStreams() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();
        bench.remove(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = bench.run("{\"store\":\"registry\"}");

        // Then
        assertEquals(Optional.empty(), verifySummary.imageStreams());
        assertEquals(Set.of(), bench.found(FindingCode.IS_ITEM_UNRESTORABLE));
    }

    @Test
    void withoutASnapshotNothingIsSaidOfImageStreams() {
        // Given
        registry.writeTo(bench.bucket::seed);

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(Optional.empty(), verifySummary.imageStreams());
        assertEquals(Optional.empty(), new RestorableShare(bench.backup).read());
    }

    @Test
    void theShareIsPutOnRecordWithItsTime() {
        // Given
        Digest whole = registry.image(DEV, registry.layer(DEV, 100));
        bench.cluster.push(whole);
        bench.tag(DEV, "v1", image);
        bench.tag(DEV, "v1", whole);
        bench.copyAndCapture();
        bench.remove(registry.blobKey(layer));

        // When
        bench.verify(ALL);
        bench.verify(ALL);

        // Then
        RestorableShare.Said said = new RestorableShare(bench.backup).read().orElseThrow();
        assertEquals(new RestorableShare.Said(bench.clock.instant(), 2, 1), said);
        assertEquals(0.5, said.share());
        assertEquals(
                "{\"at\":\"%s\",\"snapshot\":\"%s\",\"items\":2,\"restorable\":1}"
                        .formatted(bench.clock.instant(), SettableClock.START),
                bench.json(RestorableShare.KEY).toString());
        assertEquals(1, bench.bucket.versionCount(RestorableShare.KEY));
    }

    @Test
    void aPartSaysNothingOfTheShare() {
        // Given
        bench.tag(DEV, "v1", image);
        bench.copyAndCapture();

        // When
        bench.verify("{\"namespace\":\"dev\"}");

        // Then
        assertEquals(Optional.empty(), new RestorableShare(bench.backup).read());
    }

    @Test
    void documentsAreWrittenOfWhatIsAnImageStreamOnly() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.cluster.stream("empty/stream");
        bench.copyAndCapture();

        // When
        bench.verify(ALL);

        // Then
        assertEquals(
                List.of(DEV, "empty/stream", PROD).stream()
                        .map("registry-backup/catalog/%s/_repository.json"::formatted)
                        .toList(),
                bench.bucket.keys("registry-backup/catalog/"));
        assertEquals("v1", bench.document(PROD).path("tags").path(0).path("tag").asText());
        assertFalse(bench.document(DEV).has("imageStream"));
    }

    @Test
    void anUnreadableSnapshotLeavesTheCatalogAndTheShareAsTheyWere() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();
        bench.verify(ALL);
        bench.corrupt(bench.bucket.keys("registry-backup/openshift/snapshots/").get(0));
        String before = bench.document(PROD).toString();
        bench.clock.pass(Duration.ofDays(1));

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(Set.of("registry-backup/openshift/snapshots/"), bench.found(FindingCode.COULD_NOT_TELL));
        assertEquals(Optional.empty(), verifySummary.imageStreams());
        assertEquals(before, bench.document(PROD).toString());
        assertEquals(
                SettableClock.START.plus(Duration.ofDays(2)),
                new RestorableShare(bench.backup).read().orElseThrow().at());
    }

    @Test
    void anUnreadableImageStreamKeepsItsDocument() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();
        bench.verify(ALL);
        bench.bucket.keys("registry-backup/openshift/bodies/").forEach(bench::remove);
        String before = bench.document(PROD).toString();

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(Set.of(PROD, PROD + "@" + image), bench.found(FindingCode.COULD_NOT_TELL));
        assertEquals(items(0, 0, 0, 0, 0, 0), verifySummary.imageStreams());
        assertEquals(before, bench.document(PROD).toString());
    }

    @Test
    void ofAnUnreadableImageItIsNotToldWhetherItHasToBeThere() {
        // Given
        bench.tag(PROD, "v1", image);
        bench.copyAndCapture();
        String body = bodyOf(image);
        bench.backup.before((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(body)) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "Failed to read it: a test says so");
            }
        });

        // When
        VerifySummary verifySummary = bench.verify(ALL);

        // Then
        assertEquals(Set.of(PROD + "@" + image), bench.found(FindingCode.COULD_NOT_TELL));
        assertEquals(items(1, 1, 0, 0, 0, 0), verifySummary.imageStreams());
        assertEquals(Optional.empty(), new RestorableShare(bench.bucket).read());
        assertTrue(StreamSupport.stream(bench.document(PROD).path("images").spliterator(), false)
                .noneMatch(described -> described.has("managed")));
    }

    private String bodyOf(Digest object) {
        return bench.bucket.keys("registry-backup/openshift/bodies/").stream()
                .filter(key -> unpacked(key).contains("\"name\":\"" + object + "\""))
                .findFirst()
                .orElseThrow();
    }

    private String unpacked(String key) {
        try (GZIPInputStream unpacking = new GZIPInputStream(new ByteArrayInputStream(bench.bucket.bytes(key)))) {
            return new String(unpacking.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
