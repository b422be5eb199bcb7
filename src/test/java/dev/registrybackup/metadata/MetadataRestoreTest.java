package dev.registrybackup.metadata;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import dev.registrybackup.openshift.CapturedStream;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.openshift.ObjectName;
import dev.registrybackup.operation.NoLongerPermittedException;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.UnknownScopeException;
import dev.registrybackup.store.ObjectVersion;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import dev.registrybackup.store.RecordingObjectStore.Request;
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

class MetadataRestoreTest {
    private static final String ALL_BY_STATUS = "{'scope':{'all':true},'metadata':'status','createNamespaces':true}";
    private static final String ALL_BY_MAPPING = "{'scope':{'all':true},'metadata':'mapping','createNamespaces':true}";
    private static final String EXTERNAL = "sha256:" + "e".repeat(64);

    private final Path scratch;
    private final Recovering recovering;

    MetadataRestoreTest(@TempDir Path scratch) {
        this.scratch = scratch;
        this.recovering = new Recovering(scratch, 1);
    }

    @AfterEach
    void stop() {
        recovering.close();
    }

    /** Two streams with history, an index, a promoted image, an imported one. */
    private void aCluster() {
        recovering.push("dev/app", "latest");
        recovering.push("dev/app", "latest");
        recovering.push("dev/app", "v1");
        recovering.pushIndex("dev/multi", "all");
        recovering.clock().advance(Duration.ofMinutes(1));
        recovering.lost().ocTag("dev", "app", "v1", "prod", "app", "live");
        recovering.clock().advance(Duration.ofMinutes(1));
        recovering.lost().importExternal("dev", "base", "9", EXTERNAL, "quay.io/base/base@" + EXTERNAL);
        recovering.clock().advance(Duration.ofMinutes(1));
    }

    private void assertSameTags(String... repositories) {
        for (String repository : repositories) {
            assertEquals(
                    Recovering.tags(recovering.lost(), repository),
                    Recovering.tags(recovering.fresh(), repository),
                    repository);
        }
    }

    private List<FindingCode> found() {
        return recovering.reading().first().stream().map(Finding::code).toList();
    }

    @Test
    void everythingComesBackByStatusWithItsOrderAndTimes() {
        // Given
        aCluster();
        recovering.backedUp().ready();
        // When
        Restore.Outcome outcome = recovering.restore(ALL_BY_STATUS);
        // Then
        assertEquals(List.of(), recovering.reading().first());
        assertTrue(outcome.isComplete());
        assertSameTags("dev/app", "dev/multi", "prod/app", "dev/base");
        assertEquals(5, outcome.summary().path("cluster").path("tagsProved").asInt());
        assertEquals(
                recovering.target().keys("").size(),
                outcome.summary().at("/toCopy/objects").asInt());
        assertEquals(0, outcome.summary().at("/alreadyThere/objects").asInt());
    }

