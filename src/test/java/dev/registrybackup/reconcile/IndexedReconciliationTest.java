package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.CompletionIndex;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.SideBySide;
import dev.registrybackup.reconcile.Reconciliation.ReconcileResult;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A reconciliation whose work several processes share, against the same one by a single process. */
class IndexedReconciliationTest {
    private static final String ID = "20261122T134500Z-1f3a9c2e";
    private static final Duration MONTH = Duration.ofDays(31);

    private final Path scratch;
    private RandomRegistry content = new RandomRegistry(1);
    private ReconcileFixture fixture;

    IndexedReconciliationTest(@TempDir Path directory) {
        scratch = directory;
        fixture = new ReconcileFixture(directory);
    }

    /** What a reconciliation leaves and says. */
    private record Result(SortedMap<String, String> backup, NavigableSet<String> findings, ObjectNode summary) {
        void assertLeft(Result actual) {
            assertEquals(lines(backup), lines(actual.backup));
            assertEquals(findings, actual.findings);
        }

        /** Without the catalog: a run renews it for what it copied and pruned itself, not an attempt that died before. */
        Result withoutCatalog() {
            SortedMap<String, String> objects = new TreeMap<>(backup);
            objects.keySet().removeIf(key -> key.startsWith("registry-backup/catalog/"));
            NavigableSet<String> others = new TreeSet<>(findings);
            others.removeIf(finding -> finding.contains(FindingCode.ORPHAN_BLOB.name()));
            return new Result(objects, others, summary);
        }

        private static String lines(SortedMap<String, String> objects) {
            return objects.entrySet().stream().map(Object::toString).collect(Collectors.joining("\n"));
        }

        void assertSame(Result actual) {
            assertEquals(summary.toPrettyString(), actual.summary.toPrettyString());
            assertLeft(actual);
        }
    }

    /**
     * A backup that is a month old: one repository has been missing for that time, another was deleted since, and some
     * were pushed since, one with a corrupt blob.
     */
    @BeforeEach
    void fill() {
        fixture.close();
        content = RandomRegistry.random(7);
        fixture = new ReconcileFixture(scratch)
                .withPolicy(new ReconcilePolicy(
                        true, Duration.ofDays(30), 0.9, 10_000, Duration.ofMinutes(15), Duration.ZERO));
        List.of("old/app", "gone/app", "team/app").forEach(this::push);
        fixture.withContent(content);
        fixture.run();
        delete("/old/app/");
        fixture.run();
        fixture.clock().advance(MONTH);
        delete("/gone/app/");
        IntStream.range(0, 8).mapToObj("new-%d/app"::formatted).forEach(this::push);
        Digest layer = content.layer("new-3/app", 700);
        tag("new-3/app", "corrupt", content.image("new-3/app", layer));
        content.objects().forEach((key, bytes) -> {
            if (key.contains("/new-") || key.contains("/blobs/")) {
                fixture.registryBucket().seed(key, bytes);
            }
        });
        fixture.registryBucket().seed(content.blobKey(layer), new byte[700]);
        fixture.registryBucket().seed("docker/registry/v2/blobs/notes.txt", new byte[3]);
    }

    private void push(String repository) {
        Digest image = content.image(repository, content.layer(repository, 500), content.layer("shared/base", 300));
        tag(repository, "v1", image);
    }

    /** As a registry does it, which links every blob of the image in its repository. */
    private void tag(String repository, String tag, Digest image) {
        content.tag(repository, tag, image);
        content.reachableKeys(content.revisionLink(repository, image)).stream()
                .map(key -> content.layout().parse(key))
                .filter(path -> path instanceof BlobData)
                .map(path -> ((BlobData) path).digest())
                .filter(blob -> !blob.equals(image))
                .forEach(blob -> content.mount(repository, blob));
    }

