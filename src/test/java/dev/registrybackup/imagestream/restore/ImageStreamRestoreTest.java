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
import dev.registrybackup.restore.Restore;
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
    private static final String EXTERNAL = "sha256:" + "e".repeat(64);

    private final Path scratch;
    private final RecoveryFixture recoveryFixture;

    ImageStreamRestoreTest(@TempDir Path scratch) {
        this.scratch = scratch;
        this.recoveryFixture = new RecoveryFixture(scratch, 1);
    }

    @AfterEach
    void stop() {
        recoveryFixture.close();
    }

    /** Two streams with history, an index, a promoted image, an imported one. */
    private void aCluster() {
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture.push("dev/app", "v1");
        recoveryFixture.pushIndex("dev/multi", "all");
        recoveryFixture.clock().advance(Duration.ofMinutes(1));
        recoveryFixture.lost().ocTag("dev", "app", "v1", "prod", "app", "live");
        recoveryFixture.clock().advance(Duration.ofMinutes(1));
        recoveryFixture.lost().importExternal("dev", "base", "9", EXTERNAL, "quay.io/base/base@" + EXTERNAL);
        recoveryFixture.clock().advance(Duration.ofMinutes(1));
    }

    private void assertSameTags(String... repositories) {
        for (String repository : repositories) {
            assertEquals(
                    RecoveryFixture.tags(recoveryFixture.lost(), repository),
                    RecoveryFixture.tags(recoveryFixture.fresh(), repository),
                    repository);
        }
    }

    private List<FindingCode> found() {
        return recoveryFixture.reading().firstFindings().stream()
                .map(Finding::code)
                .toList();
    }

    @Test
    void everythingComesBackByStatusWithItsOrderAndTimes() {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(ALL_BY_STATUS);
        // Then
        assertEquals(List.of(), recoveryFixture.reading().firstFindings());
        assertTrue(restoreResult.isComplete());
        assertSameTags("dev/app", "dev/multi", "prod/app", "dev/base");
        assertEquals(
                5, restoreResult.summary().path("cluster").path("tagsVerified").asInt());
        assertEquals(
                recoveryFixture.target().keys("").size(),
                restoreResult.summary().at("/toCopy/objects").asInt());
        assertEquals(0, restoreResult.summary().at("/alreadyPresent/objects").asInt());
    }

    @Test
    void everythingComesBackByMappingInItsOrderWithTimesOfTheRestore() {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(ALL_BY_MAPPING);
        // Then
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE), found());
        assertTrue(restoreResult.isComplete());
        for (String tag : List.of("dev/app:latest", "dev/app:v1", "dev/multi:all", "prod/app:live", "dev/base:9")) {
            String[] parts = tag.split(":", 2);
            assertEquals(
                    RecoveryFixture.images(recoveryFixture.lost(), parts[0], parts[1]),
                    RecoveryFixture.images(recoveryFixture.fresh(), parts[0], parts[1]),
                    tag);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aSecondRunChangesNothing(String request) {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        recoveryFixture.restore(request);
        List<String> before = recoveryFixture.writes();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(request);
        // Then
        assertTrue(restoreResult.isComplete());
        List<String> after = recoveryFixture.writes();
        assertEquals(
                List.of(),
                after.subList(before.size(), after.size()).stream()
                        // An Image that is there is told from one that is not by trying.
                        .filter(write -> !write.equals("POST /apis/image.openshift.io/v1/images"))
                        .toList());
        assertEquals(
                0, restoreResult.summary().path("cluster").path("imagesCreated").asInt());
    }

    @Test
    void everyImageIsPullableByWhatTheClusterAndItsBucketSay() {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        // When
        recoveryFixture.restore(ALL_BY_STATUS);
        // Then
        for (String repository : List.of("dev/app", "dev/multi", "prod/app")) {
            ObjectName stream = ObjectName.stream(new RepositoryName(repository));
            JsonNode layers =
                    recoveryFixture.freshCluster().find(stream, "layers").orElseThrow();
            JsonNode before =
                    recoveryFixture.lostCluster().find(stream, "layers").orElseThrow();
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
                            recoveryFixture.bytes(digest),
                            recoveryFixture
                                    .target()
                                    .bytes(recoveryFixture.registry().blobKey(digest)),
                            repository));
        }
    }

    @Test
    void aPrunerThatIsNotSuspendedStopsItBeforeAnythingIsWritten() {
        // Given
        aCluster();
        recoveryFixture.backedUp();
        // When
        PreflightException refused =
                assertThrows(PreflightException.class, () -> recoveryFixture.restore(ALL_BY_STATUS));
        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("image pruner: it is not suspended"));
        assertEquals(List.of(), recoveryFixture.writes());
        assertEquals(List.of(), recoveryFixture.target().keys(""));
    }

    @Test
    void theCommandsOfThePreflightFixWhatItReports() {
        // Given
        aCluster();
        recoveryFixture.backedUp();
        List<String> commands = StreamSupport.stream(
                        recoveryFixture.preflight(ALL_BY_STATUS).path("checks").spliterator(), false)
                .filter(point -> point.path("state").asText().equals("fail"))
                .map(point -> point.path("remedy").asText())
                .toList();
        // When
        commands.forEach(recoveryFixture::mend);
        // Then
        assertEquals(4, commands.size());
        assertTrue(recoveryFixture.preflight(ALL_BY_STATUS).path("ready").asBoolean());
        assertTrue(recoveryFixture.restore(ALL_BY_STATUS).isComplete());
    }

    @Test
    void aMissingRightIsNamedBeforeAnythingIsWritten() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture
                .backedUp()
                .ready()
                .restorer()
                .mayNot("update", "image.openshift.io", "imagestreams/status", "*");
        recoveryFixture.fresh().namespace("dev");
        // When
        PreflightException refused = assertThrows(
                PreflightException.class,
                () -> recoveryFixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        // Then
        String message = String.valueOf(refused.getMessage());
        assertTrue(
                message.contains("right to update imagestreams.image.openshift.io/status in dev: not granted"),
                message);
        assertEquals(List.of(), recoveryFixture.writes());
    }

    @Test
    void aNamespaceThatIsNotThereIsCreatedOnlyIfAskedFor() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp().ready();
        // When
        PreflightException refused = assertThrows(
                PreflightException.class,
                () -> recoveryFixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("namespace dev: it does not exist"));
        assertTrue(recoveryFixture
                .restore("{'scope':{'repository':'dev/app'},'imageStreams':'status','createNamespaces':true}")
                .isComplete());
        assertSameTags("dev/app");
    }

    @Test
    void limitsAndRegistriesThatWouldRefuseAreNamed() {
        // Given
        aCluster();
        recoveryFixture.push("dev/app", "v2");
        recoveryFixture.backedUp().ready();
        recoveryFixture.fresh().limit("dev", "openshift.io/images", 2);
        recoveryFixture.fresh().allowRegistries("docker.io");
        // When
        JsonNode preflight = recoveryFixture.preflight(ALL_BY_STATUS);
        // Then
        assertFalse(preflight.path("ready").asBoolean());
        String points = preflight.path("checks").toString();
        assertTrue(points.contains("a stream with 4 openshift.io/images is to be restored, and 2 are allowed"), points);
        assertTrue(points.contains("images come from [quay.io], which"), points);
    }

    @Test
    void aRightThatGoesHalfWayLeavesWhatCanBeFinishedLater() {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        recoveryFixture.fresh().onRequest(request -> {
            if (recoveryFixture.writes().stream()
                            .filter(write -> write.startsWith("PUT"))
                            .count()
                    == 1) {
                recoveryFixture.restorer().mayNot("update", "image.openshift.io", "imagestreams/status", "*");
            }
        });
        Restore.RestoreResult first = recoveryFixture.restore(ALL_BY_STATUS);
        List<FindingCode> found = found();
        recoveryFixture.fresh().onRequest(request -> {});
        recoveryFixture.restorer().everything();
        recoveryFixture.restorer().may("update", "image.openshift.io", "imagestreams/status", "*");
        // When
        Restore.RestoreResult second = recoveryFixture.restore(ALL_BY_STATUS);
        // Then
        assertFalse(first.isComplete());
        assertTrue(found.contains(FindingCode.IS_ITEM_UNRESTORABLE));
        assertTrue(
                second.isComplete(),
                () -> recoveryFixture.reading().firstFindings().toString());
        assertSameTags("dev/app", "dev/multi", "prod/app", "dev/base");
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void killedBeforeAnyOfItsWritesItIsFinishedByTheNextRun(String request) {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        List<Integer> killedAt = new ArrayList<>();
        boolean isDone = false;
        // When
        for (int write = 1; !isDone; write += 3) {
            isDone = runUntil(request, write);
            killedAt.add(write);
        }
        // Then
        assertTrue(killedAt.size() > 5, killedAt.toString());
        for (String tag : List.of("dev/app:latest", "dev/multi:all", "prod/app:live", "dev/base:9")) {
            String[] parts = tag.split(":", 2);
            assertEquals(
                    RecoveryFixture.images(recoveryFixture.lost(), parts[0], parts[1]),
                    RecoveryFixture.images(recoveryFixture.fresh(), parts[0], parts[1]),
                    tag);
        }
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
            return recoveryFixture.restore(request, fence).isComplete();
        } catch (FencedException e) {
            return false;
        }
    }

    @Test
    void aTagMovedMeanwhileIsListedAndLeftUnlessItMayBeMoved() {
        // Given
        Digest was = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp().ready();
        Digest other = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.fresh().namespace("dev");
        recoveryFixture
                .fresh()
                .push(
                        "dev",
                        "app",
                        "latest",
                        other.toString(),
                        recoveryFixture.bytes(other),
                        "application/vnd.oci.image.manifest.v1+json",
                        "{}".getBytes(StandardCharsets.UTF_8));
        // When
        Restore.RestoreResult left =
                recoveryFixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}");
        List<FindingCode> found = found();
        List<String> images = RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest");
        Restore.RestoreResult moved = recoveryFixture.restore(
                "{'scope':{'repository':'dev/app'},'imageStreams':'status','overwriteTags':true}");
        // Then
        assertTrue(left.isComplete());
        assertEquals(List.of(FindingCode.TAG_DIFFERS), found);
        assertEquals(List.of(other.toString(), was.toString()), images);
        assertTrue(moved.isComplete());
        assertEquals(
                List.of(was.toString(), other.toString(), was.toString()),
                RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    @Test
    void aTimeBetweenTwoPushesFollowsFromCapturesAlone() {
        // Given
        recoveryFixture.backedUp();
        Digest first = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.capture("dev/app");
        recoveryFixture.clock().advance(Duration.ofSeconds(10));
        Instant between = recoveryFixture.clock().instant();
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture.capture("dev/app");
        recoveryFixture.copied();
        recoveryFixture.ready();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(
                "{'scope':{'repository':'dev/app'},'imageStreams':'status','createNamespaces':true,'at':'%s'}"
                        .formatted(between));
        // Then
        assertTrue(restoreResult.isComplete());
        assertEquals(List.of(first.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    @Test
    void aStreamDeletedByMistakeComesBackFromBeforeThat() {
        // Given
        Digest image = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp();
        Instant before = recoveryFixture.clock().instant();
        recoveryFixture.clock().advance(Duration.ofMinutes(1));
        recoveryFixture.lost().removeStream("dev", "app");
        recoveryFixture.capture("dev/app");
        recoveryFixture.ready();
        recoveryFixture.fresh().namespace("dev");
        // When
        UnknownScopeException gone = assertThrows(
                UnknownScopeException.class,
                () -> recoveryFixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        recoveryFixture.restore(
                "{'scope':{'repository':'dev/app'},'imageStreams':'status','at':'%s'}".formatted(before));
        // Then
        assertTrue(String.valueOf(gone.getMessage()).contains("was deleted by"), gone.getMessage());
        assertEquals(List.of(image.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    @Test
    void aSnapshotOfAClusterMadeAnewIsNotTakenForWhatIsToBeRestored() {
        // Given
        Digest image = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp();
        Instant last = recoveryFixture.clock().instant();
        recoveryFixture.clock().advance(Duration.ofHours(1));
        recoveryFixture.lost().removeStream("dev", "app");
        recoveryFixture.backedUp().ready();
        // When
        UnknownScopeException unknown =
                assertThrows(UnknownScopeException.class, () -> recoveryFixture.restore(ALL_BY_STATUS));
        recoveryFixture.restore(
                "{'scope':{'namespace':'dev'},'imageStreams':'status','createNamespaces':true,'at':'%s'}"
                        .formatted(last));
        // Then
        assertEquals(
                "No ImageStream of {\"all\":true} was captured by %s: the last snapshot with streams is of %s, so give that"
                                .formatted(recoveryFixture.clock().instant(), last)
                        + " time as \"at\"",
                unknown.getMessage());
        assertEquals(List.of(image.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    @Test
    void oneTagComesBackWithoutItsHistory() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        Digest newest = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.push("dev/app", "v1");
        recoveryFixture.backedUp().ready();
        // When
        recoveryFixture.restore("{'scope':{'image':'dev/app:latest'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertEquals(1, RecoveryFixture.tags(recoveryFixture.fresh(), "dev/app").size());
        assertEquals(List.of(newest.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
        assertEquals(
                1,
                recoveryFixture
                        .target()
                        .keys("docker/registry/v2/repositories/dev/app/_manifests/")
                        .size());
    }

    @Test
    void aPromotedImageIsRestoredWithLinksItNeverHad() {
        // Given
        Digest image = recoveryFixture.push("dev/app", "v1");
        recoveryFixture.lost().ocTag("dev", "app", "v1", "prod", "app", "live");
        recoveryFixture.backedUp().ready();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(
                "{'scope':{'namespace':'prod'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertTrue(recoveryFixture
                .target()
                .keys("")
                .contains(recoveryFixture.registry().revisionLink("prod/app", image)));
        assertTrue(recoveryFixture
                .target()
                .keys("")
                .contains(recoveryFixture.registry().blobKey(image)));
        assertEquals(List.of(image.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "prod/app", "live"));
        assertFalse(restoreResult.isComplete(), "what the tag follows is not there");
        assertEquals(List.of(FindingCode.TAG_SOURCE_MISSING), found());
    }

    @Test
    void aTagWhoseImageIsNotInTheBackupIsSkippedAndNotSetToAnOlderOne() {
        // Given
        Digest older = recoveryFixture.push("dev/app", "latest");
        Digest newer = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp().ready();
        String layer = recoveryFixture
                .registry()
                .blobKey(Digest.parse(RecoveryFixture.json(recoveryFixture.bytes(newer))
                        .path("layers")
                        .path(0)
                        .path("digest")
                        .asText()));
        recoveryFixture.backup().delete(layer, Optional.empty());
        removeVersions(layer);
        String request = "{'scope':{'repository':'dev/app'},'imageStreams':'status','createNamespaces':true}";
        Restore.RestoreResult lacking = recoveryFixture.restore(request);
        List<FindingCode> found = found();
        JsonNode tags = RecoveryFixture.tags(recoveryFixture.fresh(), "dev/app");
        recoveryFixture.copied();
        // When
        Restore.RestoreResult mended = recoveryFixture.restore(request);
        // Then
        assertFalse(lacking.isComplete());
        assertTrue(found.contains(FindingCode.IS_ITEM_UNRESTORABLE), found.toString());
        assertEquals(0, tags.size());
        assertTrue(mended.isComplete());
        assertEquals(
                List.of(newer.toString(), older.toString()),
                RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    /** Has a tag keep a mere reference and no image, as {@code oc tag --reference} does. */
    private void tagReference(String repository, String tag, String reference) {
        recoveryFixture.clock().advance(Duration.ofMinutes(1));
        ObjectName name = ObjectName.stream(new RepositoryName(repository));
        ObjectNode stream = recoveryFixture.lostCluster().find(name).orElseThrow();
        stream.withObject("spec")
                .withArray("tags")
                .addObject()
                .put("name", tag)
                .put("reference", true)
                .putObject("from")
                .put("kind", "DockerImage")
                .put("name", reference);
        recoveryFixture.lostCluster().replace(name, stream);
    }

    private String layerOf(Digest image) {
        return recoveryFixture
                .registry()
                .blobKey(Digest.parse(RecoveryFixture.json(recoveryFixture.bytes(image))
                        .at("/layers/0/digest")
                        .asText()));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aReferenceIsRestoredBesideAnImageThatTheBackupDoesNotHave(String request) {
        // Given
        Digest lost = recoveryFixture.push("dev/app", "x");
        tagReference("dev/app", "ref", "quay.io/base/base:9");
        Digest healthy = recoveryFixture.push("dev/z", "latest");
        recoveryFixture.backedUp().ready();
        removeVersions(layerOf(lost));
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(request);
        // Then
        assertFalse(restoreResult.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        JsonNode tags = RecoveryFixture.tags(recoveryFixture.fresh(), "dev/app");
        assertEquals(1, tags.size());
        assertEquals("ref", tags.at("/0/tag").asText());
        assertEquals(
                "quay.io/base/base:9",
                tags.at("/0/items/0/dockerImageReference").asText());
        assertEquals(List.of(healthy.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/z", "latest"));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aTagThatIsAMereReferenceByNowDoesNotGoForTheLossOfWhatItWasBefore(String request) {
        // Given
        Digest before = recoveryFixture.push("dev/app", "x");
        tagReference("dev/app", "x", "quay.io/base/base:9");
        recoveryFixture.backedUp().ready();
        removeVersions(layerOf(before));
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(request);
        // Then
        assertFalse(restoreResult.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(List.of(""), RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "x"));
    }

    @Test
    void anImageWhereTheCaptureHasAMereReferenceIsListedAndLeftByMappingsUnlessItMayBeMoved() {
        // Given
        recoveryFixture.push("dev/app", "x");
        tagReference("dev/app", "ref", "quay.io/base/base:9");
        recoveryFixture.backedUp().ready();
        Digest other = recoveryFixture.push("dev/app", "other");
        recoveryFixture.fresh().namespace("dev");
        recoveryFixture
                .fresh()
                .push(
                        "dev",
                        "app",
                        "ref",
                        other.toString(),
                        recoveryFixture.bytes(other),
                        "application/vnd.oci.image.manifest.v1+json",
                        "{}".getBytes(StandardCharsets.UTF_8));
        // When
        Restore.RestoreResult left = recoveryFixture.restore(ALL_BY_MAPPING);
        List<FindingCode> found = found();
        List<String> images = RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "ref");
        Restore.RestoreResult moved = recoveryFixture.restore(
                ALL_BY_MAPPING.replace("'imageStreams'", "'overwriteTags':true,'imageStreams'"));
        // Then
        assertTrue(left.isComplete());
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE, FindingCode.TAG_DIFFERS), found);
        assertEquals(List.of(other.toString()), images);
        assertTrue(moved.isComplete());
        assertEquals(List.of("", other.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "ref"));
        assertEquals(
                1,
                RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "x").size());
    }

    /** Has a tag by which nothing can be pulled point to an image, as {@code oc tag} allows. */
    private void tagOddly(String repository, String tag, Digest image) {
        ObjectName name = ObjectName.stream(new RepositoryName(repository));
        ObjectNode stream = recoveryFixture.lostCluster().find(name).orElseThrow();
        stream.withObject("status")
                .withArray("tags")
                .addObject()
                .put("tag", tag)
                .putArray("items")
                .addObject()
                .put("created", recoveryFixture.clock().instant().toString())
                .put("dockerImageReference", "%s/%s@%s".formatted(OpenShiftApi.INTERNAL_REGISTRY, repository, image))
                .put("image", image.toString());
        recoveryFixture.lostCluster().replaceStatus(name, stream);
    }

    @Test
    void aTagByWhichNothingCanBePulledComesBackByStatus() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        Digest odd = recoveryFixture.push("dev/other", "latest");
        tagOddly("dev/app", "1.0+1", odd);
        recoveryFixture.lost().removeStream("dev", "other");
        recoveryFixture.backedUp().ready();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(ALL_BY_STATUS);
        // Then
        assertTrue(
                restoreResult.isComplete(),
                () -> recoveryFixture.reading().firstFindings().toString());
        assertSameTags("dev/app");
        assertTrue(recoveryFixture.fresh().hasImage(odd.toString()));
        assertTrue(recoveryFixture
                .target()
                .keys("")
                .contains(recoveryFixture.registry().blobKey(odd)));
    }

    @Test
    void aTagByWhichNothingCanBePulledIsLeftOutByMappingAndNamed() {
        // Given
        Digest image = recoveryFixture.push("dev/app", "latest");
        tagOddly("dev/app", "1.0+1", image);
        recoveryFixture.backedUp().ready();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(ALL_BY_MAPPING);
        // Then
        assertFalse(restoreResult.isComplete());
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE, FindingCode.IS_ITEM_UNRESTORABLE), found());
        assertEquals(
                "dev/app:1.0+1",
                recoveryFixture.reading().firstFindings().get(1).subject());
        assertEquals(List.of(image.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    private CaptureReader captures() {
        return new CaptureReader(recoveryFixture.backup(), scratch);
    }

    private CapturedStream captured(String repository) {
        return captures()
                .find(new RepositoryName(repository), recoveryFixture.clock().instant())
                .orElseThrow();
    }

    private void spoilBody(String hash) {
        String key = recoveryFixture.backup().keys("registry-backup/openshift/bodies/").stream()
                .filter(each -> each.contains(hash))
                .findFirst()
                .orElseThrow();
        recoveryFixture.backup().seed(key, "spoilt".getBytes(StandardCharsets.UTF_8));
    }

    private void assertAllButAppIsRestored(Digest other, Restore.RestoreResult restoreResult) {
        assertFalse(restoreResult.isComplete());
        assertEquals(
                List.of("dev/app"),
                recoveryFixture.reading().firstFindings().stream()
                        .filter(finding -> finding.code() == FindingCode.IS_ITEM_UNRESTORABLE)
                        .map(Finding::subject)
                        .toList());
        assertFalse(recoveryFixture.fresh().hasStream("dev", "app"));
        assertEquals(List.of(other.toString()), RecoveryFixture.images(recoveryFixture.fresh(), "dev/z", "latest"));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aStreamWhoseCapturedBodyIsDamagedIsNamedAndTheOthersAreRestored(String request) {
        // Given
        recoveryFixture.push("dev/app", "latest");
        Digest other = recoveryFixture.push("dev/z", "latest");
        recoveryFixture.backedUp().ready();
        spoilBody(captured("dev/app").body());
        // When
        JsonNode preflight = recoveryFixture.preflight(request);
        Restore.RestoreResult restoreResult = recoveryFixture.restore(request);
        // Then
        assertTrue(preflight.path("ready").asBoolean(), preflight::toPrettyString);
        assertTrue(preflight.toString().contains("1 cannot be restored: [dev/app="), preflight::toPrettyString);
        assertAllButAppIsRestored(other, restoreResult);
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aStreamOneOfWhoseCapturedImagesIsDamagedIsNamedAndTheOthersAreRestored(String request) {
        // Given
        Digest image = recoveryFixture.push("dev/app", "latest");
        Digest other = recoveryFixture.push("dev/z", "latest");
        recoveryFixture.backedUp().ready();
        spoilBody(String.valueOf(captured("dev/app").images().get(image)));
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(request);
        // Then
        assertAllButAppIsRestored(other, restoreResult);
    }

    @Test
    void linksOfTagsOfTheOtherStreamsAreRestoredWhereOneStreamsBodyIsDamaged() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        Digest other = recoveryFixture.push("dev/z", "latest");
        recoveryFixture.backedUp();
        spoilBody(captured("dev/app").body());
        // When
        Restore.RestoreResult restoreResult =
                recoveryFixture.restore("{'scope':{'all':true},'imageStreams':'tag-links','target':'standby'}");
        // Then
        assertFalse(restoreResult.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(other.toString(), link(recoveryFixture.registry().tagLink("dev/z", "latest")));
    }

    private void removeVersions(String key) {
        List<ObjectVersion> versions;
        try (Stream<ObjectVersion> listing = recoveryFixture.backup().listVersions(key)) {
            versions = listing.toList();
        }
        versions.forEach(version -> recoveryFixture.backup().delete(version.key(), Optional.of(version.versionId())));
    }

    @Test
    void anImageThatTheClusterHadNotIsMadeFromItsManifest() {
        // Given
        Digest image = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.lost().removeImage(image.toString());
        recoveryFixture.backedUp().ready();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(
                "{'scope':{'repository':'dev/app'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertTrue(
                restoreResult.isComplete(),
                () -> recoveryFixture.reading().firstFindings().toString());
        assertEquals(
                1,
                recoveryFixture
                        .fresh()
                        .image(image.toString())
                        .path("dockerImageLayers")
                        .size());
    }

    @Test
    void withoutTheRightToCreateImagesMappingsLeaveOutIndexesAndSaySo() {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        recoveryFixture.restorer().mayNot("create", "image.openshift.io", "images", "*");
        // When
        JsonNode preflight = recoveryFixture.preflight(ALL_BY_MAPPING);
        Restore.RestoreResult restoreResult = recoveryFixture.restore(ALL_BY_MAPPING);
        // Then
        String points = preflight.path("checks").toString();
        assertTrue(points.contains("1 cannot be restored by mapping"), points);
        assertTrue(points.contains("dev/multi:all"), points);
        assertFalse(restoreResult.isComplete());
        assertEquals(List.of(), RecoveryFixture.images(recoveryFixture.fresh(), "dev/multi", "all"));
        assertEquals(
                RecoveryFixture.images(recoveryFixture.lost(), "dev/app", "latest"),
                RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    @Test
    void toRepairEverythingEachLayerIsReadOnce() {
        // Given
        Digest image = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp().ready();
        recoveryFixture.restore(ALL_BY_STATUS);
        String layer = recoveryFixture
                .registry()
                .blobKey(Digest.parse(RecoveryFixture.json(recoveryFixture.bytes(image))
                        .at("/layers/0/digest")
                        .asText()));
        byte[] spoilt = recoveryFixture.target().bytes(layer).clone();
        spoilt[0] ^= 1;
        recoveryFixture.target().seed(layer, spoilt);
        recoveryFixture.asked().clearRequests();
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(
                "{'scope':{'all':true},'imageStreams':'status','createNamespaces':true,'mode':'repair'}");
        // Then
        assertTrue(restoreResult.isComplete());
        assertArrayEquals(
                recoveryFixture.registry().content(layer),
                recoveryFixture.target().bytes(layer));
        assertEquals(
                1,
                recoveryFixture.asked().requests().stream()
                        .filter(new Request(Operation.OPEN, layer)::equals)
                        .count());
    }

    /** How often a restore of this request reads the captured body of dev/app from the backup. */
    private long readsOfBody(String request) {
        String hash = captured("dev/app").body();
        recoveryFixture.askedOfBackup().clearRequests();
        assertTrue(recoveryFixture.restore(request).isComplete());
        return recoveryFixture.askedOfBackup().requests().stream()
                .filter(asked -> asked.operation() == Operation.OPEN
                        && asked.key().contains("/bodies/")
                        && asked.key().contains(hash))
                .count();
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void eachStreamIsReadOnceToCheckOnceForItsLinksAndOnceForTheCluster(String request) {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        // When
        long reads = readsOfBody(request);
        // Then
        assertEquals(3, reads);
    }

    @Test
    void aSingleStreamIsReadOnce() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp().ready();
        // When
        long reads = readsOfBody("{'scope':{'repository':'dev/app'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertEquals(1, reads);
    }

    @Test
    void aStreamThatIsDeletedDuringItsRestoreIsReported() {
        // Given
        recoveryFixture.push("dev/app", "v1");
        recoveryFixture.lost().ocTag("dev", "app", "v1", "dev", "app", "live");
        recoveryFixture.backedUp().ready();
        recoveryFixture.fresh().onRequest(request -> {
            if (request.method().equals("GET")
                    && recoveryFixture.writes().stream().anyMatch(write -> write.endsWith("/app/status"))) {
                recoveryFixture.fresh().onRequest(other -> {});
                recoveryFixture.fresh().removeStream("dev", "app");
            }
        });
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(ALL_BY_STATUS);
        // Then
        assertFalse(restoreResult.isComplete());
        assertEquals(List.of(FindingCode.IS_ITEM_UNRESTORABLE), found());
        String problem = recoveryFixture.reading().firstFindings().get(0).problem();
        assertTrue(problem.contains("it was deleted during the restore"), problem);
    }

    @Test
    void whoMayEditANamespaceRestoresItByMapping() {
        // Given
        Digest older = recoveryFixture.push("dev/app", "latest");
        Digest newer = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp();
        recoveryFixture.fresh().namespace("dev");
        OpenShiftApi.Account editor = recoveryFixture.restoreAs("editor");
        for (String verb : List.of("get", "create", "update")) {
            editor.may(verb, "image.openshift.io", "imagestreams", "dev");
        }
        editor.may("create", "image.openshift.io", "imagestreammappings", "dev")
                .may("get", "image.openshift.io", "imagestreams/layers", "dev")
                .may("get", "", "namespaces", "dev")
                .may("list", "", "limitranges", "dev");
        String request = "{'scope':{'namespace':'dev'},'imageStreams':'mapping'}";
        // When
        JsonNode preflight = recoveryFixture.preflight(request);
        Restore.RestoreResult restoreResult = recoveryFixture.restore(request);
        // Then
        assertTrue(preflight.path("ready").asBoolean(), preflight::toPrettyString);
        assertTrue(preflight.toString().contains("it could not be checked, so check it yourself"));
        assertTrue(restoreResult.isComplete());
        assertEquals(
                List.of(newer.toString(), older.toString()),
                RecoveryFixture.images(recoveryFixture.fresh(), "dev/app", "latest"));
    }

    @Test
    void aStandbyTargetGetsLinksOfTags() {
        // Given
        Digest older = recoveryFixture.push("dev/app", "latest");
        Digest newer = recoveryFixture.push("dev/app", "latest");
        recoveryFixture.lost().ocTag("dev", "app", "latest", "prod", "app", "live");
        recoveryFixture.backedUp();
        // When
        Restore.RestoreResult restoreResult =
                recoveryFixture.restore("{'scope':{'all':true},'imageStreams':'tag-links','target':'standby'}");
        // Then
        assertTrue(restoreResult.isComplete());
        assertEquals(List.of(), recoveryFixture.writes());
        assertEquals(newer.toString(), link(recoveryFixture.registry().tagLink("dev/app", "latest")));
        assertEquals(older.toString(), link(recoveryFixture.registry().tagIndexLink("dev/app", "latest", older)));
        assertEquals(newer.toString(), link(recoveryFixture.registry().tagLink("prod/app", "live")));
        assertThrows(
                IllegalArgumentException.class,
                () -> recoveryFixture
                        .restoring()
                        .check(recoveryFixture.request("{'scope':{'all':true},'imageStreams':'tag-links'}")));
    }

    private String link(String key) {
        return new String(recoveryFixture.target().bytes(key), StandardCharsets.UTF_8);
    }

    @Test
    void aClusterThatIsGoneFailsItAsAWhole() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp().ready();
        recoveryFixture.fresh().onRequest(request -> {
            throw new IllegalStateException("cut");
        });
        // When
        ClusterException failure = assertThrows(
                ClusterException.class,
                () -> recoveryFixture.restore("{'scope':{'repository':'dev/app'},'imageStreams':'status'}"));
        // Then
        assertTrue(String.valueOf(failure.getMessage()).contains("the Kubernetes API did not answer"));
    }

    @Test
    void anIndexThatLostAChildIsLeftOut() {
        // Given
        Digest index = recoveryFixture.pushIndex("dev/multi", "all");
        recoveryFixture.push("dev/multi", "one");
        recoveryFixture.backedUp().ready();
        Digest child = Digest.parse(RecoveryFixture.json(recoveryFixture.bytes(index))
                .path("manifests")
                .path(0)
                .path("digest")
                .asText());
        removeVersions(recoveryFixture.registry().blobKey(child));
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(
                "{'scope':{'repository':'dev/multi'},'imageStreams':'status','createNamespaces':true}");
        // Then
        assertFalse(restoreResult.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(
                1, RecoveryFixture.tags(recoveryFixture.fresh(), "dev/multi").size());
        assertEquals(
                "one",
                RecoveryFixture.tags(recoveryFixture.fresh(), "dev/multi")
                        .at("/0/tag")
                        .asText());
    }

    @ParameterizedTest
    @CsvSource({"status,mapping", "mapping,status"})
    void oneStrategyDoesNotChangeWhatTheOtherRestored(String first, String second) {
        // Given
        aCluster();
        recoveryFixture.backedUp().ready();
        recoveryFixture.restore(ALL_BY_STATUS.replace("status", first));
        JsonNode app = RecoveryFixture.tags(recoveryFixture.fresh(), "dev/app");
        JsonNode multi = RecoveryFixture.tags(recoveryFixture.fresh(), "dev/multi");
        // When
        Restore.RestoreResult restoreResult = recoveryFixture.restore(ALL_BY_STATUS.replace("status", second));
        // Then
        assertTrue(
                restoreResult.isComplete(),
                () -> recoveryFixture.reading().firstFindings().toString());
        assertEquals(app, RecoveryFixture.tags(recoveryFixture.fresh(), "dev/app"));
        assertEquals(multi, RecoveryFixture.tags(recoveryFixture.fresh(), "dev/multi"));
    }

    @Test
    void aPlainClusterIsDistinguishedFromOpenShift() {
        // Given
        recoveryFixture.push("dev/app", "latest");
        recoveryFixture.backedUp();
        recoveryFixture.fresh().withoutImages();
        // When
        JsonNode preflight = recoveryFixture.preflight(ALL_BY_STATUS);
        // Then
        assertFalse(preflight.path("ready").asBoolean());
        assertEquals(1, preflight.path("checks").size());
        assertTrue(preflight.path("checks").toString().contains("does not serve image.openshift.io"));
    }
}
