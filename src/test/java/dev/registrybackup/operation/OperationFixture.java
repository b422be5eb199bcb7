package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.RunRecord.RunOutcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Operations in a versioned bucket in memory, under a clock that stands still, with names that can be foretold. */
final class OperationFixture {
    static final String PREFIX = "registry-backup/operations/";
    /** The first operation asked for. */
    static final OperationId FIRST_ID = new OperationId("20260304T050607Z-00000001");

    final SettableClock clock = new SettableClock();
    final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    final FakeRunner runner = new FakeRunner();
    private final AtomicInteger idCounter = new AtomicInteger();
    final OperationStore store = new OperationStore(backup);
    final OperationService service = service(backup);

    OperationService service(ObjectStore bucketOfIt) {
        return new OperationService(bucketOfIt, runner, clock, this::nextHex);
    }

    private String nextHex() {
        return "%08x".formatted(idCounter.incrementAndGet());
    }

    OperationRequest createRestore() {
        return createRestore("registry");
    }

    OperationRequest createRestore(String target) {
        return service.create(OperationKind.RESTORE, target, parameters(), "alice");
    }

    /** Begins a run, as another process would. */
    OperationRun startRun(OperationRequest request, String runnerName) {
        return startRun(backup, request, runnerName);
    }

    OperationRun startRun(ObjectStore bucketOfIt, OperationRequest request, String runnerName) {
        OperationRun run = recordRun(bucketOfIt, request, runnerName);
        run.acquireLock();
        return run;
    }

    /** A run that has not taken the lock yet. */
    OperationRun recordRun(ObjectStore bucketOfIt, OperationRequest request, String runnerName) {
        OperationStore records = new OperationStore(bucketOfIt);
        return OperationRun.start(
                request,
                CompletionIndex.ONLY,
                nextHex(),
                runnerName,
                records,
                new OperationLock(bucketOfIt, records),
                clock);
    }

    OperationExecution execution(WorkerPools workerPools, Map<OperationKind, OperationHandler> handlers) {
        return execution(workerPools, handlers, CompletionIndex.ONLY);
    }

    OperationExecution execution(
            WorkerPools workerPools, Map<OperationKind, OperationHandler> handlers, CompletionIndex index) {
        return new OperationExecution(backup, workerPools, clock, this::nextHex, handlers, index, Duration.ofMillis(5));
    }

    void discard(OperationRequest request) {
        new OperationGc(backup, clock).delete(request.id());
    }

    static ObjectNode parameters() {
        return JsonNodeFactory.instance.objectNode().put("image", "team/app:1.0");
    }

    static RunOutcome succeededOutcome() {
        return new RunOutcome(OperationState.SUCCEEDED, Optional.of(summary()), Optional.empty());
    }

    static RunOutcome outcome(OperationState state) {
        return new RunOutcome(state, Optional.empty(), Optional.of("because"));
    }

    static ObjectNode summary() {
        return JsonNodeFactory.instance.objectNode().put("images", 7);
    }

    OperationStatus status() {
        return service.status(FIRST_ID).orElseThrow();
    }

    OperationState state() {
        return status().state();
    }

    String text(String name) {
        return new String(bucket.bytes(PREFIX + FIRST_ID + "/" + name), StandardCharsets.UTF_8);
    }

    void seed(String name, String text) {
        bucket.seed(PREFIX + FIRST_ID + "/" + name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The names of the operation's objects. */
    List<String> names() {
        String folder = PREFIX + FIRST_ID + "/";
        return bucket.keys(folder).stream()
                .map(key -> key.substring(folder.length()))
                .toList();
    }

    void failOn(Operation which) {
        backup.failOn(which, "", StoreError.UNAVAILABLE, "The store is down");
    }

    /** Waits for what a test counts down. */
    static void await(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