    @Test
    void everythingComesBackByMappingInItsOrderWithTimesOfTheRestore() {
        // Given
        aCluster();
        recovering.backedUp().ready();
        // When
        Restore.Outcome outcome = recovering.restore(ALL_BY_MAPPING);
        // Then
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE), found());
        assertTrue(outcome.isComplete());
        for (String tag : List.of("dev/app:latest", "dev/app:v1", "dev/multi:all", "prod/app:live", "dev/base:9")) {
            String[] parts = tag.split(":", 2);
            assertEquals(
                    Recovering.images(recovering.lost(), parts[0], parts[1]),
                    Recovering.images(recovering.fresh(), parts[0], parts[1]),
                    tag);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aSecondRunChangesNothing(String request) {
        // Given
        aCluster();
        recovering.backedUp().ready();
        recovering.restore(request);
        List<String> before = recovering.writes();
        // When
        Restore.Outcome outcome = recovering.restore(request);
        // Then
        assertTrue(outcome.isComplete());
        List<String> after = recovering.writes();
        assertEquals(
                List.of(),
                after.subList(before.size(), after.size()).stream()
                        // An Image that is there is told from one that is not by trying.
                        .filter(write -> !write.equals("POST /apis/image.openshift.io/v1/images"))
                        .toList());
        assertEquals(0, outcome.summary().path("cluster").path("imagesCreated").asInt());
    }

    @Test
    void everyImageIsPullableByWhatTheClusterAndItsBucketSay() {
        // Given
        aCluster();
        recovering.backedUp().ready();
        // When
        recovering.restore(ALL_BY_STATUS);
        // Then
        for (String repository : List.of("dev/app", "dev/multi", "prod/app")) {
            ObjectName stream = ObjectName.stream(new RepositoryName(repository));
            JsonNode layers = recovering.freshCluster().find(stream, "layers").orElseThrow();
            JsonNode before = recovering.lostCluster().find(stream, "layers").orElseThrow();
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
                            recovering.bytes(digest),
                            recovering.target().bytes(recovering.registry().blobKey(digest)),
                            repository));
        }
    }

    @Test
    void aPrunerThatIsNotSuspendedStopsItBeforeAnythingIsWritten() {
        // Given
        aCluster();
        recovering.backedUp();
        // When
        PreflightException refused = assertThrows(PreflightException.class, () -> recovering.restore(ALL_BY_STATUS));
        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("image pruner: it is not suspended"));
        assertEquals(List.of(), recovering.writes());
        assertEquals(List.of(), recovering.target().keys(""));
    }

    @Test
    void whatThePreflightMissesIsMendedByTheCommandsItNames() {
        // Given
        aCluster();
        recovering.backedUp();
        List<String> commands = StreamSupport.stream(
                        recovering.preflight(ALL_BY_STATUS).path("points").spliterator(), false)
                .filter(point -> point.path("state").asText().equals("missing"))
                .map(point -> point.path("remedy").asText())
                .toList();
        // When
        commands.forEach(recovering::mend);
        // Then
        assertEquals(4, commands.size());
        assertTrue(recovering.preflight(ALL_BY_STATUS).path("ready").asBoolean());
        assertTrue(recovering.restore(ALL_BY_STATUS).isComplete());
    }

    @Test
    void aMissingRightIsNamedBeforeAnythingIsWritten() {
        // Given
        recovering.push("dev/app", "latest");
        recovering.backedUp().ready().restorer().mayNot("update", "image.openshift.io", "imagestreams/status", "*");
        recovering.fresh().namespace("dev");
        // When
        PreflightException refused = assertThrows(
                PreflightException.class,
                () -> recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status'}"));
        // Then
        String message = String.valueOf(refused.getMessage());
        assertTrue(
                message.contains("right to update imagestreams.image.openshift.io/status in dev: not granted"),
                message);
        assertEquals(List.of(), recovering.writes());
    }

    @Test
    void aNamespaceThatIsNotThereIsCreatedOnlyIfAskedFor() {
        // Given
        recovering.push("dev/app", "latest");
        recovering.backedUp().ready();
        // When
        PreflightException refused = assertThrows(
                PreflightException.class,
                () -> recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status'}"));
        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("namespace dev: it is not there"));
        assertTrue(recovering
                .restore("{'scope':{'repository':'dev/app'},'metadata':'status','createNamespaces':true}")
                .isComplete());
        assertSameTags("dev/app");
    }

    @Test
    void limitsAndRegistriesThatWouldRefuseAreNamed() {
        // Given
        aCluster();
        recovering.push("dev/app", "v2");
        recovering.backedUp().ready();
        recovering.fresh().limit("dev", "openshift.io/images", 2);
        recovering.fresh().allowRegistries("docker.io");
        // When
        JsonNode preflight = recovering.preflight(ALL_BY_STATUS);
        // Then
        assertFalse(preflight.path("ready").asBoolean());
        String points = preflight.path("points").toString();
        assertTrue(points.contains("a stream of 4 openshift.io/images is to be restored, and it allows 2"), points);
        assertTrue(points.contains("images come from [quay.io], which"), points);
    }

    @Test
    void aRightThatGoesHalfWayLeavesWhatCanBeFinishedLater() {
        // Given
        aCluster();
        recovering.backedUp().ready();
        recovering.fresh().onRequest(request -> {
            if (recovering.writes().stream()
                            .filter(write -> write.startsWith("PUT"))
                            .count()
                    == 1) {
                recovering.restorer().mayNot("update", "image.openshift.io", "imagestreams/status", "*");
            }
        });
        Restore.Outcome first = recovering.restore(ALL_BY_STATUS);
        List<FindingCode> found = found();
        recovering.fresh().onRequest(request -> {});
        recovering.restorer().everything();
        recovering.restorer().may("update", "image.openshift.io", "imagestreams/status", "*");
        // When
        Restore.Outcome second = recovering.restore(ALL_BY_STATUS);
        // Then
        assertFalse(first.isComplete());
        assertTrue(found.contains(FindingCode.IS_ITEM_UNRESTORABLE));
        assertTrue(second.isComplete(), () -> recovering.reading().first().toString());
        assertSameTags("dev/app", "dev/multi", "prod/app", "dev/base");
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void killedBeforeAnyOfItsWritesItIsFinishedByTheNextRun(String request) {
        // Given
        aCluster();
        recovering.backedUp().ready();
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
                    Recovering.images(recovering.lost(), parts[0], parts[1]),
                    Recovering.images(recovering.fresh(), parts[0], parts[1]),
                    tag);
        }
    }

    private boolean runUntil(String request, int write) {
        int[] left = {write};
        Permit permit = () -> {
            synchronized (left) {
                if (left[0]-- <= 0) {
                    throw new NoLongerPermittedException("killed");
                }
            }
        };
        try {
            return recovering.restore(request, permit).isComplete();
        } catch (NoLongerPermittedException e) {
            return false;
        }
    }

    @Test
    void aTagMovedMeanwhileIsListedAndLeftUnlessItMayBeMoved() {
        // Given
        Digest was = recovering.push("dev/app", "latest");
        recovering.backedUp().ready();
        Digest other = recovering.push("dev/app", "latest");
        recovering.fresh().namespace("dev");
        recovering
                .fresh()
                .push(
                        "dev",
                        "app",
                        "latest",
                        other.toString(),
                        recovering.bytes(other),
                        "application/vnd.oci.image.manifest.v1+json",
                        "{}".getBytes(StandardCharsets.UTF_8));
        // When
        Restore.Outcome left = recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status'}");
        List<FindingCode> found = found();
        List<String> images = Recovering.images(recovering.fresh(), "dev/app", "latest");
        Restore.Outcome moved =
                recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status','overwriteTags':true}");
        // Then
        assertTrue(left.isComplete());
        assertEquals(List.of(FindingCode.TAG_DIFFERS), found);
        assertEquals(List.of(other.toString(), was.toString()), images);
        assertTrue(moved.isComplete());
        assertEquals(
                List.of(was.toString(), other.toString(), was.toString()),
                Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    @Test
    void aTimeBetweenTwoPushesIsToldByCapturesAlone() {
        // Given
        recovering.backedUp();
        Digest first = recovering.push("dev/app", "latest");
        recovering.capture("dev/app");
        recovering.clock().advance(Duration.ofSeconds(10));
        Instant between = recovering.clock().instant();
        recovering.push("dev/app", "latest");
        recovering.capture("dev/app");
        recovering.copied();
        recovering.ready();
        // When
        Restore.Outcome outcome = recovering.restore(
                "{'scope':{'repository':'dev/app'},'metadata':'status','createNamespaces':true,'at':'%s'}"
                        .formatted(between));
        // Then
        assertTrue(outcome.isComplete());
        assertEquals(List.of(first.toString()), Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    @Test
    void aStreamDeletedByMistakeComesBackFromBeforeThat() {
        // Given
        Digest image = recovering.push("dev/app", "latest");
        recovering.backedUp();
        Instant before = recovering.clock().instant();
        recovering.clock().advance(Duration.ofMinutes(1));
        recovering.lost().removeStream("dev", "app");
        recovering.capture("dev/app");
        recovering.ready();
        recovering.fresh().namespace("dev");
        // When
        UnknownScopeException gone = assertThrows(
                UnknownScopeException.class,
                () -> recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status'}"));
        recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status','at':'%s'}".formatted(before));
        // Then
        assertTrue(String.valueOf(gone.getMessage()).contains("was gone by"), gone.getMessage());
        assertEquals(List.of(image.toString()), Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    @Test
    void aSnapshotOfAClusterMadeAnewIsNotTakenForWhatIsToBeRestored() {
        // Given
        Digest image = recovering.push("dev/app", "latest");
        recovering.backedUp();
        Instant last = recovering.clock().instant();
        recovering.clock().advance(Duration.ofHours(1));
        recovering.lost().removeStream("dev", "app");
        recovering.backedUp().ready();
        // When
        UnknownScopeException unknown =
                assertThrows(UnknownScopeException.class, () -> recovering.restore(ALL_BY_STATUS));
        recovering.restore(
                "{'scope':{'namespace':'dev'},'metadata':'status','createNamespaces':true,'at':'%s'}".formatted(last));
        // Then
        assertEquals(
                "No ImageStream of {\"all\":true} is on record as of %s: the last snapshot that has any is of %s, so give that"
                                .formatted(recovering.clock().instant(), last)
                        + " time as \"at\"",
                unknown.getMessage());
        assertEquals(List.of(image.toString()), Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    @Test
    void oneTagComesBackWithoutItsHistory() {
        // Given
        recovering.push("dev/app", "latest");
        Digest newest = recovering.push("dev/app", "latest");
        recovering.push("dev/app", "v1");
        recovering.backedUp().ready();
        // When
        recovering.restore("{'scope':{'image':'dev/app:latest'},'metadata':'status','createNamespaces':true}");
        // Then
        assertEquals(1, Recovering.tags(recovering.fresh(), "dev/app").size());
        assertEquals(List.of(newest.toString()), Recovering.images(recovering.fresh(), "dev/app", "latest"));
        assertEquals(
                1,
                recovering
                        .target()
                        .keys("docker/registry/v2/repositories/dev/app/_manifests/")
                        .size());
    }

    @Test
    void aPromotedImageIsRestoredWithLinksItNeverHad() {
        // Given
        Digest image = recovering.push("dev/app", "v1");
        recovering.lost().ocTag("dev", "app", "v1", "prod", "app", "live");
        recovering.backedUp().ready();
        // When
        Restore.Outcome outcome =
                recovering.restore("{'scope':{'namespace':'prod'},'metadata':'status','createNamespaces':true}");
        // Then
        assertTrue(recovering.target().keys("").contains(recovering.registry().revisionLink("prod/app", image)));
        assertTrue(recovering.target().keys("").contains(recovering.registry().blobKey(image)));
        assertEquals(List.of(image.toString()), Recovering.images(recovering.fresh(), "prod/app", "live"));
        assertFalse(outcome.isComplete(), "what the tag follows is not there");
        assertEquals(List.of(FindingCode.TAG_SOURCE_MISSING), found());
    }

    @Test
    void aTagWhoseImageTheBackupLacksIsLeftOutAndNotTurnedBackToAnOlderOne() {
        // Given
        Digest older = recovering.push("dev/app", "latest");
        Digest newer = recovering.push("dev/app", "latest");
        recovering.backedUp().ready();
        String layer = recovering
                .registry()
                .blobKey(Digest.parse(Recovering.json(recovering.bytes(newer))
                        .path("layers")
                        .path(0)
                        .path("digest")
                        .asText()));
        recovering.backup().remove(layer, Optional.empty());
        removeVersions(layer);
        String request = "{'scope':{'repository':'dev/app'},'metadata':'status','createNamespaces':true}";
        Restore.Outcome lacking = recovering.restore(request);
        List<FindingCode> found = found();
        JsonNode tags = Recovering.tags(recovering.fresh(), "dev/app");
        recovering.copied();
        // When
        Restore.Outcome mended = recovering.restore(request);
        // Then
        assertFalse(lacking.isComplete());
        assertTrue(found.contains(FindingCode.IS_ITEM_UNRESTORABLE), found.toString());
        assertEquals(0, tags.size());
        assertTrue(mended.isComplete());
        assertEquals(
                List.of(newer.toString(), older.toString()),
                Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    /** Has a tag keep a mere reference and no image, as {@code oc tag --reference} does. */
    private void tagReference(String repository, String tag, String reference) {
        recovering.clock().advance(Duration.ofMinutes(1));
        ObjectName name = ObjectName.stream(new RepositoryName(repository));
        ObjectNode stream = recovering.lostCluster().find(name).orElseThrow();
        stream.withObject("spec")
                .withArray("tags")
                .addObject()
                .put("name", tag)
                .put("reference", true)
                .putObject("from")
                .put("kind", "DockerImage")
                .put("name", reference);
        recovering.lostCluster().replace(name, stream);
    }

    private String layerOf(Digest image) {
        return recovering
                .registry()
                .blobKey(Digest.parse(Recovering.json(recovering.bytes(image))
                        .at("/layers/0/digest")
                        .asText()));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aMereReferenceIsRestoredBesideAnImageThatTheBackupLacks(String request) {
        // Given
        Digest lost = recovering.push("dev/app", "x");
        tagReference("dev/app", "ref", "quay.io/base/base:9");
        Digest healthy = recovering.push("dev/z", "latest");
        recovering.backedUp().ready();
        removeVersions(layerOf(lost));
        // When
        Restore.Outcome outcome = recovering.restore(request);
        // Then
        assertFalse(outcome.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        JsonNode tags = Recovering.tags(recovering.fresh(), "dev/app");
        assertEquals(1, tags.size());
        assertEquals("ref", tags.at("/0/tag").asText());
        assertEquals(
                "quay.io/base/base:9",
                tags.at("/0/items/0/dockerImageReference").asText());
        assertEquals(List.of(healthy.toString()), Recovering.images(recovering.fresh(), "dev/z", "latest"));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aTagThatIsAMereReferenceByNowDoesNotGoForTheLossOfWhatItWasBefore(String request) {
        // Given
        Digest before = recovering.push("dev/app", "x");
        tagReference("dev/app", "x", "quay.io/base/base:9");
        recovering.backedUp().ready();
        removeVersions(layerOf(before));
        // When
        Restore.Outcome outcome = recovering.restore(request);
        // Then
        assertFalse(outcome.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(List.of(""), Recovering.images(recovering.fresh(), "dev/app", "x"));
    }

    @Test
    void anImageWhereTheCaptureHasAMereReferenceIsListedAndLeftByMappingsUnlessItMayBeMoved() {
        // Given
        recovering.push("dev/app", "x");
        tagReference("dev/app", "ref", "quay.io/base/base:9");
        recovering.backedUp().ready();
        Digest other = recovering.push("dev/app", "other");
        recovering.fresh().namespace("dev");
        recovering
                .fresh()
                .push(
                        "dev",
                        "app",
                        "ref",
                        other.toString(),
                        recovering.bytes(other),
                        "application/vnd.oci.image.manifest.v1+json",
                        "{}".getBytes(StandardCharsets.UTF_8));
        // When
        Restore.Outcome left = recovering.restore(ALL_BY_MAPPING);
        List<FindingCode> found = found();
        List<String> images = Recovering.images(recovering.fresh(), "dev/app", "ref");
        Restore.Outcome moved =
                recovering.restore(ALL_BY_MAPPING.replace("'metadata'", "'overwriteTags':true,'metadata'"));
        // Then
        assertTrue(left.isComplete());
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE, FindingCode.TAG_DIFFERS), found);
        assertEquals(List.of(other.toString()), images);
        assertTrue(moved.isComplete());
        assertEquals(List.of("", other.toString()), Recovering.images(recovering.fresh(), "dev/app", "ref"));
        assertEquals(1, Recovering.images(recovering.fresh(), "dev/app", "x").size());
    }

    /** Has a tag by which nothing can be pulled point to an image, as {@code oc tag} allows. */
    private void tagOddly(String repository, String tag, Digest image) {
        ObjectName name = ObjectName.stream(new RepositoryName(repository));
        ObjectNode stream = recovering.lostCluster().find(name).orElseThrow();
        stream.withObject("status")
                .withArray("tags")
                .addObject()
                .put("tag", tag)
                .putArray("items")
                .addObject()
                .put("created", recovering.clock().instant().toString())
                .put("dockerImageReference", "%s/%s@%s".formatted(OpenShiftApi.INTERNAL_REGISTRY, repository, image))
                .put("image", image.toString());
        recovering.lostCluster().replaceStatus(name, stream);
    }

    @Test
    void aTagByWhichNothingCanBePulledComesBackByStatus() {
        // Given
        recovering.push("dev/app", "latest");
        Digest odd = recovering.push("dev/other", "latest");
        tagOddly("dev/app", "1.0+1", odd);
        recovering.lost().removeStream("dev", "other");
        recovering.backedUp().ready();
        // When
        Restore.Outcome outcome = recovering.restore(ALL_BY_STATUS);
        // Then
        assertTrue(outcome.isComplete(), () -> recovering.reading().first().toString());
        assertSameTags("dev/app");
        assertTrue(recovering.fresh().hasImage(odd.toString()));
        assertTrue(recovering.target().keys("").contains(recovering.registry().blobKey(odd)));
    }

    @Test
    void aTagByWhichNothingCanBePulledIsLeftOutByMappingAndNamed() {
        // Given
        Digest image = recovering.push("dev/app", "latest");
        tagOddly("dev/app", "1.0+1", image);
        recovering.backedUp().ready();
        // When
        Restore.Outcome outcome = recovering.restore(ALL_BY_MAPPING);
        // Then
        assertFalse(outcome.isComplete());
        assertEquals(List.of(FindingCode.TIME_APPROXIMATE, FindingCode.IS_ITEM_UNRESTORABLE), found());
        assertEquals("dev/app:1.0+1", recovering.reading().first().get(1).subject());
        assertEquals(List.of(image.toString()), Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    private Captures captures() {
        return new Captures(recovering.backup(), scratch);
    }

    private CapturedStream captured(String repository) {
        return captures()
                .find(new RepositoryName(repository), recovering.clock().instant())
                .orElseThrow();
    }

    private void spoilBody(String hash) {
        String key = recovering.backup().keys("registry-backup/openshift/bodies/").stream()
                .filter(each -> each.contains(hash))
                .findFirst()
                .orElseThrow();
        recovering.backup().seed(key, "spoilt".getBytes(StandardCharsets.UTF_8));
    }

    private void assertAllButAppIsRestored(Digest other, Restore.Outcome outcome) {
        assertFalse(outcome.isComplete());
        assertEquals(
                List.of("dev/app"),
                recovering.reading().first().stream()
                        .filter(finding -> finding.code() == FindingCode.IS_ITEM_UNRESTORABLE)
                        .map(Finding::subject)
                        .toList());
        assertFalse(recovering.fresh().hasStream("dev", "app"));
        assertEquals(List.of(other.toString()), Recovering.images(recovering.fresh(), "dev/z", "latest"));
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aStreamWhoseCapturedBodyIsDamagedIsNamedAndTheOthersAreRestored(String request) {
        // Given
        recovering.push("dev/app", "latest");
        Digest other = recovering.push("dev/z", "latest");
        recovering.backedUp().ready();
        spoilBody(captured("dev/app").body());
        // When
        JsonNode preflight = recovering.preflight(request);
        Restore.Outcome outcome = recovering.restore(request);
        // Then
        assertTrue(preflight.path("ready").asBoolean(), preflight::toPrettyString);
        assertTrue(preflight.toString().contains("1 cannot be restored: [dev/app="), preflight::toPrettyString);
        assertAllButAppIsRestored(other, outcome);
    }

    @ParameterizedTest
    @ValueSource(strings = {ALL_BY_STATUS, ALL_BY_MAPPING})
    void aStreamOneOfWhoseCapturedImagesIsDamagedIsNamedAndTheOthersAreRestored(String request) {
        // Given
        Digest image = recovering.push("dev/app", "latest");
        Digest other = recovering.push("dev/z", "latest");
        recovering.backedUp().ready();
        spoilBody(String.valueOf(captured("dev/app").images().get(image)));
        // When
        Restore.Outcome outcome = recovering.restore(request);
        // Then
        assertAllButAppIsRestored(other, outcome);
    }

    @Test
    void linksOfTagsOfTheOtherStreamsAreRestoredWhereOneStreamsBodyIsDamaged() {
        // Given
        recovering.push("dev/app", "latest");
        Digest other = recovering.push("dev/z", "latest");
        recovering.backedUp();
        spoilBody(captured("dev/app").body());
        // When
        Restore.Outcome outcome =
                recovering.restore("{'scope':{'all':true},'metadata':'tag-links','target':'standby'}");
        // Then
        assertFalse(outcome.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(other.toString(), link(recovering.registry().tagLink("dev/z", "latest")));
    }

    private void removeVersions(String key) {
        List<ObjectVersion> versions;
        try (Stream<ObjectVersion> listing = recovering.backup().listVersions(key)) {
            versions = listing.toList();
        }
        versions.forEach(version -> recovering.backup().remove(version.key(), Optional.of(version.versionId())));
    }

    @Test
    void anImageThatTheClusterHadNotIsMadeFromItsManifest() {
        // Given
        Digest image = recovering.push("dev/app", "latest");
        recovering.lost().removeImage(image.toString());
        recovering.backedUp().ready();
        // When
        Restore.Outcome outcome =
                recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status','createNamespaces':true}");
        // Then
        assertTrue(outcome.isComplete(), () -> recovering.reading().first().toString());
        assertEquals(
                1,
                recovering
                        .fresh()
                        .image(image.toString())
                        .path("dockerImageLayers")
                        .size());
    }

    @Test
    void withoutTheRightToCreateImagesMappingsLeaveOutIndexesAndSaySo() {
        // Given
        aCluster();
        recovering.backedUp().ready();
        recovering.restorer().mayNot("create", "image.openshift.io", "images", "*");
        // When
        JsonNode preflight = recovering.preflight(ALL_BY_MAPPING);
        Restore.Outcome outcome = recovering.restore(ALL_BY_MAPPING);
        // Then
        String points = preflight.path("points").toString();
        assertTrue(points.contains("1 are not restorable on this route"), points);
        assertTrue(points.contains("dev/multi:all"), points);
        assertFalse(outcome.isComplete());
        assertEquals(List.of(), Recovering.images(recovering.fresh(), "dev/multi", "all"));
        assertEquals(
                Recovering.images(recovering.lost(), "dev/app", "latest"),
                Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    @Test
    void toRepairEverythingEachLayerIsReadOnce() {
        // Given
        Digest image = recovering.push("dev/app", "latest");
        recovering.backedUp().ready();
        recovering.restore(ALL_BY_STATUS);
        String layer = recovering
                .registry()
                .blobKey(Digest.parse(Recovering.json(recovering.bytes(image))
                        .at("/layers/0/digest")
                        .asText()));
        byte[] spoilt = recovering.target().bytes(layer).clone();
        spoilt[0] ^= 1;
        recovering.target().seed(layer, spoilt);
        recovering.asked().forget();
        // When
        Restore.Outcome outcome = recovering.restore(
                "{'scope':{'all':true},'metadata':'status','createNamespaces':true,'mode':'repair'}");
        // Then
        assertTrue(outcome.isComplete());
        assertArrayEquals(
                recovering.registry().content(layer), recovering.target().bytes(layer));
        assertEquals(
                1,
                recovering.asked().requests().stream()
                        .filter(new Request(Operation.OPEN, layer)::equals)
                        .count());
    }

    @Test
    void whoMayEditANamespaceRestoresItByMapping() {
        // Given
        Digest older = recovering.push("dev/app", "latest");
        Digest newer = recovering.push("dev/app", "latest");
        recovering.backedUp();
        recovering.fresh().namespace("dev");
        OpenShiftApi.Account editor = recovering.restoreAs("editor");
        for (String verb : List.of("get", "create", "update")) {
            editor.may(verb, "image.openshift.io", "imagestreams", "dev");
        }
        editor.may("create", "image.openshift.io", "imagestreammappings", "dev")
                .may("get", "image.openshift.io", "imagestreams/layers", "dev")
                .may("get", "", "namespaces", "dev")
                .may("list", "", "limitranges", "dev");
        String request = "{'scope':{'namespace':'dev'},'metadata':'mapping'}";
        // When
        JsonNode preflight = recovering.preflight(request);
        Restore.Outcome outcome = recovering.restore(request);
        // Then
        assertTrue(preflight.path("ready").asBoolean(), preflight::toPrettyString);
        assertTrue(preflight.toString().contains("it could not be looked at, so look yourself"));
        assertTrue(outcome.isComplete());
        assertEquals(
                List.of(newer.toString(), older.toString()),
                Recovering.images(recovering.fresh(), "dev/app", "latest"));
    }

    @Test
    void aStandbyTargetGetsLinksOfTags() {
        // Given
        Digest older = recovering.push("dev/app", "latest");
        Digest newer = recovering.push("dev/app", "latest");
        recovering.lost().ocTag("dev", "app", "latest", "prod", "app", "live");
        recovering.backedUp();
        // When
        Restore.Outcome outcome =
                recovering.restore("{'scope':{'all':true},'metadata':'tag-links','target':'standby'}");
        // Then
        assertTrue(outcome.isComplete());
        assertEquals(List.of(), recovering.writes());
        assertEquals(newer.toString(), link(recovering.registry().tagLink("dev/app", "latest")));
        assertEquals(older.toString(), link(recovering.registry().tagIndexLink("dev/app", "latest", older)));
        assertEquals(newer.toString(), link(recovering.registry().tagLink("prod/app", "live")));
        assertThrows(
                IllegalArgumentException.class,
                () -> recovering
                        .restoring()
                        .check(recovering.request("{'scope':{'all':true},'metadata':'tag-links'}")));
    }

    private String link(String key) {
        return new String(recovering.target().bytes(key), StandardCharsets.UTF_8);
    }

    @Test
    void aClusterThatIsGoneFailsItAsAWhole() {
        // Given
        recovering.push("dev/app", "latest");
        recovering.backedUp().ready();
        recovering.fresh().onRequest(request -> {
            throw new IllegalStateException("cut");
        });
        // When
        ClusterException failure = assertThrows(
                ClusterException.class,
                () -> recovering.restore("{'scope':{'repository':'dev/app'},'metadata':'status'}"));
        // Then
        assertTrue(String.valueOf(failure.getMessage()).contains("the Kubernetes API did not answer"));
    }

    @Test
    void anIndexThatLostAChildIsLeftOut() {
        // Given
        Digest index = recovering.pushIndex("dev/multi", "all");
        recovering.push("dev/multi", "one");
        recovering.backedUp().ready();
        Digest child = Digest.parse(Recovering.json(recovering.bytes(index))
                .path("manifests")
                .path(0)
                .path("digest")
                .asText());
        removeVersions(recovering.registry().blobKey(child));
        // When
        Restore.Outcome outcome =
                recovering.restore("{'scope':{'repository':'dev/multi'},'metadata':'status','createNamespaces':true}");
        // Then
        assertFalse(outcome.isComplete());
        assertTrue(found().contains(FindingCode.IS_ITEM_UNRESTORABLE), found().toString());
        assertEquals(1, Recovering.tags(recovering.fresh(), "dev/multi").size());
        assertEquals(
                "one",
                Recovering.tags(recovering.fresh(), "dev/multi").at("/0/tag").asText());
    }

    @ParameterizedTest
    @CsvSource({"status,mapping", "mapping,status"})
    void whatOneRouteBroughtBackTheOtherLeavesAsItIs(String first, String second) {
        // Given
        aCluster();
        recovering.backedUp().ready();
        recovering.restore(ALL_BY_STATUS.replace("status", first));
        JsonNode app = Recovering.tags(recovering.fresh(), "dev/app");
        JsonNode multi = Recovering.tags(recovering.fresh(), "dev/multi");
        // When
        Restore.Outcome outcome = recovering.restore(ALL_BY_STATUS.replace("status", second));
        // Then
        assertTrue(outcome.isComplete(), () -> recovering.reading().first().toString());
        assertEquals(app, Recovering.tags(recovering.fresh(), "dev/app"));
        assertEquals(multi, Recovering.tags(recovering.fresh(), "dev/multi"));
    }

    @Test
    void aPlainClusterIsToldFromAnOpenShift() {
        // Given
        recovering.push("dev/app", "latest");
        recovering.backedUp();
        recovering.fresh().withoutImages();
        // When
        JsonNode preflight = recovering.preflight(ALL_BY_STATUS);
        // Then
        assertFalse(preflight.path("ready").asBoolean());
        assertEquals(1, preflight.path("points").size());
        assertTrue(preflight.path("points").toString().contains("serves no image.openshift.io"));
    }
}