    private void delete(String part) {
        fixture.registryBucket().keys("docker/").stream()
                .filter(key -> key.contains(part))
                .forEach(key -> fixture.registryBucket().delete(key, Optional.empty()));
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void theResultIsThatOfOneProcess(int completions) {
        // Given
        Result expected = runAlone();
        fill();

        // When
        List<Optional<Result>> results = runSideBySide(completions, Map.of());

        // Then
        expected.assertSame(results.get(0).orElseThrow());
        results.stream().skip(1).forEach(other -> assertEquals(Optional.empty(), other));
        assertEquals(Set.of(), content.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
        ObjectNode summary = expected.summary();
        assertTrue(summary.at("/classes/blob/copied").asLong() > 20, summary::toPrettyString);
        assertTrue(summary.path("pruned").asLong() > 1, summary::toPrettyString);
        assertTrue(summary.path("newlyMissingInRegistry").asLong() > 1, summary::toPrettyString);
        assertTrue(summary.path("remaining").asLong() > 1, summary::toPrettyString);
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "4, 2", "4, 3", "4, 4", "16, 5"})
    void theResultIsThatOfOneProcessThoughIndexesAreKilled(int completions, long seed) {
        // Given
        Result expected = runAlone();
        fill();
        Random random = new Random(seed);
        Map<Integer, Long> kills = new TreeMap<>();
        IntStream.range(0, completions).forEach(index -> kills.put(index, 3L + random.nextInt(500)));

        // When
        List<Optional<Result>> results = runSideBySide(completions, kills);

        // Then
        expected.withoutCatalog().assertLeft(results.get(0).orElseThrow().withoutCatalog());
        assertEquals(Set.of(), content.linksBeforeTheirTargets(fixture.backup().writtenKeys()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"alarms/", "missing-in-registry", "catalog/"})
    void whoFinishesAgainAfterThatWriteCountsAndRecordsTheSame(String written) {
        // Given
        alarmAtTheFirstMissingKey();
        Result expected = runAlone();
        fill();
        alarmAtTheFirstMissingKey();
        CompletableFuture<Optional<Result>> other =
                CompletableFuture.supplyAsync(() -> run(new CompletionIndex(1, 2), () -> false));
        long before = writes(written);
        assertEquals(Optional.empty(), run(new CompletionIndex(0, 2), () -> writes(written) > before));
        assertEquals(Optional.empty(), other.join());

        // When
        Result again = run(new CompletionIndex(0, 2), () -> false).orElseThrow();

        // Then
        expected.assertSame(again);
        assertEquals(
                1,
                new Alarms(fixture.backupBucket(), fixture.clock()).openAlarms().size());
    }

    @Test
    void aShardThatAnIndexCouldNotCompareKeepsItsMissingKeysAndTheOthersAreReconciled() {
        // Given
        fixture.comparer()
                .failing(content.layout().repositoriesPrefix() + "gone/app/_manifests/", "the store was away");

        // When
        List<Optional<Result>> results = runSideBySide(4, Map.of());

        // Then
        Result result = results.get(0).orElseThrow();
        assertEquals(1, result.summary().path("failedShards").size());
        assertEquals(
                0,
                result.summary()
                        .at("/classes/revision-link/newlyMissingInRegistry")
                        .asLong());
        assertTrue(result.summary()
                        .at("/classes/layer-link/newlyMissingInRegistry")
                        .asLong()
                > 0);
        assertEquals(0, result.summary().path("pruned").asLong());
        assertTrue(result.backup().containsKey(content.tagLink("new-0/app", "v1")));
    }

    @Test
    void anIndexThatCannotReachAStoreLeavesItsOtherShardsUncompared() {
        // Given
        fixture.comparer().failing(content.layout().repositoriesPrefix() + "new-0/app/_layers/", "the store was away");
        AtomicLong looks = new AtomicLong();
        // The first look of each index is that before its run.
        fixture.registry().beforeRequest((operation, key) -> {
            if (operation == Operation.BUCKET && looks.incrementAndGet() > 2) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The registry was away");
            }
        });

        // When
        List<Optional<Result>> results = runSideBySide(2, Map.of());

        // Then
        Result result = results.get(0).orElseThrow();
        assertEquals("incomplete", result.summary().path("outcome").asText());
        assertTrue(result.summary().path("failedShards").toString().contains("Comparison stopped after"));
        assertEquals(0, result.summary().path("pruned").asLong());
        List<String> ended = result.backup()
                .getOrDefault("registry-backup/missing-in-registry", "until")
                .lines()
                .filter(line -> line.contains("until"))
                .toList();
        assertEquals(List.of(), ended);
    }

    private void alarmAtTheFirstMissingKey() {
        fixture.withPolicy(
                new ReconcilePolicy(true, Duration.ofDays(30), 0.9, 0, Duration.ofMinutes(15), Duration.ZERO));
    }

    private long writes(String record) {
        return fixture.backup().writtenKeys().stream()
                .filter(key -> key.startsWith("registry-backup/" + record))
                .count();
    }

    private Result runAlone() {
        ReconcileResult result = fixture.run();
        return result(result, fixture.progress());
    }

    /** Each index has its own threads, and dies once it has sent that many requests. Then it is repeated. */
    private List<Optional<Result>> runSideBySide(int completions, Map<Integer, Long> kills) {
        return SideBySide.run(completions, index -> {
            AtomicLong sent = new AtomicLong();
            long last = kills.getOrDefault(index.number(), Long.MAX_VALUE);
            Optional<Result> first = run(index, () -> sent.incrementAndGet() > last);
            return kills.containsKey(index.number()) ? run(index, () -> false) : first;
        });
    }

    /** Empty if this process was killed, or another one finishes. */
    private Optional<Result> run(CompletionIndex index, BooleanSupplier isKilled) {
        ProgressTracker progress = new ProgressTracker();
        StorePair stores = new StorePair(
                RecordingObjectStore.mortal(fixture.registry(), isKilled),
                RecordingObjectStore.mortal(fixture.backup(), isKilled),
                content.layout());
        try (WorkerPools workerPools = new WorkerPools(2, 1)) {
            OperationContext operation = new OperationContext(() -> {}, progress).withIndex(index);
            return fixture.reconciliation(stores, workerPools)
                    .run(ID, new ReconcileRequest(Optional.empty()), "a test", operation)
                    .map(result -> result(result, progress.progress()));
        } catch (IllegalStateException e) {
            return Optional.empty();
        }
    }

    private Result result(ReconcileResult result, ProgressTracker.Progress progress) {
        SortedMap<String, String> backup = new TreeMap<>();
        for (String key : fixture.backupBucket().keys("")) {
            boolean isOfOneRun = key.startsWith("registry-backup/reports/")
                    || key.startsWith("registry-backup/reconcile/last")
                    || key.startsWith("registry-backup/history/")
                    || key.startsWith("registry-backup/conditional-writes");
            if (!isOfOneRun) {
                byte[] bytes = fixture.backupBucket().bytes(key);
                backup.put(
                        key,
                        key.startsWith("registry-backup/")
                                ? new String(bytes, StandardCharsets.UTF_8)
                                : "%d bytes, hash %d".formatted(bytes.length, Arrays.hashCode(bytes)));
            }
        }
        ObjectNode summary = result.summary().deepCopy();
        summary.remove(List.of("requests", "reports", "rclone", "shards", "differing", "copied", "bytesCopied"));
        // A revision that one index copies brings its layer links, which another one then finds the same.
        ((ObjectNode) summary.path("classes").path(Kind.LAYER_LINK.label())).remove(List.of("differing", "copied"));
        summary.path("classes").forEach(counts -> ((ObjectNode) counts).remove("bytesCopied"));
        NavigableSet<String> findings = new TreeSet<>();
        progress.firstFindings().stream().map(Finding::toString).forEach(findings::add);
        return new Result(backup, findings, summary);
    }
}
