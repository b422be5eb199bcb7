package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.operation.OperationHandler.OperationResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An operation whose work several processes share. */
class IndexedOperationTest {
    private static final CompletionIndex FIRST = new CompletionIndex(0, 2);
    private static final CompletionIndex SECOND = new CompletionIndex(1, 2);

    private final OperationFixture fixture = new OperationFixture();
    private final OperationRequest request = fixture.createRestore();
    private final WorkerPools workerPools = new WorkerPools(1, 1);

    @AfterEach
    void close() {
        workerPools.close();
    }

    @Test
    void theIndexThatMergesFinishesTheOperation() {
        // Given
        OperationState first = run(FIRST, OperationResult.shareDone());
        OperationState meanwhile = fixture.state();
        fixture.clock.advance(Duration.ofMinutes(1));

        // When
        OperationState second = run(SECOND, new OperationResult(OperationState.SUCCEEDED, OperationFixture.summary()));

        // Then
        assertEquals(
                List.of(OperationState.RUNNING, OperationState.RUNNING, OperationState.SUCCEEDED),
                List.of(first, meanwhile, second));
        RunRecord run = fixture.status().run().orElseThrow();
        assertEquals(OperationState.SUCCEEDED, run.state());
        assertEquals(Optional.of(OperationFixture.summary()), run.summary());
        assertEquals(Duration.ofMinutes(1), run.elapsed());
        assertEquals(List.of("request", "run", "run-0", "run-1"), fixture.names());
    }

    @Test
    void theProgressOfAllIndexesIsAddedUp() {
        // Given
        OperationRun first = start(FIRST);
        OperationRun second = start(SECOND);
        ProgressTracker progress = new ProgressTracker();
        progress.phase("reading blobs");
        progress.addExpected(3, 300);
        progress.addFinding(new Finding(FindingCode.BLOB_MISSING, "sha256:0a", "it is missing"));

        // When
        first.heartbeat(progress.progress());
        second.heartbeat(progress.progress());

        // Then
        ObjectNode status = fixture.status().json();
        assertEquals("running", status.path("state").asText());
        assertEquals("2 indexes", status.at("/run/runner").asText());
        assertEquals("reading blobs", status.path("phase").asText());
        assertEquals(6, status.at("/objects/total").asInt());
        assertEquals(2, status.at("/findings/counts/BLOB_MISSING").asInt());
    }

    @Test
    void anIndexThatFailedIsRepeatedAndTheOperationGoesOn() {
        // Given
        OperationExecution failing = fixture.execution(
                workerPools,
                Map.of(OperationKind.RESTORE, (asked, fence, progress) -> {
                    throw new IllegalStateException("the disk is full");
                }),
                FIRST);
        OperationState failed = failing.run(request.id(), "pod-1", new ProgressTracker());
        OperationStatus meanwhile = fixture.status();

        // When
        OperationState repeated = run(FIRST, OperationResult.shareDone());

        // Then
        assertEquals(OperationState.FAILED, failed);
        assertEquals(OperationState.RUNNING, meanwhile.state());
        assertEquals(
                Optional.of("the disk is full"), meanwhile.run().orElseThrow().reason());
        assertEquals(OperationState.RUNNING, repeated);
        assertEquals(Optional.empty(), fixture.status().run().orElseThrow().reason());
    }

    @Test
    void anOperationWhoseIndexFailedTooOftenIsLostForThatReason() {
        // Given
        fixture.execution(
                        workerPools,
                        Map.of(OperationKind.RESTORE, (asked, fence, progress) -> {
                            throw new IllegalStateException("the disk is full");
                        }),
                        FIRST)
                .run(request.id(), "pod-1", new ProgressTracker());
        run(SECOND, OperationResult.shareDone());

        // When
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // Then
        assertEquals(OperationState.LOST, fixture.state());
        assertEquals(
                Optional.of("its process is gone. An index failed: the disk is full"),
                fixture.status().reason());
    }

    @Test
    void anOperationWithoutALivingIndexIsLost() {
        // Given
        run(FIRST, OperationResult.shareDone());
        start(SECOND);

        // When
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);

