package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.CompletionIndex;
import dev.registrybackup.operation.Liveness;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.OperationExecution;
import dev.registrybackup.operation.OperationHandler;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.operation.OperationRunner;
import dev.registrybackup.operation.OperationService;
import dev.registrybackup.operation.OperationState;
import dev.registrybackup.operation.OperationStatus;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.ReportReader;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A verification whose work several processes share, against the same one by a single process. */
class IndexedVerificationTest {
    private static final String EXISTENCE = "existence";
    private static final String CONTENT = "content";
    private static final Duration A_WEEK = Duration.ofDays(8);

    private final Path scratch;
    private final AtomicInteger ids = new AtomicInteger();
    private final List<RecordingObjectStore> stores = new CopyOnWriteArrayList<>();
    private final List<Digest> layers = new ArrayList<>();
    private RandomRegistry registry = RandomRegistry.random(5);
    private Digest shared = registry.layer("shared/base", 4000);
    private Digest unreadable = registry.layer("shared/base", 100);
    private ImageStreamVerifierFixture fixture = new ImageStreamVerifierFixture(registry, Path.of("unused"));

    /** What a verification leaves that people and programs read. */
    private record Result(
            OperationState state,
            ObjectNode summary,
            Map<String, Long> findings,
            Map<String, String> catalog,
            boolean isConclusive,
            Map<String, Long> progress) {}

    IndexedVerificationTest(@TempDir Path scratch) {
        this.scratch = scratch;
    }

