package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Verifying captured ImageStreams. */
class ImageStreamVerifierTest {
    private static final String DEV = "dev/app";
    private static final String PROD = "prod/app";
    private static final String ALL = "{\"all\":true}";

    private final RandomRegistry registry = new RandomRegistry(11);
    private final Digest layer = registry.layer(DEV, 2000);
    private final Digest image = registry.image(DEV, layer);

    @AutoClose
    private final ImageStreamVerifierFixture fixture;

    ImageStreamVerifierTest(@TempDir Path scratch) {
        fixture = new ImageStreamVerifierFixture(registry, scratch);
        fixture.cluster.push(image);
    }

    private static String item(String repository, String tag, Digest image) {
        return "%s:%s@%s".formatted(repository, tag, image);
    }

    private Optional<ImageStreamCounts> items(
            long streams, long items, long managed, long restorable, long lost, long bare) {
        return Optional.of(new ImageStreamCounts(SettableClock.START, streams, items, managed, restorable, lost, bare));
    }

    private String problemOf(String subject) {
        return fixture.findings.stream()
                .filter(finding -> finding.subject().equals(subject))
                .map(Finding::problem)
                .findFirst()
                .orElseThrow();
    }

    private void removeLinks(String repository) {
        fixture.bucket
                .keys(registry.layout().repositoriesPrefix() + repository + "/")
                .forEach(fixture::remove);
    }

    @Test
    void pushedAndPromotedImagesAreRestorable() {
        // Given
        fixture.tag(DEV, "v1", image);
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(List.of(), fixture.findings);
        assertEquals(items(2, 2, 2, 2, 0, 0), verifySummary.imageStreamCounts());
        assertEquals("ok", verifySummary.outcome());
        assertEquals(
                "{\"snapshotAt\":\"%s\",\"imageStreams\":2,\"items\":2,\"managed\":2,\"restorable\":2,\"unrestorable\":0,\"imageObjectsMissing\":0}"
                        .formatted(SettableClock.START),
                verifySummary.json().path("imageStreams").toString());
    }

