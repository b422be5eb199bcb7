package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.restore.LastDrill.DrillRecord;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrillTest {
    private static final String APP = "ns/app";
    private static final String ID = "drill-20261122t134500z-1f3a9c2e";
    private static final String MINE = "docker/registry/v2/blobs/sha256/00/00/data";
    private static final DrillRequest REQUEST = new DrillRequest(5, 1);

    private final RandomRegistry registry = new RandomRegistry(1);
    private final RestoreFixture fixture = new RestoreFixture();
    private final ProgressTracker progress = new ProgressTracker();
    private Fence fence = RestoreFixture.OPEN_FENCE;

    @AfterEach
    void close() {
        fixture.close();
    }

    private Drill.DrillResult run() {
        return fixture.drill(Optional.empty()).run(ID, REQUEST, new OperationContext(fence, progress));
    }

    private DrillRecord last() {
        return new LastDrill(fixture.backupBucket()).read();
    }

    private Set<FindingCode> findings() {
        return progress.progress().findingCounts().keySet();
    }

    /** An index of two images and a foreign object of the target, which a drill has to leave alone. */
    private Digest pushed() {
        Digest layer = registry.layer(APP, 5_000);
        Digest image = registry.image(APP, layer, registry.layer(APP, 100));
        registry.tag(APP, "v1", registry.index(APP, image, registry.image(APP, layer)));
        fixture.withBackupOf(registry);
        fixture.targetBucket().seed(MINE, new byte[] {1});
        return layer;
    }

    private void assertNothingIsLeft() {
        assertEquals(List.of(MINE), fixture.targetBucket().keys(""));
    }

    @Test
    void aGoodBackupIsRestoredReadBackAndRemoved() {
        // Given: each write takes 100 ms
        pushed();
        fixture.target().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT) {
                fixture.clock().advance(Duration.ofMillis(100));
            }
        });

        // When
        Drill.DrillResult result = run();

        // Then
        ObjectNode summary = result.summary();
        assertTrue(result.isSuccess(), summary::toPrettyString);
        assertEquals(Set.of(), findings());
        assertEquals(3, summary.path("images").asInt());
        List<String> written = fixture.target().writtenKeys();
        assertEquals(
                registry.backedUpObjects().keySet().stream()
                        .filter(key -> !key.contains("/tags/"))
                        .collect(Collectors.toSet()),
                written.stream()
                        .map(key -> key.substring(key.indexOf("docker/registry/v2/")))
                        .collect(Collectors.toSet()));
        Set<String> read = fixture.target().requests().stream()
                .filter(request -> request.operation() == Operation.OPEN)
                .map(Request::key)
                .collect(Collectors.toSet());
        assertTrue(
                read.containsAll(
                        written.stream().filter(key -> key.endsWith("/data")).toList()),
                read::toString);
        assertNothingIsLeft();

        double seconds = written.size() / 10.0;
        assertEquals(written.size(), summary.path("objects").asInt());
        assertEquals(
                summary.path("bytes").asLong() / seconds,
                last().bytesPerSecond().orElseThrow(),
                0.001);
        // The backup has a tag and its history besides.
        assertEquals(
                seconds * (written.size() + 2) / written.size(),
                last().expectedRestoreSeconds().orElseThrow(),
                0.001);
        assertEquals(0, last().failed());
        assertEquals(Optional.of(fixture.clock().instant()), last().lastSuccessAt());
    }

    @Test
    void itWritesAndRemovesNothingButInItsOwnPlaceAndItsRecord() {
        // Given
        pushed();
        fixture.targetBucket().seed(Drill.PREFIX + "left", new byte[] {1});

        // When
        run();

        // Then
        Set<Operation> changes = Set.of(
                Operation.PUT,
                Operation.START_MULTIPART,
                Operation.UPLOAD_PART,
                Operation.COMPLETE,
                Operation.ABORT,
                Operation.DELETE);
        List<String> inTarget = fixture.target().requests().stream()
                .filter(request -> changes.contains(request.operation()))
                .map(Request::key)
                .toList();
        assertTrue(inTarget.size() > 20, inTarget::toString);
        assertTrue(inTarget.stream().allMatch(key -> key.startsWith(Drill.PREFIX)), inTarget::toString);
        assertEquals(
                List.of(LastDrill.KEY, DailyHistory.PREFIX + DailyHistory.DRILL),
                fixture.backup().requests().stream()
                        .filter(request -> changes.contains(request.operation()))
                        .map(Request::key)
                        .toList());
        assertNothingIsLeft();
    }

    @Test
    void aCorruptBlobOfTheBackupIsReportedAsAFailure() {
        // Given
        Digest layer = pushed();
        remove(registry.blobKey(layer));
        fixture.backupBucket().seed(registry.blobKey(layer), new byte[5_000]);
        run();
        DrillRecord failed = last();

        // When: it is mended
        fixture.backupBucket().seed(registry.blobKey(layer), registry.content(registry.blobKey(layer)));
        Drill.DrillResult mended = run();

        // Then
        assertTrue(failed.failed() > 0);
        assertEquals(OptionalDouble.empty(), failed.bytesPerSecond());
        assertEquals(Optional.empty(), failed.lastSuccessAt());
        assertTrue(
                findings().contains(FindingCode.BLOB_DIGEST_MISMATCH),
                () -> findings().toString());
        assertTrue(mended.isSuccess());
        assertEquals(0, last().failed());
        assertNothingIsLeft();
    }

    @Test
    void theLastDrillOfADayIsItsFigure() {
        // Given
        Digest layer = pushed();
        run();
        fixture.clock().advance(Duration.ofDays(1));
        run();
        remove(registry.blobKey(layer));

        // When
        run();

        // Then
        Map<LocalDate, JsonNode> days = new DailyHistory(fixture.backupBucket()).read(DailyHistory.DRILL);
        LocalDate today = DailyHistory.day(fixture.clock().instant());
        assertEquals(Set.of(today.minusDays(1), today), days.keySet());
        List<JsonNode> figures = List.copyOf(days.values());
        JsonNode yesterday = figures.get(0);
        assertEquals(0, yesterday.path("failed").asLong(), days::toString);
        assertTrue(yesterday.path("expectedRestoreSeconds").asDouble() > 0, days::toString);
        assertTrue(yesterday.path("bytesPerSecond").asDouble() > 0, days::toString);
        assertEquals(3, figures.get(1).path("failed").asLong(), days::toString);
        assertFalse(figures.get(1).has("bytesPerSecond"), days::toString);
    }

    @Test
    void aMissingBlobOfTheBackupIsReportedAsAFailure() {
        // Given
        Digest layer = pushed();
        remove(registry.blobKey(layer));

        // When
        Drill.DrillResult result = run();

        // Then: neither of the images that have it, nor their index
        assertFalse(result.isSuccess());
        assertEquals(3, result.summary().path("failed").asInt(), result.summary()::toPrettyString);
        assertEquals(3, last().failed());
        assertTrue(
                findings().contains(FindingCode.BLOB_MISSING), () -> findings().toString());
        assertNothingIsLeft();
    }

    @Test
    void aManifestThatWasPushedBesideItsIndexAndIsMissingIsReportedAsAFailure() {
        // Given
        Digest child = registry.image(APP, registry.layer(APP, 10));
        registry.index(APP, child);
        fixture.withBackupOf(registry);
        remove(registry.blobKey(child));

        // When
        Drill.DrillResult result = run();

        // Then
        assertEquals(2, result.summary().path("failed").asInt(), result.summary()::toPrettyString);
    }

    private void remove(String key) {
        fixture.backupBucket()
                .head(key)
                .orElseThrow()
                .versionId()
                .ifPresent(version -> fixture.backupBucket().delete(key, Optional.of(version)));
    }

    @Test
    void bytesThatAreReadBackOtherwiseThanTheyWereWrittenAreReportedAsAFailure() {
        // Given
        Digest layer = pushed();
        fixture.target().beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.endsWith(registry.blobKey(layer))) {
                fixture.targetBucket().seed(key, new byte[5_000]);
            }
        });

        // When
        Drill.DrillResult result = run();

        // Then
        assertFalse(result.isSuccess());
        assertTrue(
                findings().contains(FindingCode.BLOB_DIGEST_MISMATCH),
                () -> findings().toString());
        assertNothingIsLeft();
    }

    @Test
    void aTargetThatCannotBeWrittenIsAFailedDrill() {
        // Given
        pushed();
        run();
        fixture.target().beforeRequest((operation, key) -> {
            if (operation == Operation.PUT) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "the target refuses to be written");
            }
        });

        // When
        assertThrows(ObjectStoreException.class, this::run);

        // Then
        DrillRecord failed = last();
        assertEquals(5, failed.failed());
        assertEquals(Optional.of(fixture.clock().instant()), failed.lastSuccessAt());
        assertTrue(failed.bytesPerSecond().isPresent());
        assertNothingIsLeft();
    }

    @Test
    void aCancelledDrillLeavesNothingBehindAndNoResult() {
        // Given
        pushed();
        fence = () -> {
            if (fixture.target().writtenKeys().size() > 3) {
                throw new FencedException("it was cancelled");
            }
        };

        // When
        assertThrows(FencedException.class, this::run);

        // Then
        assertTrue(fixture.target().writtenKeys().size() > 3);
        assertNothingIsLeft();
        assertEquals(
                new DrillRecord(Optional.empty(), Optional.empty(), 0, OptionalDouble.empty(), OptionalDouble.empty()),
                last());
    }

    @Test
    void ofAnEmptyBackupNothingIsSaid() {
        // When
        IllegalStateException refused = assertThrows(IllegalStateException.class, this::run);

        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("no image"), refused::getMessage);
        assertEquals(Optional.empty(), last().finishedAt());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 2})
    void aPlanOfImageStreamsWithMissingBlobsIsAFailure(long missing) {
        // Given
        pushed();

        // When
        Drill.DrillResult result = fixture.drill(Optional.of((scratch, request) -> {
                    assertEquals(
                            "{\"repository\":\"ns/app\"}",
                            request.scope().toJson().toString());
                    return JsonNodeFactory.instance.objectNode().put("missing", missing);
                }))
                .run(ID, REQUEST, new OperationContext(fence, progress));

        // Then
        assertEquals(missing == 0, result.isSuccess());
        assertEquals(missing > 0, findings().contains(FindingCode.IS_ITEM_UNRESTORABLE));
    }

    @Test
    void imagesWithoutAnImageStreamAreNoFailure() {
        // Given
        pushed();

        // When
        Drill.DrillResult result = fixture.drill(Optional.of((scratch, request) -> {
                    throw UnknownScopeException.of(request);
                }))
                .run(ID, REQUEST, new OperationContext(fence, progress));

        // Then
        assertTrue(result.isSuccess());
    }
}