    /** A backup of many repositories, in which a little of everything is broken. */
    @BeforeEach
    void fill() {
        fixture.close();
        registry = RandomRegistry.random(5);
        shared = registry.layer("shared/base", 4000);
        unreadable = registry.layer("shared/base", 100);
        fixture = new ImageStreamVerifierFixture(registry, scratch);
        List<Digest> images = new ArrayList<>();
        for (int number = 0; number < 20; number++) {
            String repository = "team-%d/app".formatted(number);
            Digest own = registry.layer(repository, 50 + number);
            layers.add(own);
            Digest image = number % 3 == 0
                    ? registry.image(repository, own, shared)
                    : registry.image(repository, own, number == 7 ? unreadable : own);
            registry.tag(repository, "latest", image);
            images.add(image);
            fixture.cluster.push(image);
            fixture.tag(repository, "latest", image);
            fixture.tag("only-etcd-%d/app".formatted(number), "v1", image);
        }
        Digest missing = registry.layer("team-1/app", 77);
        Digest alsoMissing = registry.image("team-2/app", missing);
        registry.image("team-4/app", missing);
        Digest truncated = registry.layer("team-5/app", 500);
        registry.image("team-5/app", truncated);
        registry.image("team-6/app", truncated);
        Digest orphan = registry.blob(registry.bytes(90));
        fixture.copyAndCapture();
        fixture.corrupt(registry.blobKey(shared));
        fixture.corrupt(registry.blobKey(images.get(10)));
        fixture.remove(registry.blobKey(missing));
        fixture.remove(registry.blobKey(alsoMissing));
        fixture.bucket.seed(registry.blobKey(truncated), new byte[400]);
        fixture.bucket.seed(registry.tagLink("team-8/app", "latest"), new byte[0]);
        fixture.bucket.seed("docker/registry/v2/notes.txt", orphan.hex().getBytes(StandardCharsets.UTF_8));
        fixture.bucket.seed(document("gone/app"), new byte[0]);
        fixture.bucket.seed(document("gone/too"), new byte[0]);
        fixture.clock.advance(A_WEEK);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @CsvSource({"existence, 1", "existence, 4", "existence, 16", "content, 1", "content, 4", "content, 16"})
    void theResultIsThatOfOneProcess(String depth, int completions) {
        // Given
        Result expected = result(runAlone(depth));
        fill();
        OperationRequest request = request(depth);

        // When
        List<OperationState> states = runSideBySide(request, completions, index -> Long.MAX_VALUE);

        // Then
        assertEquals(expected, result(request));
        assertTrue(expected.findings().size() > 20, expected.findings()::toString);
        assertTrue(states.contains(OperationState.INCOMPLETE), states::toString);
        assertTrue(
                states.stream()
                        .allMatch(state -> state == OperationState.INCOMPLETE || state == OperationState.RUNNING),
                states::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "existence, 4, 1",
        "existence, 16, 2",
        "content, 4, 3",
        "content, 4, 4",
        "content, 4, 5",
        "content, 16, 6"
    })
    void theResultIsThatOfOneProcessThoughIndexesAreKilled(String depth, int completions, long seed) {
        // Given
        Result expected = result(runAlone(depth));
        fill();
        OperationRequest request = request(depth);
        Random random = new Random(seed);
        Map<Integer, Long> kills = new TreeMap<>();
        IntStream.range(0, completions).forEach(index -> kills.put(index, 5L + random.nextInt(150)));

        // When
        List<OperationState> states =
                runSideBySide(request, completions, index -> kills.getOrDefault(index, Long.MAX_VALUE));

        // Then
        assertEquals(expected, result(request));
        assertTrue(states.contains(OperationState.INCOMPLETE), states::toString);
    }

    @Test
    void nothingIsConcludedWhileAnIndexIsMissing() {
        // Given
        OperationRequest request = request(EXISTENCE);

        // When
        List<OperationState> states = List.of(
                runIndex(request, new CompletionIndex(0, 3), Long.MAX_VALUE),
                runIndex(request, new CompletionIndex(2, 3), Long.MAX_VALUE));

        // Then
        assertEquals(List.of(OperationState.RUNNING, OperationState.RUNNING), states);
        assertEquals(OperationState.RUNNING, status(request).state());
        assertEquals(
                Optional.empty(),
                new ReportReader(fixture.bucket).readSummary(request.id().value()));
        assertEquals(
                Optional.empty(), new LastVerification(fixture.bucket).read().finishedAt());
        assertEquals(Optional.empty(), new RestorableShare(fixture.bucket).read());
        assertEquals(List.of(), new ReportReader(fixture.bucket).newestIds(10));

        // When
        OperationState last = runIndex(request, new CompletionIndex(1, 3), Long.MAX_VALUE);

        // Then
        assertEquals(OperationState.INCOMPLETE, last);
        assertTrue(new LastVerification(fixture.bucket).read().finishedAt().isPresent());
    }

    @Test
    void anIndexDeletesOnlyCatalogDocumentsOfItsShare() {
        // Given
        CompletionIndex index = new CompletionIndex(0, 2);
        List<String> gone =
                IntStream.range(0, 10).mapToObj("gone-%d/app"::formatted).toList();
        gone.forEach(name -> fixture.bucket.seed(document(name), new byte[0]));

        // When
        runIndex(request(EXISTENCE), index, Long.MAX_VALUE);

        // Then
        Set<String> kept = gone.stream()
                .filter(name -> fixture.bucket.head(document(name)).isPresent())
                .collect(Collectors.toSet());
        assertEquals(gone.stream().filter(name -> !index.includes(name)).collect(Collectors.toSet()), kept);
        assertTrue(!kept.isEmpty() && kept.size() < gone.size(), kept::toString);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theResultIsTheSameWhereverAnIndexIsKilled(int first) {
        // Given
        Result expected = result(runAlone(EXISTENCE));
        CompletionIndex other = new CompletionIndex(1 - first, 2);
        CompletionIndex killed = new CompletionIndex(first, 2);
        boolean hasEnded = false;

        for (int requests = 1; !hasEnded; requests += 9) {
            fill();
            OperationRequest request = request(EXISTENCE);
            runIndex(request, other, Long.MAX_VALUE);

            // When
            hasEnded = runIndex(request, killed, requests) != OperationState.FAILED;
            runIndex(request, killed, Long.MAX_VALUE);

            // Then
            assertEquals(expected, result(request), "killed after %d requests".formatted(requests));
        }
    }

    @Test
    void whoeverMergesAgainGetsTheSame() {
        // Given
        OperationRequest request = request(EXISTENCE);
        runSideBySide(request, 4, index -> Long.MAX_VALUE);
        Result first = result(request);
        fixture.clock.advance(Duration.ofHours(1));
        fixture.bucket.delete("registry-backup/operations/" + request.id() + "/run", Optional.empty());

        // When
        OperationState again = runIndex(request, new CompletionIndex(2, 4), Long.MAX_VALUE);

        // Then
        assertEquals(OperationState.INCOMPLETE, again);
        assertEquals(first, result(request));
    }

    @Test
    void eachBlobIsReadByOneIndex() {
        // Given
        OperationRequest request = request(CONTENT);

        // When
        runSideBySide(request, 4, index -> Long.MAX_VALUE);

        // Then
        assertEquals(
                Set.of(1L),
                layers.stream()
                        .map(layer -> stores.stream()
                                .mapToLong(store -> opened(store, registry.blobKey(layer)))
                                .sum())
                        .collect(Collectors.toSet()));
        assertTrue(stores.stream()
                .allMatch(store -> layers.stream().anyMatch(layer -> opened(store, registry.blobKey(layer)) > 0)));
    }

    @Test
    void aBackupThatWasFilledAnHourAgoIsReadOnceToo() {
        // Given
        layers.forEach(
                layer -> fixture.bucket.seed(registry.blobKey(layer), registry.content(registry.blobKey(layer))));
        fixture.clock.advance(Duration.ofHours(1));
        OperationRequest request = request(CONTENT);

        // When
        runSideBySide(request, 4, index -> Long.MAX_VALUE);

        // Then
        layers.forEach(layer -> assertEquals(
                1,
                stores.stream()
                        .mapToLong(store -> opened(store, registry.blobKey(layer)))
                        .sum()));
    }

    @Test
    void aBlobThatItsIndexDidNotListIsReadByTheOneThatNeedsIt() {
        // Given
        OperationRequest request = request(CONTENT);
        CompletionIndex first = new CompletionIndex(0, 2);
        CompletionIndex second = new CompletionIndex(1, 2);
        CompletableFuture<OperationState> waiting = start(request, second, index -> Long.MAX_VALUE);
        String blobs = "registry-backup/reports/%s/blobs-1-summary.json".formatted(request.id());
        Awaitility.await().until(() -> fixture.bucket.head(blobs).isPresent());
        String repository = IntStream.range(0, 20)
                .mapToObj("team-%d/app"::formatted)
                .filter(first::includes)
                .findFirst()
                .orElseThrow();
        Digest pushed = Stream.generate(() -> registry.layer(repository, 60))
                .filter(layer -> second.includes(layer.toString()))
                .findFirst()
                .orElseThrow();
        registry.image(repository, pushed);
        registry.backedUpObjects().forEach((key, content) -> {
            if (fixture.bucket.head(key).isEmpty()) {
                fixture.bucket.seed(key, content);
            }
        });
        fixture.corrupt(registry.blobKey(pushed));

        // When
        OperationState merged = runIndex(request, first, Long.MAX_VALUE);

        // Then
        List<OperationState> states = List.of(merged, waiting.join());
        assertTrue(states.contains(OperationState.INCOMPLETE), states::toString);
        assertEquals(1L, result(request).findings().get("BLOB_DIGEST_MISMATCH " + pushed));
    }

    @Test
    void anIndexThatWasKilledReadsNoBlobTwice() {
        // Given
        OperationRequest request = request(CONTENT);
        CompletionIndex index = new CompletionIndex(0, 2);
        CompletableFuture<OperationState> other = start(request, new CompletionIndex(1, 2), i -> Long.MAX_VALUE);
        RecordingObjectStore killed = store();
        kill(killed, (operation, key) -> operation == Operation.PUT && key.endsWith("share-0-summary.json"));
        run(request, index, killed);
        OperationState unmerged = other.join();
        RecordingObjectStore repeated = store();

        // When
        OperationState state = run(request, index, repeated);

        // Then
        assertEquals(OperationState.INCOMPLETE, state);
        assertEquals(OperationState.RUNNING, unmerged);
        String layer = registry.blobKey(shared);
        boolean isOwn = index.includes(shared.toString());
        assertEquals(isOwn ? 1 : 0, opened(killed, layer));
        assertEquals(0, opened(repeated, layer));
    }

    private static String document(String repository) {
        return "registry-backup/catalog/" + repository + "/_repository.json";
    }

    private static long opened(RecordingObjectStore store, String key) {
        return store.requests().stream()
                .filter(request -> request.operation() == Operation.OPEN)
                .filter(request -> request.key().equals(key))
                .count();
    }

    private OperationRequest runAlone(String depth) {
        OperationRequest request = request(depth);
        runIndex(request, CompletionIndex.ONLY, Long.MAX_VALUE);
        return request;
    }

    private OperationRequest request(String depth) {
        ObjectNode parameters = JsonNodeFactory.instance.objectNode().put("depth", depth);
        return service().create(OperationKind.VERIFY, "backup", parameters, "a test");
    }

    private OperationService service() {
        return new OperationService(fixture.bucket, new NoRunner(), fixture.clock, this::hex);
    }

    private String hex() {
        return "%08x".formatted(ids.incrementAndGet());
    }

    private OperationStatus status(OperationRequest request) {
        return service().status(request.id()).orElseThrow();
    }

    /** Each index has its own thread, pools and store, and dies once it has sent that many requests. */
    private List<OperationState> runSideBySide(OperationRequest request, int completions, IntToLongFunction killAfter) {
        List<CompletableFuture<OperationState>> running = IntStream.range(0, completions)
                .mapToObj(number -> start(request, new CompletionIndex(number, completions), killAfter))
                .toList();
        return running.stream().map(CompletableFuture::join).toList();
    }

    /** As Kubernetes would: an index that died is repeated, alone. */
    private CompletableFuture<OperationState> start(
            OperationRequest request, CompletionIndex index, IntToLongFunction killAfter) {
        CompletableFuture<OperationState> ended = new CompletableFuture<>();
        fixture.workerPools.submitOperation(() -> {
            try {
                OperationState state = runIndex(request, index, killAfter.applyAsLong(index.number()));
                ended.complete(state == OperationState.FAILED ? runIndex(request, index, Long.MAX_VALUE) : state);
            } catch (RuntimeException e) {
                ended.completeExceptionally(e);
            }
        });
        return ended;
    }

    private OperationState runIndex(OperationRequest request, CompletionIndex index, long requests) {
        RecordingObjectStore store = store();
        AtomicLong sent = new AtomicLong();
        kill(store, (operation, key) -> sent.incrementAndGet() > requests);
        return run(request, index, store);
    }

    private RecordingObjectStore store() {
        RecordingObjectStore store = new RecordingObjectStore(fixture.bucket);
        stores.add(store);
        return store;
    }

    /** From the first such request on, no request of the process arrives. One blob can never be read. */
    private void kill(RecordingObjectStore store, BiPredicate<Operation, String> isLast) {
        AtomicInteger dead = new AtomicInteger();
        store.beforeRequest((operation, key) -> {
            if (dead.get() > 0 || isLast.test(operation, key)) {
                dead.set(1);
                throw new IllegalStateException("This process was killed");
            }
            if (operation == Operation.OPEN && key.equals(registry.blobKey(unreadable))) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The disk is broken");
            }
        });
    }

    private OperationState run(OperationRequest request, CompletionIndex index, ObjectStore store) {
        try (WorkerPools workerPools = new WorkerPools(2, 1)) {
            OperationHandler handler = (recorded, fence, progress) -> new Verification(
                            name -> new RegistryStore(store, registry.layout()),
                            store,
                            workerPools,
                            RateLimiter.unlimited(),
                            true,
                            fixture.clock,
                            Optional.of(new CaptureReader(store, scratch)))
                    .run(
                            recorded.id().value(),
                            VerifyRequest.parse(recorded.parameters()),
                            new OperationContext(fence, progress).withIndex(index))
                    .map(result -> new OperationHandler.OperationResult(OperationState.INCOMPLETE, result.summary()))
                    .orElseGet(OperationHandler.OperationResult::shareDone);
            return new OperationExecution(
                            store, workerPools, fixture.clock, this::hex, Map.of(OperationKind.VERIFY, handler), index)
                    .run(request.id(), "a test", new ProgressTracker());
        } catch (IllegalStateException e) {
            // It was killed before it could record its end.
            return OperationState.FAILED;
        }
    }

    private Result result(OperationRequest request) {
        OperationId id = request.id();
        OperationStatus status = status(request);
        Map<String, Long> findings = new TreeMap<>();
        new ReportReader(fixture.bucket)
                .forEachFinding(
                        id.value(), finding -> findings.merge(finding.code() + " " + finding.subject(), 1L, Long::sum));
        ObjectNode summary =
                new ReportReader(fixture.bucket).readSummary(id.value()).orElseThrow();
        assertEquals(summary, status.run().flatMap(run -> run.summary()).orElseThrow());
        // How often a manifest is read that several repositories have depends on which are read together.
        summary.remove(List.of("bytes", "reports"));
        Map<String, String> catalog = fixture.bucket.keys("registry-backup/catalog/").stream()
                .collect(Collectors.toMap(
                        key -> key, key -> new String(fixture.bucket.bytes(key), StandardCharsets.UTF_8)));
        Map<String, Long> progress = new TreeMap<>();
        status.run()
                .orElseThrow()
                .progress()
                .findingCounts()
                .forEach((code, count) -> progress.put(code.name(), count));
        progress.put("objects", status.run().orElseThrow().progress().objectsDone());
        return new Result(
                status.state(),
                summary,
                findings,
                catalog,
                new LastVerification(fixture.bucket).read().lastConclusiveAt().isPresent(),
                progress);
    }

    /** Nothing but these tests runs the operations. */
    private static final class NoRunner implements OperationRunner {
        @Override
        public void start(OperationRequest request) {}

        @Override
        public void abandon(OperationRequest request) {}

        @Override
        public Liveness liveness(OperationRequest request) {
            return Liveness.dead("A test runs it");
        }
    }
}