    @Test
    void aPromotedImageWithAMissingLayerIsReportedForEachTagThatHasIt() {
        // Given
        fixture.tag(DEV, "v1", image);
        fixture.tag(PROD, "stable", image);
        fixture.copyAndCapture();
        fixture.remove(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(
                Set.of(item(DEV, "v1", image), item(PROD, "stable", image)),
                fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(Set.of(layer.toString()), fixture.findings(FindingCode.BLOB_MISSING));
        assertEquals(items(2, 2, 2, 0, 2, 0), verifySummary.imageStreamCounts());
        assertEquals(
                "It was pushed 5 days ago and cannot be restored, because the backup has no valid copy of %s: copy it from the registry again if the registry still has it; otherwise push the image again"
                        .formatted(layer),
                problemOf(item(DEV, "v1", image)));
    }

    @Test
    void aBlobThatOnlyAnImageStreamNeedsIsNotAnOrphan() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();
        removeLinks(DEV);
        Digest orphan = registry.blob(registry.bytes(10));
        fixture.bucket.seed(registry.blobKey(orphan), registry.content(registry.blobKey(orphan)));
        fixture.clock.advance(Duration.ofDays(2));

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(Set.of(orphan.toString()), fixture.findings(FindingCode.ORPHAN_BLOB));
        assertEquals(1, fixture.findings.size());
        assertEquals(items(1, 1, 1, 1, 0, 0), verifySummary.imageStreamCounts());
        assertEquals(1, verifySummary.images().complete());
    }

    @Test
    void anImageStreamWithoutTheManifestsBlobKeepsItsLayersFromBeingOrphans() {
        // Given
        Digest index = registry.index(DEV, image);
        fixture.cluster.push(index, image);
        fixture.tag(PROD, "v1", index);
        fixture.copyAndCapture();
        removeLinks(DEV);
        fixture.remove(registry.blobKey(index));

        // When
        fixture.verifyScope(ALL);

        // Then
        assertEquals(Set.of(item(PROD, "v1", index)), fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(1, fixture.findings.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void layersOfAnImageWithoutItsManifestAreNoOrphansEither(boolean isCorrupt) {
        // Given
        Digest config = registry.layer(DEV, 20);
        Digest bare = registry.manifest(
                DEV,
                "{\"config\":%s,\"layers\":[%s]}".formatted(registry.descriptor(config), registry.descriptor(layer)));
        fixture.cluster.push(bare);
        fixture.cluster.describe(bare, config, layer);
        fixture.tag(PROD, "v1", bare);
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();
        removeLinks(DEV);
        if (isCorrupt) {
            fixture.corrupt(registry.blobKey(bare));
        } else {
            fixture.remove(registry.blobKey(bare));
        }
        fixture.clock.advance(Duration.ofDays(2));

        // When
        fixture.verifyScope(ALL);

        // Then
        assertEquals(Set.of(), fixture.findings(FindingCode.ORPHAN_BLOB));
        assertEquals(Set.of(item(PROD, "v1", bare)), fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIndexIsRestorableIfWhatWasPushedOfItIs(boolean isManifest) {
        // Given
        Digest other = registry.image(DEV, registry.layer(DEV, 100));
        Digest neverPushed = Digest.of(DigestAlgorithm.SHA256, registry.bytes(8));
        Digest damaged = registry.index(DEV, image, other);
        Digest sparse = registry.index(DEV, other, neverPushed);
        fixture.cluster.push(other);
        fixture.cluster.push(damaged, image, other);
        fixture.cluster.push(sparse, other, neverPushed);
        fixture.tag(PROD, "damaged", damaged);
        fixture.tag(PROD, "sparse", sparse);
        fixture.copyAndCapture();
        removeLinks(DEV);
        fixture.remove(registry.blobKey(isManifest ? image : layer));

        // When
        VerifySummary verifySummary = fixture.verifyScope("{\"repository\":\"prod/app\"}");

        // Then
        assertEquals(Set.of(item(PROD, "damaged", damaged)), fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(items(1, 2, 2, 1, 1, 0), verifySummary.imageStreamCounts());
    }

    @Test
    void importedImagesNeedNotBeInTheBackup() {
        // Given
        Digest elsewhere = Digest.of(DigestAlgorithm.SHA256, registry.bytes(8));
        fixture.cluster.importImage(elsewhere);
        fixture.tag(PROD, "upstream", elsewhere);
        fixture.copyAndCapture();

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(List.of(), fixture.findings);
        assertEquals(items(1, 1, 0, 0, 0, 0), verifySummary.imageStreamCounts());
        assertEquals(0, verifySummary.images().incomplete());
        assertEquals(
                "[false,false]",
                Stream.of("managed", "restorable")
                        .map(fixture.catalogDocument(PROD).path("images").path(0)::path)
                        .toList()
                        .toString()
                        .replace(" ", ""));
    }

    @Test
    void anItemWithoutAnImageObjectIsReportedThoughItsBytesAreThere() {
        // Given
        Digest bare = registry.image(DEV, layer);
        Digest elsewhere = Digest.of(DigestAlgorithm.SHA256, registry.bytes(8));
        fixture.tag(DEV, "bare", bare);
        fixture.cluster.tag(DEV, "import", elsewhere, SettableClock.START, "quay.example/app@" + elsewhere);
        fixture.copyAndCapture();

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(
                Set.of(item(DEV, "bare", bare), item(DEV, "import", elsewhere)),
                fixture.findings(FindingCode.IMAGE_OBJECT_MISSING));
        assertEquals(2, fixture.findings.size());
        assertEquals(items(1, 2, 1, 1, 0, 2), verifySummary.imageStreamCounts());
        assertEquals(
                "It was pushed 2 days ago and the cluster had no Image object for it at %s. It cannot be pulled, and the image pruner drops it from the tag: push it again"
                        .formatted(SettableClock.START),
                problemOf(item(DEV, "import", elsewhere)));
    }

    @Test
    void aCorruptLayerOfTheHistoryIsFoundByItsContentOnly() {
        // Given
        Digest newer = registry.image(DEV, registry.layer(DEV, 100));
        fixture.cluster.push(newer);
        fixture.tag(PROD, "v1", image);
        fixture.tag(PROD, "v1", newer);
        fixture.copyAndCapture();
        removeLinks(DEV);
        fixture.corrupt(registry.blobKey(layer));
        String scope = "{\"namespace\":\"prod\"}";

        // When
        VerifySummary byExistence = fixture.verifyScope(scope, "existence");
        List<Finding> none = List.copyOf(fixture.findings);
        VerifySummary byContent = fixture.verifyScope(scope, "content");

        // Then
        assertEquals(List.of(), none);
        assertEquals(items(1, 2, 2, 2, 0, 0), byExistence.imageStreamCounts());
        assertEquals(items(1, 2, 2, 1, 1, 0), byContent.imageStreamCounts());
        assertEquals(Set.of(item(PROD, "v1", image)), fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
        assertEquals(Set.of(layer.toString()), fixture.findings(FindingCode.BLOB_DIGEST_MISMATCH));
    }

    @Test
    void anImageThatWasTaggedTwiceIsReportedOnceAndCountedTwice() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();
        fixture.remove(registry.blobKey(image));

        // When
        VerifySummary verifySummary = fixture.verifyScope("{\"repository\":\"prod/app\"}");

        // Then
        assertEquals(1, fixture.findings.size());
        assertEquals(items(1, 2, 2, 0, 2, 0), verifySummary.imageStreamCounts());
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
        fixture.tag(PROD, "v1", image);
        fixture.tag(DEV, "v1", image);
        fixture.copyAndCapture();

        // When
        VerifySummary verifySummary = fixture.verifyScope(scope.formatted(image), "content");

        // Then
        assertEquals(Set.of(), fixture.findings(FindingCode.UNDETERMINED));
        assertEquals(items(1, 1, 1, 1, 0, 0), verifySummary.imageStreamCounts());
        assertEquals(1, verifySummary.images().complete());
        assertTrue(verifySummary.bytes() > 2000);
    }

    @Test
    void aTagsHistoryIsNotVerifiedAndEachTagOfAnImageIs() {
        // Given
        Digest newer = registry.image(DEV, registry.layer(DEV, 100));
        fixture.cluster.push(newer);
        fixture.tag(PROD, "v1", image);
        fixture.tag(PROD, "v1", newer);
        fixture.tag(PROD, "old", image);
        fixture.copyAndCapture();
        fixture.remove(registry.blobKey(layer));

        // When
        VerifySummary ofTag = fixture.verifyScope("{\"image\":\"prod/app:v1\"}");
        VerifySummary ofImage = fixture.verifyScope("{\"image\":\"prod/app@%s\"}".formatted(image));

        // Then
        assertEquals(items(1, 1, 1, 1, 0, 0), ofTag.imageStreamCounts());
        assertEquals(items(1, 2, 2, 0, 2, 0), ofImage.imageStreamCounts());
        assertEquals(
                Set.of(item(PROD, "v1", image), item(PROD, "old", image)),
                fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
    }

    @Test
    void aChildOfAnIndexIsVerifiedByItsDigest() {
        // Given
        Digest index = registry.index(DEV, image);
        fixture.cluster.push(index, image);
        fixture.tag(PROD, "v1", index);
        fixture.copyAndCapture();

        // When
        VerifySummary verifySummary = fixture.verifyScope("{\"image\":\"prod/app@%s\"}".formatted(image));

        // Then
        assertEquals(List.of(), fixture.findings);
        assertEquals(items(1, 0, 0, 0, 0, 0), verifySummary.imageStreamCounts());
        assertEquals(1, verifySummary.images().complete());
    }

    @Test
    void aNameWithoutLinksOrTagsIsAMistake() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();

        // When
        fixture.verifyScope("{\"image\":\"prod/app:v2\"}");

        // Then
        assertEquals(
                List.of(new Finding(
                        FindingCode.UNDETERMINED,
                        "{\"image\":\"prod/app:v2\"}",
                        "The store backup has no link for it, nor an ImageStream in the snapshot of %s: check the name for a typo"
                                .formatted(SettableClock.START))),
                fixture.findings);
    }

    @Test
    void aManifestIsReadOnceForItsLinkAndItsTag() {
        // Given
        fixture.tag(DEV, "v1", image);
        fixture.copyAndCapture();
        fixture.backup.clearRequests();

        // When
        fixture.verifyScope("{\"image\":\"dev/app@%s\"}".formatted(image));

        // Then
        assertEquals(
                1,
                fixture.backup.requests().stream()
                        .filter(new Request(Operation.OPEN, registry.blobKey(image))::equals)
                        .count());
    }

    @Test
    void anotherStoreThanTheBackupIsNotComparedWithImageStreams() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();
        fixture.remove(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = fixture.verify("{\"store\":\"registry\"}");

        // Then
        assertEquals(Optional.empty(), verifySummary.imageStreamCounts());
        assertEquals(Set.of(), fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
    }

    @Test
    void withoutASnapshotNothingIsSaidOfImageStreams() {
        // Given
        registry.writeTo(fixture.bucket::seed);

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(Optional.empty(), verifySummary.imageStreamCounts());
        assertEquals(Optional.empty(), new RestorableShare(fixture.backup).read());
    }

    @Test
    void theShareIsPutOnRecordWithItsTime() {
        // Given
        Digest whole = registry.image(DEV, registry.layer(DEV, 100));
        fixture.cluster.push(whole);
        fixture.tag(DEV, "v1", image);
        fixture.tag(DEV, "v1", whole);
        fixture.copyAndCapture();
        fixture.remove(registry.blobKey(layer));

        // When
        fixture.verifyScope(ALL);
        fixture.verifyScope(ALL);

        // Then
        RestorableShare.ShareRecord shareRecord =
                new RestorableShare(fixture.backup).read().orElseThrow();
        assertEquals(new RestorableShare.ShareRecord(fixture.clock.instant(), 2, 1), shareRecord);
        assertEquals(0.5, shareRecord.share());
        assertEquals(
                "{\"at\":\"%s\",\"snapshotAt\":\"%s\",\"items\":2,\"restorable\":1}"
                        .formatted(fixture.clock.instant(), SettableClock.START),
                fixture.json(RestorableShare.KEY).toString());
        assertEquals(1, fixture.bucket.versionCount(RestorableShare.KEY));
    }

    @Test
    void theItemsOfAFullVerificationAreAFigureOfItsDay(@TempDir Path scratch) {
        // Given
        fixture.tag(DEV, "v1", image);
        fixture.copyAndCapture();
        fixture.remove(registry.blobKey(layer));

        // When
        new Verification(
                        name -> new RegistryStore(fixture.store, registry.layout()),
                        fixture.store,
                        fixture.workerPools,
                        RateLimiter.unlimited(),
                        true,
                        fixture.clock,
                        Optional.of(new CaptureReader(fixture.store, scratch)))
                .run("verify-1", VerifierFixture.request("{}"), new OperationContext(() -> {}, new ProgressTracker()));

        // Then
        Map<LocalDate, JsonNode> days = new DailyHistory(fixture.store).read(DailyHistory.VERIFY);
        assertEquals(Set.of(DailyHistory.day(fixture.clock.instant())), days.keySet());
        JsonNode day = List.copyOf(days.values()).get(0);
        assertEquals(1, day.path("imageStreams").path("managed").asLong(), day::toString);
        assertEquals(1, day.path("imageStreams").path("unrestorable").asLong(), day::toString);
    }

    @Test
    void aScopedVerificationRecordsNoShare() {
        // Given
        fixture.tag(DEV, "v1", image);
        fixture.copyAndCapture();

        // When
        fixture.verifyScope("{\"namespace\":\"dev\"}");

        // Then
        assertEquals(Optional.empty(), new RestorableShare(fixture.backup).read());
    }

    @Test
    void documentsAreWrittenOfWhatIsAnImageStreamOnly() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.cluster.stream("empty/stream");
        fixture.copyAndCapture();

        // When
        fixture.verifyScope(ALL);

        // Then
        assertEquals(
                List.of(DEV, "empty/stream", PROD).stream()
                        .map("registry-backup/catalog/%s/_repository.json"::formatted)
                        .toList(),
                fixture.bucket.keys("registry-backup/catalog/"));
        assertEquals(
                "v1",
                fixture.catalogDocument(PROD).path("tags").path(0).path("tag").asText());
        assertFalse(fixture.catalogDocument(DEV).has("imageStream"));
    }

    @Test
    void anUnreadableSnapshotLeavesTheCatalogAndTheShareAsTheyWere() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();
        fixture.verifyScope(ALL);
        fixture.corrupt(
                fixture.bucket.keys("registry-backup/openshift/snapshots/").get(0));
        String before = fixture.catalogDocument(PROD).toString();
        fixture.clock.advance(Duration.ofDays(1));

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(Set.of("registry-backup/openshift/snapshots/"), fixture.findings(FindingCode.UNDETERMINED));
        assertEquals(Optional.empty(), verifySummary.imageStreamCounts());
        assertEquals(before, fixture.catalogDocument(PROD).toString());
        assertEquals(
                SettableClock.START.plus(Duration.ofDays(2)),
                new RestorableShare(fixture.backup).read().orElseThrow().at());
    }

    @Test
    void anUnreadableImageStreamKeepsItsDocument() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();
        fixture.verifyScope(ALL);
        fixture.bucket.keys("registry-backup/openshift/bodies/").forEach(fixture::remove);
        String before = fixture.catalogDocument(PROD).toString();

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(Set.of(PROD, PROD + "@" + image), fixture.findings(FindingCode.UNDETERMINED));
        assertEquals(items(0, 0, 0, 0, 0, 0), verifySummary.imageStreamCounts());
        assertEquals(before, fixture.catalogDocument(PROD).toString());
    }

    @Test
    void anUnreadableImageIsUnknown() {
        // Given
        fixture.tag(PROD, "v1", image);
        fixture.copyAndCapture();
        String body = bodyOf(image);
        fixture.backup.failOn(Operation.OPEN, body, StoreError.UNAVAILABLE, "a test says so");

        // When
        VerifySummary verifySummary = fixture.verifyScope(ALL);

        // Then
        assertEquals(Set.of(PROD + "@" + image), fixture.findings(FindingCode.UNDETERMINED));
        assertEquals(items(1, 1, 0, 0, 0, 0), verifySummary.imageStreamCounts());
        assertEquals(Optional.empty(), new RestorableShare(fixture.bucket).read());
        assertTrue(StreamSupport.stream(
                        fixture.catalogDocument(PROD).path("images").spliterator(), false)
                .noneMatch(described -> described.has("managed")));
    }

    private String bodyOf(Digest object) {
        return fixture.bucket.keys("registry-backup/openshift/bodies/").stream()
                .filter(key -> decompress(key).contains("\"name\":\"" + object + "\""))
                .findFirst()
                .orElseThrow();
    }

    private String decompress(String key) {
        try (GZIPInputStream unpacking = new GZIPInputStream(new ByteArrayInputStream(fixture.bucket.bytes(key)))) {
            return new String(unpacking.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