        // Then
        assertEquals(OperationState.LOST, fixture.state());
    }

    @Test
    void indexesHoldTheLockTogetherWhileOneOfThemLives() {
        // Given
        OperationRun first = start(FIRST);
        OperationRun second = start(SECOND);
        ProgressTracker.Progress progress = new ProgressTracker().progress();
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        second.heartbeat(progress);

        // When
        ConflictException refusal = assertThrows(ConflictException.class, fixture::createRestore);

        // Then
        assertEquals(request.id(), refusal.running());
        first.heartbeat(progress);
        first.check();
        second.check();

        // When
        fixture.clock.advance(StatusResolver.HEARTBEAT_TIMEOUT);
        fixture.createRestore();

        // Then
        first.heartbeat(progress);
        assertThrows(FencedException.class, first::check);
    }

    @Test
    void anIndexTakesTheLockAgainThatAnotherDeletedForAVoidOne() {
        // Given: a bucket without versions, and the other index is about to delete the void lock that it has read
        InMemoryObjectStore bucket = new InMemoryObjectStore("backup");
        RecordingObjectStore backup = new RecordingObjectStore(bucket);
        String key = OperationLock.key(request);
        bucket.seed(
                key, "{\"operation\":\"20260101T000000Z-00000009\",\"run\":\"1\"}".getBytes(StandardCharsets.UTF_8));
        AtomicInteger requestsSinceWritten = new AtomicInteger();
        backup.beforeRequest((operation, requested) -> {
            boolean isCounted = operation == Operation.PUT || requestsSinceWritten.get() > 0;
            if (requested.equals(key) && isCounted && requestsSinceWritten.incrementAndGet() == 2) {
                bucket.delete(key, Optional.empty());
            }
        });
        OperationStore store = new OperationStore(backup);
        OperationLock lock = new OperationLock(backup, store);
        OperationRun run = OperationRun.start(request, FIRST, "token", "pod", store, lock, fixture.clock);

        // When
        run.acquireLock();

        // Then
        assertTrue(lock.isHeldByOperation(request));
    }

    @Test
    void aProcessWhoseIndexIsRepeatedElsewhereStops() {
        // Given
        OperationRun first = start(FIRST);
        OperationRun second = start(SECOND);
        ProgressTracker.Progress progress = new ProgressTracker().progress();
        fixture.clock.advance(Duration.ofSeconds(1));
        OperationRun repeated = start(FIRST);

        // When
        first.heartbeat(progress);
        boolean isRecorded = first.finish(progress, OperationFixture.outcome(OperationState.SUCCEEDED));

        // Then
        assertThrows(FencedException.class, first::check);
        assertFalse(isRecorded);
        assertEquals(OperationState.RUNNING, fixture.state());
        for (OperationRun other : List.of(repeated, second)) {
            other.heartbeat(progress);
            other.check();
        }
    }

    @Test
    void aCancelledOperationEndsAnIndexThatWaitsForAnother() {
        // Given
        OperationRun run = start(FIRST);
        ProgressTracker progress = new ProgressTracker();
        IndexReports reports = reports(run, progress, FIRST);
        reports.writer("blobs").finish(JsonNodeFactory.instance.objectNode());
        fixture.service.cancel(request.id(), "alice");
        fixture.backup.beforeRequest((operation, key) -> {
            if (key.endsWith("blobs-1-summary.json") && run.stopReason().isEmpty()) {
                run.heartbeat(progress.progress());
            }
        });

        // When
        assertThrows(FencedException.class, () -> reports.await("blobs"));

        // Then
        assertEquals(OperationState.CANCELLED, run.stopReason().orElseThrow().state());
        run.finish(progress.progress(), OperationFixture.outcome(OperationState.CANCELLED));
        assertEquals(OperationState.CANCELLED, fixture.state());
    }

    @Test
    void anIndexThatWaitsNamesTheOneThatItWaitsFor() {
        // Given
        ProgressTracker progress = new ProgressTracker();
        IndexReports reports = reports(() -> {}, progress, FIRST);
        reports.writer("blobs").finish(JsonNodeFactory.instance.objectNode());
        List<String> phases = new ArrayList<>();
        fixture.backup.beforeRequest((operation, key) -> {
            if (key.endsWith("blobs-1-summary.json")) {
                phases.add(progress.progress().phase());
                if (phases.size() == 2) {
                    new IndexReports(
                                    fixture.bucket,
                                    request.id().value(),
                                    false,
                                    new OperationContext(() -> {}, progress).withIndex(SECOND),
                                    workerPools)
                            .writer("blobs")
                            .finish(JsonNodeFactory.instance.objectNode());
                }
            }
        });

        // When
        reports.await("blobs");

        // Then
        assertEquals(List.of("starting", "waiting for index 1"), phases);
    }

    @Test
    void theFilesOfAnIndexThatDiedCountForNothing() {
        // Given
        IndexReports reports = reports(() -> {}, new ProgressTracker(), FIRST);
        ReportWriter died = reports.writer("share");
        died.accept(new Finding(FindingCode.BLOB_MISSING, "sha256:0a", "it is missing"));
        died.flush();
        died.accept(new Finding(FindingCode.BLOB_MISSING, "sha256:0b", "it is missing"));
        died.flush();
        boolean isFinished = reports.ownSummary("share").isPresent();
        ReportWriter repeated = reports.writer("share");
        repeated.accept(new Finding(FindingCode.BLOB_MISSING, "sha256:0a", "it is missing"));

        // When
        repeated.finish(JsonNodeFactory.instance.objectNode());

        // Then
        assertEquals(false, isFinished);
        List<String> subjects = new ArrayList<>();
        reports.forEachLine(
                reports.ownSummary("share").orElseThrow(),
                line -> subjects.add(line.path("subject").asText()));
        assertEquals(List.of("sha256:0a"), subjects);
        assertEquals(Optional.empty(), reports.summaries("share"));
        assertTrue(new ReportReader(fixture.bucket).newestIds(1).isEmpty());
    }

    private OperationState run(CompletionIndex index, OperationResult result) {
        return fixture.execution(workerPools, Map.of(OperationKind.RESTORE, (asked, fence, progress) -> result), index)
                .run(request.id(), "pod-" + index.number(), new ProgressTracker());
    }

    private OperationRun start(CompletionIndex index) {
        OperationLock lock = new OperationLock(fixture.backup, fixture.store);
        OperationRun run = OperationRun.start(request, index, "token", "pod", fixture.store, lock, fixture.clock);
        run.acquireLock();
        return run;
    }

    private IndexReports reports(Fence fence, ProgressTracker progress, CompletionIndex index) {
        OperationContext context = new OperationContext(fence, progress).withIndex(index);
        return new IndexReports(fixture.backup, request.id().value(), false, context, workerPools);
    }
}
