package dev.registrybackup.imagestream.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.Restore.RestoreResult;
import dev.registrybackup.restore.UnknownScopeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageStreamRestoreTest {
    private static final String ALL_BY_STATUS =
            "{'scope':{'all':true},'imageStreams':'status','createNamespaces':true}";
    private static final String ALL_BY_MAPPING =
            "{'scope':{'all':true},'imageStreams':'mapping','createNamespaces':true}";
    private static final String APP_BY_STATUS =
            "{'scope':{'repository':'dev/app'},'imageStreams':'status','createNamespaces':true}";
    private static final String EXTERNAL = "sha256:" + "e".repeat(64);

    private final Path scratch;
    private final RecoveryFixture fixture;

    ImageStreamRestoreTest(@TempDir Path scratch) {
        this.scratch = scratch;
        this.fixture = new RecoveryFixture(scratch, 1);
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    /** Two streams with history, an index, a promoted image, an imported one. */
    private void aCluster() {
        fixture.push("dev/app", "latest");
        fixture.push("dev/app", "latest");
        fixture.push("dev/app", "v1");
        fixture.pushIndex("dev/multi", "all");
        fixture.clock().advance(Duration.ofMinutes(1));
        fixture.lost().ocTag("dev", "app", "v1", "prod", "app", "live");
        fixture.clock().advance(Duration.ofMinutes(1));
        fixture.lost().importExternal("dev", "base", "9", EXTERNAL, "quay.io/base/base@" + EXTERNAL);
        fixture.clock().advance(Duration.ofMinutes(1));
    }

    private void assertSameTags(String... repositories) {
        for (String repository : repositories) {
            assertEquals(
                    RecoveryFixture.tags(fixture.lost(), repository),
                    RecoveryFixture.tags(fixture.fresh(), repository),
                    repository);
        }
    }

    /** The tags have the same images in the same order in both clusters. */
    private void assertSameImages(String... tags) {
        for (String tag : tags) {
            String[] parts = tag.split(":", 2);
            assertEquals(RecoveryFixture.images(fixture.lost(), parts[0], parts[1]), restored(parts[0], parts[1]), tag);
        }
    }

    /** The images of a tag in the cluster that is restored into, newest first. */
    private List<String> restored(String repository, String tag) {
        return RecoveryFixture.images(fixture.fresh(), repository, tag);
    }

    private List<FindingCode> found() {
        return fixture.progress().firstFindings().stream().map(Finding::code).toList();
    }

    @Test
    void everythingComesBackByStatusWithItsOrderAndTimes() {
        // Given
        aCluster();
        fixture.backedUp().ready();
        // When
        RestoreResult result = fixture.restore(ALL_BY_STATUS);
        // Then
        assertEquals(List.of(), fixture.progress().firstFindings());
        assertTrue(result.isComplete());
        assertSameTags("dev/app", "dev/multi", "prod/app", "dev/base");
        assertEquals(5, result.summary().path("cluster").path("tagsVerified").asInt());
        assertEquals(
                fixture.target().keys("").size(),
                result.summary().at("/toCopy/objects").asInt());
        assertEquals(0, result.summary().at("/alreadyPresent/objects").asInt());
    }

    @Test
    void everythingComesBackByMappingInItsOrderWithTimesOfTheRestore() {
        // Given
        aCluster();
        fixture.backedUp().ready();
        // When
        RestoreResult result = fixture.restore(ALL_BY_MAPPING);
        // Then
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE), found());
        assertTrue(result.isComplete());
        assertSameImages("dev/app:latest", "dev/app:v1", "dev/multi:all", "prod/app:live", "dev/base:9");
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aSecondRunChangesNothing(String request) {
        // Given
        aCluster();
        fixture.backedUp().ready();
        fixture.restore(request);
        List<String> before = fixture.writes();
        // When
        RestoreResult result = fixture.restore(request);
        // Then
        assertTrue(result.isComplete());
        List<String> after = fixture.writes();
        assertEquals(
                List.of(),
                after.subList(before.size(), after.size()).stream()
                        // An Image that is there is told from one that is not by trying.
                        .filter(write -> !write.equals("POST /apis/image.openshift.io/v1/images"))
                        .toList());
        assertEquals(0, result.summary().path("cluster").path("imagesCreated").asInt());
    }

    @Test
    void everyImageIsPullableByWhatTheClusterAndItsBucketSay() {
        // Given
        aCluster();
        fixture.backedUp().ready();
        // When
        fixture.restore(ALL_BY_STATUS);
        // Then
        for (String repository : List.of("dev/app", "dev/multi", "prod/app")) {
            ObjectName stream = ObjectName.stream(new RepositoryName(repository));
            JsonNode layers = fixture.freshCluster().find(stream, "layers").orElseThrow();
            JsonNode before = fixture.lostCluster().find(stream, "layers").orElseThrow();
            assertEquals(before.path("images"), layers.path("images"), repository);
            assertEquals(before.path("blobs"), layers.path("blobs"), repository);
            layers.path("images")
                    .forEach(image -> assertFalse(image.path("imageMissing").asBoolean(), repository));
            layers.path("blobs").properties().stream()
                    .map(blob -> blob.getKey())
                    // Of OCI's configs the server does not tell.
                    .filter(digest -> !digest.isEmpty())
                    .map(Digest::parse)
                    .forEach(digest -> assertArrayEquals(
                            fixture.bytes(digest),
                            fixture.target().bytes(fixture.registry().blobKey(digest)),
                            repository));
        }
    }

    @Test
    void aPrunerThatIsNotSuspendedStopsItBeforeAnythingIsWritten() {
        // Given
        aCluster();
        fixture.backedUp();
        // When
        PreflightException refused = assertThrows(PreflightException.class, () -> fixture.restore(ALL_BY_STATUS));
        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("image pruner: it is not suspended"));
        assertEquals(List.of(), fixture.writes());
        assertEquals(List.of(), fixture.target().keys(""));
    }

    @Test
    void theCommandsOfThePreflightFixWhatItReports() {
        // Given
        aCluster();
        fixture.backedUp();
        List<String> commands = StreamSupport.stream(
                        fixture.preflight(ALL_BY_STATUS).path("checks").spliterator(), false)
                .filter(point -> point.path("state").asText().equals("fail"))
                .map(point -> point.path("remedy").asText())
                .toList();
        // When
        commands.forEach(fixture::applyRemedy);
        // Then
        assertEquals(4, commands.size());
        assertTrue(fixture.preflight(ALL_BY_STATUS).path("ready").asBoolean());
        assertTrue(fixture.restore(ALL_BY_STATUS).isComplete());
    }

    @Test
    void aMissingRightIsReportedBeforeAnythingIsWritten() {
        // Given
        fixture.push("dev/app", "latest");
        fixture.backedUp().ready().restorer().mayNot("update", "image.openshift.io", "imagestreams/status", "*");
        fixture.fresh().namespace("dev");
        // When
        PreflightException refused = assertThrows(
                PreflightException.class,
                () -> fixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        // Then
        String message = String.valueOf(refused.getMessage());
        assertTrue(
                message.contains("right to update imagestreams.image.openshift.io/status in dev: not granted"),
                message);
        assertEquals(List.of(), fixture.writes());
    }

    @Test
    void aMissingNamespaceIsCreatedOnlyIfRequested() {
        // Given
        fixture.push("dev/app", "latest");
        fixture.backedUp().ready();
        // When
        PreflightException refused = assertThrows(
                PreflightException.class,
                () -> fixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("namespace dev: it does not exist"));
        assertTrue(fixture.restore(APP_BY_STATUS).isComplete());
        assertSameTags("dev/app");
    }

    @Test
    void limitRangesAndRefusedRegistriesFailThePreflight() {
        // Given
        aCluster();
        fixture.push("dev/app", "v2");
        fixture.backedUp().ready();
        fixture.fresh().limit("dev", "openshift.io/images", 2);
        fixture.fresh().allowRegistries("docker.io");
        // When
        JsonNode preflight = fixture.preflight(ALL_BY_STATUS);
        // Then
        assertFalse(preflight.path("ready").asBoolean());
        String points = preflight.path("checks").toString();
        assertTrue(points.contains("a stream with 4 openshift.io/images is to be restored, and 2 are allowed"), points);
        assertTrue(points.contains("images come from [quay.io], which"), points);
    }

    @Test
    void aRightThatIsRevokedHalfwayLeavesARestoreThatTheNextRunCompletes() {
        // Given
        aCluster();
        fixture.backedUp().ready();
        fixture.fresh().onRequest(request -> {
            if (fixture.writes().stream()
                            .filter(write -> write.startsWith("PUT"))
                            .count()
                    == 1) {
                fixture.restorer().mayNot("update", "image.openshift.io", "imagestreams/status", "*");
            }
        });
        RestoreResult first = fixture.restore(ALL_BY_STATUS);
        List<FindingCode> found = found();
        fixture.fresh().onRequest(request -> {});
        fixture.restorer().everything();
        fixture.restorer().may("update", "image.openshift.io", "imagestreams/status", "*");
        // When
        RestoreResult second = fixture.restore(ALL_BY_STATUS);
        // Then
        assertFalse(first.isComplete());
        assertTrue(found.contains(FindingCode.IS_ITEM_UNRESTORABLE));
        assertTrue(second.isComplete(), () -> fixture.progress().firstFindings().toString());
        assertSameTags("dev/app", "dev/multi", "prod/app", "dev/base");
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aRestoreKilledBeforeAnyOfItsWritesIsCompletedByTheNextRun(String request) {
        // Given
        aCluster();
        fixture.backedUp().ready();
        List<Integer> killedAt = new ArrayList<>();
        boolean isDone = false;
        // When
        for (int write = 1; !isDone; write += 3) {
            isDone = runUntil(request, write);
            killedAt.add(write);
        }
        // Then
        assertTrue(killedAt.size() > 5, killedAt.toString());
        assertSameImages("dev/app:latest", "dev/multi:all", "prod/app:live", "dev/base:9");
    }

    private boolean runUntil(String request, int write) {
        int[] left = {write};
        Fence fence = () -> {
            synchronized (left) {
                if (left[0]-- <= 0) {
                    throw new FencedException("killed");
                }
            }
        };
        try {
            return fixture.restore(request, fence).isComplete();
        } catch (FencedException e) {
            return false;
        }
    }

    /** Pushes an image with that tag into the stream dev/app of the cluster that is restored into. */
    private void pushToFresh(String tag, Digest image) {
        fixture.fresh().namespace("dev");
        fixture.fresh()
                .push(
                        "dev",
                        "app",
                        tag,
                        image.toString(),
                        fixture.bytes(image),
                        "application/vnd.oci.image.manifest.v1+json",
                        "{}".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aTagThatWasMovedMeanwhileIsReportedAndLeftUnlessItMayBeOverwritten() {
        // Given
        Digest was = fixture.push("dev/app", "latest");
        fixture.backedUp().ready();
        Digest other = fixture.push("dev/app", "latest");
        pushToFresh("latest", other);
        // When
        RestoreResult left = fixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}");
        List<FindingCode> found = found();
        List<String> images = restored("dev/app", "latest");
        RestoreResult moved =
                fixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status','overwriteTags':true}");
        // Then
        assertTrue(left.isComplete());
        assertEquals(List.of(FindingCode.TAG_DIFFERS), found);
        assertEquals(List.of(other.toString(), was.toString()), images);
        assertTrue(moved.isComplete());
        assertEquals(List.of(was.toString(), other.toString(), was.toString()), restored("dev/app", "latest"));
    }

    @Test
    void aTimeBetweenTwoPushesFollowsFromCapturesAlone() {
        // Given
        fixture.backedUp();
        Digest first = fixture.push("dev/app", "latest");
        fixture.capture("dev/app");
        fixture.clock().advance(Duration.ofSeconds(10));
        Instant between = fixture.clock().instant();
        fixture.push("dev/app", "latest");
        fixture.capture("dev/app");
        fixture.copied();
        fixture.ready();
        // When
        RestoreResult result = fixture.restore(
                "{'scope':{'repository':'dev/app'},'imageStreams':'status','createNamespaces':true,'at':'%s'}"
                        .formatted(between));
        // Then
        assertTrue(result.isComplete());
        assertEquals(List.of(first.toString()), restored("dev/app", "latest"));
    }

    @Test
    void aStreamDeletedByMistakeComesBackFromBeforeThat() {
        // Given
        Digest image = fixture.push("dev/app", "latest");
        fixture.backedUp();
        Instant before = fixture.clock().instant();
        fixture.clock().advance(Duration.ofMinutes(1));
        fixture.lost().removeStream("dev", "app");
        fixture.capture("dev/app");
        fixture.ready();
        fixture.fresh().namespace("dev");
        // When
        UnknownScopeException gone = assertThrows(
                UnknownScopeException.class,
                () -> fixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        fixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status','at':'%s'}".formatted(before));
        // Then
        assertTrue(String.valueOf(gone.getMessage()).contains("was deleted by"), gone.getMessage());
        assertEquals(List.of(image.toString()), restored("dev/app", "latest"));
    }

    @Test
    void anEmptySnapshotOfANewClusterIsNotRestored() {
        // Given
        Digest image = fixture.push("dev/app", "latest");
        fixture.backedUp();
        Instant last = fixture.clock().instant();
        fixture.clock().advance(Duration.ofHours(1));
        fixture.lost().removeStream("dev", "app");
        fixture.backedUp().ready();
        // When
        UnknownScopeException unknown = assertThrows(UnknownScopeException.class, () -> fixture.restore(ALL_BY_STATUS));
        fixture.restore("{'scope':{'namespace':'dev'},'imageStreams':'status','createNamespaces':true,'at':'%s'}"
                .formatted(last));
        // Then
        assertEquals(
                "No ImageStream of {\"all\":true} was captured by %s: the last snapshot with streams is of %s, so give that"
                                .formatted(fixture.clock().instant(), last)
                        + " time as \"at\"",
                unknown.getMessage());
        assertEquals(List.of(image.toString()), restored("dev/app", "latest"));
    }

    @Test
    void oneTagComesBackWithoutItsHistory() {
        // Given
        fixture.push("dev/app", "latest");
        Digest newest = fixture.push("dev/app", "latest");
        fixture.push("dev/app", "v1");
        fixture.backedUp().ready();
        // When
        fixture.restore("{'scope':{'image':'dev/app:latest'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertEquals(1, RecoveryFixture.tags(fixture.fresh(), "dev/app").size());
        assertEquals(List.of(newest.toString()), restored("dev/app", "latest"));
        assertEquals(
                1,
                fixture.target()
                        .keys("docker/registry/v2/repositories/dev/app/_manifests/")
                        .size());
    }

    @Test
    void aPromotedImageIsRestoredWithLinksItNeverHad() {
        // Given
        Digest image = fixture.push("dev/app", "v1");
        fixture.lost().ocTag("dev", "app", "v1", "prod", "app", "live");
        fixture.backedUp().ready();
        // When
        RestoreResult result =
                fixture.restore("{'scope':{'namespace':'prod'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertTrue(fixture.target().keys("").contains(fixture.registry().revisionLink("prod/app", image)));
        assertTrue(fixture.target().keys("").contains(fixture.registry().blobKey(image)));
        assertEquals(List.of(image.toString()), restored("prod/app", "live"));
        assertFalse(result.isComplete(), "what the tag follows is not there");
        assertEquals(List.of(FindingCode.TAG_SOURCE_MISSING), found());
    }

    @Test
    void aTagWhoseImageIsNotInTheBackupIsSkippedAndNotSetToAnOlderOne() {
        // Given
        Digest older = fixture.push("dev/app", "latest");
        Digest newer = fixture.push("dev/app", "latest");
        fixture.backedUp().ready();
        String layer = layerOf(newer);
        fixture.backup().delete(layer, Optional.empty());
        removeVersions(layer);
        RestoreResult lacking = fixture.restore(APP_BY_STATUS);
        List<FindingCode> found = found();
        JsonNode tags = RecoveryFixture.tags(fixture.fresh(), "dev/app");
        fixture.copied();
        // When
        RestoreResult mended = fixture.restore(APP_BY_STATUS);
        // Then
        assertFalse(lacking.isComplete());
        assertTrue(found.contains(FindingCode.IS_ITEM_UNRESTORABLE), found.toString());
        assertEquals(0, tags.size());
        assertTrue(mended.isComplete());
        assertEquals(List.of(newer.toString(), older.toString()), restored("dev/app", "latest"));
    }

    /** Has a tag keep a reference and no image, as {@code oc tag --reference} does. */
    private void tagReference(String repository, String tag, String reference) {
        fixture.clock().advance(Duration.ofMinutes(1));
        ObjectName name = ObjectName.stream(new RepositoryName(repository));
        ObjectNode stream = fixture.lostCluster().find(name).orElseThrow();
        stream.withObject("spec")
                .withArray("tags")
                .addObject()
                .put("name", tag)
                .put("reference", true)
                .putObject("from")
                .put("kind", "DockerImage")
                .put("name", reference);
        fixture.lostCluster().replace(name, stream);
    }

    private String layerOf(Digest image) {
        return fixture.registry()
                .blobKey(Digest.parse(TestJson.parse(fixture.bytes(image))
                        .at("/layers/0/digest")
                        .asText()));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aReferenceIsRestoredBesideAnImageThatTheBackupDoesNotHave(String request) {
        // Given
        Digest lost = fixture.push("dev/app", "x");
        tagReference("dev/app", "ref", "quay.io/base/base:9");
        Digest healthy = fixture.push("dev/z", "latest");
        fixture.backedUp().ready();
        removeVersions(layerOf(lost));
        // When
        RestoreResult result = fixture.restore(request);
        // Then
        assertFalse(result.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        JsonNode tags = RecoveryFixture.tags(fixture.fresh(), "dev/app");
        assertEquals(1, tags.size());
        assertEquals("ref", tags.at("/0/tag").asText());
        assertEquals(
                "quay.io/base/base:9",
                tags.at("/0/items/0/dockerImageReference").asText());
        assertEquals(List.of(healthy.toString()), restored("dev/z", "latest"));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aTagThatIsAReferenceNowIsRestoredWithoutItsMissingOlderImage(String request) {
        // Given
        Digest before = fixture.push("dev/app", "x");
        tagReference("dev/app", "x", "quay.io/base/base:9");
        fixture.backedUp().ready();
        removeVersions(layerOf(before));
        // When
        RestoreResult result = fixture.restore(request);
        // Then
        assertFalse(result.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(List.of(""), restored("dev/app", "x"));
    }

    @Test
    void anImageInPlaceOfACapturedReferenceIsReportedAndLeftByMappingUnlessItMayBeOverwritten() {
        // Given
        fixture.push("dev/app", "x");
        tagReference("dev/app", "ref", "quay.io/base/base:9");
        fixture.backedUp().ready();
        Digest other = fixture.push("dev/app", "other");
        pushToFresh("ref", other);
        // When
        RestoreResult left = fixture.restore(ALL_BY_MAPPING);
        List<FindingCode> found = found();
        List<String> images = restored("dev/app", "ref");
        RestoreResult moved =
                fixture.restore(ALL_BY_MAPPING.replace("'imageStreams'", "'overwriteTags':true,'imageStreams'"));
        // Then
        assertTrue(left.isComplete());
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE, FindingCode.TAG_DIFFERS), found);
        assertEquals(List.of(other.toString()), images);
        assertTrue(moved.isComplete());
        assertEquals(List.of("", other.toString()), restored("dev/app", "ref"));
        assertEquals(1, restored("dev/app", "x").size());
    }

    /** Has a tag by which nothing can be pulled point to an image, as {@code oc tag} allows. */
    private void tagUnpullably(String repository, String tag, Digest image) {
        ObjectName name = ObjectName.stream(new RepositoryName(repository));
        ObjectNode stream = fixture.lostCluster().find(name).orElseThrow();
        stream.withObject("status")
                .withArray("tags")
                .addObject()
                .put("tag", tag)
                .putArray("items")
                .addObject()
                .put("created", fixture.clock().instant().toString())
                .put("dockerImageReference", "%s/%s@%s".formatted(OpenShiftApi.INTERNAL_REGISTRY, repository, image))
                .put("image", image.toString());
        fixture.lostCluster().replaceStatus(name, stream);
    }

    @Test
    void aTagThatCannotBePulledIsRestoredByStatus() {
        // Given
        fixture.push("dev/app", "latest");
        Digest odd = fixture.push("dev/other", "latest");
        tagUnpullably("dev/app", "1.0+1", odd);
        fixture.lost().removeStream("dev", "other");
        fixture.backedUp().ready();
        // When
        RestoreResult result = fixture.restore(ALL_BY_STATUS);
        // Then
        assertTrue(result.isComplete(), () -> fixture.progress().firstFindings().toString());
        assertSameTags("dev/app");
        assertTrue(fixture.fresh().hasImage(odd.toString()));
        assertTrue(fixture.target().keys("").contains(fixture.registry().blobKey(odd)));
    }

    @Test
    void aTagThatCannotBePulledIsSkippedByMappingAndReported() {
        // Given
        Digest image = fixture.push("dev/app", "latest");
        tagUnpullably("dev/app", "1.0+1", image);
        fixture.backedUp().ready();
        // When
        RestoreResult result = fixture.restore(ALL_BY_MAPPING);
        // Then
        assertFalse(result.isComplete());
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE, FindingCode.IS_ITEM_UNRESTORABLE), found());
        assertEquals("dev/app:1.0+1", fixture.progress().firstFindings().get(1).subject());
        assertEquals(List.of(image.toString()), restored("dev/app", "latest"));
    }

    private CaptureReader captures() {
        return new CaptureReader(fixture.backup(), scratch);
    }

    private CapturedStream captured(String repository) {
        return captures()
                .find(new RepositoryName(repository), fixture.clock().instant())
                .orElseThrow();
    }

    private void corruptBody(String hash) {
        String key = fixture.backup().keys("registry-backup/openshift/bodies/").stream()
                .filter(each -> each.contains(hash))
                .findFirst()
                .orElseThrow();
        fixture.backup().seed(key, "corrupt".getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({"status, true", "mapping, true", "status, false", "mapping, false"})
    void aStreamWithACorruptBodyIsReportedAndTheOthersAreRestored(String strategy, boolean isOfImage) {
        // Given
        String request = ALL_BY_STATUS.replace("status", strategy);
        Digest image = fixture.push("dev/app", "latest");
        Digest other = fixture.push("dev/z", "latest");
        fixture.backedUp().ready();
        corruptBody(
                isOfImage
                        ? String.valueOf(captured("dev/app").images().get(image))
                        : captured("dev/app").body());
        // When
        JsonNode preflight = fixture.preflight(request);
        RestoreResult result = fixture.restore(request);
        // Then
        assertTrue(preflight.path("ready").asBoolean(), preflight::toPrettyString);
        assertTrue(
                isOfImage || preflight.toString().contains("1 cannot be restored: [dev/app="),
                preflight::toPrettyString);
        assertFalse(result.isComplete());
        assertEquals(
                List.of("dev/app"),
                fixture.progress().firstFindings().stream()
                        .filter(finding -> finding.code() == FindingCode.IS_ITEM_UNRESTORABLE)
                        .map(Finding::subject)
                        .toList());
        assertFalse(fixture.fresh().hasStream("dev", "app"));
        assertEquals(List.of(other.toString()), restored("dev/z", "latest"));
    }

    @Test
    void tagLinksOfTheOtherStreamsAreRestoredBesideAStreamWithACorruptBody() {
        // Given
        fixture.push("dev/app", "latest");
        Digest other = fixture.push("dev/z", "latest");
        fixture.backedUp();
        corruptBody(captured("dev/app").body());
        // When
        RestoreResult result = fixture.restore("{'scope':{'all':true},'imageStreams':'tag-links','target':'standby'}");
        // Then
        assertFalse(result.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(other.toString(), link(fixture.registry().tagLink("dev/z", "latest")));
    }

    private void removeVersions(String key) {
        List<ObjectVersion> versions;
        try (Stream<ObjectVersion> listing = fixture.backup().listVersions(key)) {
            versions = listing.toList();
        }
        versions.forEach(version -> fixture.backup().delete(version.key(), Optional.of(version.versionId())));
    }

    @Test
    void anImageThatWasMissingFromTheClusterIsBuiltFromItsManifest() {
        // Given
        Digest image = fixture.push("dev/app", "latest");
        fixture.lost().removeImage(image.toString());
        fixture.backedUp().ready();
        // When
        RestoreResult result = fixture.restore(APP_BY_STATUS);
        // Then
        assertTrue(result.isComplete(), () -> fixture.progress().firstFindings().toString());
        assertEquals(
                1,
                fixture.fresh()
                        .image(image.toString())
                        .path("dockerImageLayers")
                        .size());
    }

    @Test
    void withoutTheRightToCreateImagesMappingSkipsAndReportsIndexes() {
        // Given
        aCluster();
        fixture.backedUp().ready();
        fixture.restorer().mayNot("create", "image.openshift.io", "images", "*");
        // When
        JsonNode preflight = fixture.preflight(ALL_BY_MAPPING);
        RestoreResult result = fixture.restore(ALL_BY_MAPPING);
        // Then
        String points = preflight.path("checks").toString();
        assertTrue(points.contains("1 cannot be restored by mapping"), points);
        assertTrue(points.contains("dev/multi:all"), points);
        assertFalse(result.isComplete());
        assertEquals(List.of(), restored("dev/multi", "all"));
        assertEquals(RecoveryFixture.images(fixture.lost(), "dev/app", "latest"), restored("dev/app", "latest"));
    }

    @Test
    void aRepairOfEverythingReadsEachLayerOnce() {
        // Given
        Digest image = fixture.push("dev/app", "latest");
        fixture.backedUp().ready();
        fixture.restore(ALL_BY_STATUS);
        String layer = layerOf(image);
        byte[] corrupt = fixture.target().bytes(layer).clone();
        corrupt[0] ^= 1;
        fixture.target().seed(layer, corrupt);
        fixture.recordedTarget().clearRequests();
        // When
        RestoreResult result = fixture.restore(
                "{'scope':{'all':true},'imageStreams':'status','createNamespaces':true,'mode':'repair'}");
        // Then
        assertTrue(result.isComplete());
        assertArrayEquals(fixture.registry().content(layer), fixture.target().bytes(layer));
        assertEquals(
                1,
                fixture.recordedTarget().requests().stream()
                        .filter(new Request(Operation.OPEN, layer)::equals)
                        .count());
    }

    /** A single stream is read once; each of many to check, for its links, and for the cluster. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {ALL_BY_STATUS + "| 3", ALL_BY_MAPPING + "| 3", APP_BY_STATUS + "| 1"})
    void aStreamIsReadAsOftenAsMemoryTakes(String request, int expected) {
        // Given
        aCluster();
        fixture.backedUp().ready();
        String hash = captured("dev/app").body();
        fixture.recordedBackup().clearRequests();
        // When
        RestoreResult result = fixture.restore(request);
        // Then
        assertTrue(result.isComplete());
        assertEquals(
                expected,
                fixture.recordedBackup().requests().stream()
                        .filter(asked -> asked.operation() == Operation.OPEN
                                && asked.key().contains("/bodies/")
                                && asked.key().contains(hash))
                        .count());
    }

    @Test
    void aStreamThatIsDeletedDuringItsRestoreIsReported() {
        // Given
        fixture.push("dev/app", "v1");
        fixture.lost().ocTag("dev", "app", "v1", "dev", "app", "live");
        fixture.backedUp().ready();
        fixture.fresh().onRequest(request -> {
            if (request.method().equals("GET")
                    && fixture.writes().stream().anyMatch(write -> write.endsWith("/app/status"))) {
                fixture.fresh().onRequest(other -> {});
                fixture.fresh().removeStream("dev", "app");
            }
        });
        // When
        RestoreResult result = fixture.restore(ALL_BY_STATUS);
        // Then
        assertFalse(result.isComplete());
        assertEquals(List.of(FindingCode.IS_ITEM_UNRESTORABLE), found());
        String problem = fixture.progress().firstFindings().get(0).problem();
        assertTrue(problem.contains("it was deleted during the restore"), problem);
    }

    @Test
    void anEditorOfANamespaceRestoresItByMapping() {
        // Given
        Digest older = fixture.push("dev/app", "latest");
        Digest newer = fixture.push("dev/app", "latest");
        fixture.backedUp();
        fixture.fresh().namespace("dev");
        OpenShiftApi.Account editor = fixture.restoreAs("editor");
        for (String verb : List.of("get", "create", "update")) {
            editor.may(verb, "image.openshift.io", "imagestreams", "dev");
        }
        editor.may("create", "image.openshift.io", "imagestreammappings", "dev")
                .may("get", "image.openshift.io", "imagestreams/layers", "dev")
                .may("get", "", "namespaces", "dev")
                .may("list", "", "limitranges", "dev");
        String request = "{'scope':{'namespace':'dev'},'imageStreams':'mapping'}";
        // When
        JsonNode preflight = fixture.preflight(request);
        RestoreResult result = fixture.restore(request);
        // Then
        assertTrue(preflight.path("ready").asBoolean(), preflight::toPrettyString);
        assertTrue(preflight.toString().contains("it could not be checked, so check it yourself"));
        assertTrue(result.isComplete());
        assertEquals(List.of(newer.toString(), older.toString()), restored("dev/app", "latest"));
    }

    @Test
    void aStandbyTargetGetsTagLinks() {
        // Given
        Digest older = fixture.push("dev/app", "latest");
        Digest newer = fixture.push("dev/app", "latest");
        fixture.lost().ocTag("dev", "app", "latest", "prod", "app", "live");
        fixture.backedUp();
        // When
        RestoreResult result = fixture.restore("{'scope':{'all':true},'imageStreams':'tag-links','target':'standby'}");
        // Then
        assertTrue(result.isComplete());
        assertEquals(List.of(), fixture.writes());
        assertEquals(newer.toString(), link(fixture.registry().tagLink("dev/app", "latest")));
        assertEquals(older.toString(), link(fixture.registry().tagIndexLink("dev/app", "latest", older)));
        assertEquals(newer.toString(), link(fixture.registry().tagLink("prod/app", "live")));
        assertThrows(
                IllegalArgumentException.class,
                () -> fixture.imageStreamRestore()
                        .check(fixture.request("{'scope':{'all':true},'imageStreams':'tag-links'}")));
    }

    private String link(String key) {
        return new String(fixture.target().bytes(key), StandardCharsets.UTF_8);
    }

    @Test
    void aClusterThatDoesNotAnswerFailsTheRestore() {
        // Given
        fixture.push("dev/app", "latest");
        fixture.backedUp().ready();
        fixture.fresh().onRequest(request -> {
            throw new IllegalStateException("cut");
        });
        // When
        ClusterException failure = assertThrows(
                ClusterException.class,
                () -> fixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        // Then
        assertTrue(String.valueOf(failure.getMessage()).contains("the Kubernetes API did not answer"));
    }

    @Test
    void anIndexWithoutOneOfItsChildrenIsSkipped() {
        // Given
        Digest index = fixture.pushIndex("dev/multi", "all");
        fixture.push("dev/multi", "one");
        fixture.backedUp().ready();
        Digest child = Digest.parse(TestJson.parse(fixture.bytes(index))
                .path("manifests")
                .path(0)
                .path("digest")
                .asText());
        removeVersions(fixture.registry().blobKey(child));
        // When
        RestoreResult result =
                fixture.restore("{'scope':{'repository':'dev/multi'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertFalse(result.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(1, RecoveryFixture.tags(fixture.fresh(), "dev/multi").size());
        assertEquals(
                "one",
                RecoveryFixture.tags(fixture.fresh(), "dev/multi").at("/0/tag").asText());
    }

    @ParameterizedTest
    @CsvSource({"status,mapping", "mapping,status"})
    void oneStrategyDoesNotChangeWhatTheOtherRestored(String first, String second) {
        // Given
        aCluster();
        fixture.backedUp().ready();
        fixture.restore(ALL_BY_STATUS.replace("status", first));
        JsonNode app = RecoveryFixture.tags(fixture.fresh(), "dev/app");
        JsonNode multi = RecoveryFixture.tags(fixture.fresh(), "dev/multi");
        // When
        RestoreResult result = fixture.restore(ALL_BY_STATUS.replace("status", second));
        // Then
        assertTrue(result.isComplete(), () -> fixture.progress().firstFindings().toString());
        assertEquals(app, RecoveryFixture.tags(fixture.fresh(), "dev/app"));
        assertEquals(multi, RecoveryFixture.tags(fixture.fresh(), "dev/multi"));
    }

    @Test
    void aPlainClusterIsDistinguishedFromOpenShift() {
        // Given
        fixture.push("dev/app", "latest");
        fixture.backedUp();
        fixture.fresh().withoutImages();
        // When
        JsonNode preflight = fixture.preflight(ALL_BY_STATUS);
        // Then
        assertFalse(preflight.path("ready").asBoolean());
        assertEquals(1, preflight.path("checks").size());
        assertTrue(preflight.path("checks").toString().contains("does not serve image.openshift.io"));
    }
}
