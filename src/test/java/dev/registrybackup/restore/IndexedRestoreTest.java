package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.CompletionIndex;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.SideBySide;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.restore.Restore.RestoreResult;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A restore of everything whose work several processes share, against the same one by a single process. */
class IndexedRestoreTest {
    private static final String ID = "20261122T134500Z-1f3a9c2e";
    private static final String REPORTS = "registry-backup/reports/" + ID + "/";

    private final RegistryLayout layout = new RegistryLayout("");
    private RandomRegistry registry = new RandomRegistry(1);
    private RestoreFixture fixture = new RestoreFixture();

    /** The target and the counts after a restore. */
    private record Result(
            boolean isComplete, Map<String, String> target, ObjectNode counts, Map<FindingCode, Long> findings) {
        /** What does not depend on how much an earlier attempt had done. */
        Result withoutCounts() {
            return new Result(isComplete, target, JsonNodeFactory.instance.objectNode(), findings);
        }
    }

    /** A backup of many repositories that lost a little, and a target that has a little. */
    @BeforeEach
    void fill() {
        fixture.close();
        fixture = new RestoreFixture();
        registry = RandomRegistry.random(7);
        Digest shared = registry.layer("shared/base", 3000);
        Digest corruptInTarget = registry.layer("shared/base", 2000);
        for (int number = 0; number < 20; number++) {
            String repository = "team-%d/app".formatted(number);
            Digest own = registry.layer(repository, 50 + number);
            Digest image = number % 4 == 0
                    ? registry.image(repository, own, shared)
                    : registry.image(
                            repository, own, number % 4 == 1 ? corruptInTarget : registry.layer(repository, 10));
            registry.tag(repository, "latest", registry.index(repository, image));
        }
        Digest lost = registry.layer("team-1/app", 77);
        registry.image("team-1/app", lost);
        registry.image("team-2/app", lost);
        Digest hidden = registry.layer("team-3/app", 78);
        registry.image("team-3/app", hidden);
        fixture.withBackupOf(registry);
        corrupt(shared);
        fixture.targetBucket().seed(registry.blobKey(corruptInTarget), corrupt(corruptInTarget));
        loseAllVersions(registry.blobKey(lost));
        fixture.backupBucket().delete(registry.blobKey(hidden), Optional.empty());
        fixture.targetBucket()
                .seed(
                        registry.tagLink("team-9/app", "latest"),
                        ("sha256:" + "ab".repeat(32)).getBytes(StandardCharsets.UTF_8));
        List<String> keys = registry.keys();
        for (int key = 0; key < keys.size(); key += 11) {
            if (!keys.get(key).equals(registry.blobKey(corruptInTarget))
                    && !keys.get(key).contains("_uploads")
                    && !keys.get(key).endsWith("/link")) {
                fixture.targetBucket().seed(keys.get(key), registry.content(keys.get(key)));
            }
        }
    }

    /** Leaves only a corrupt version in the backup, and returns its content. */
    private byte[] corrupt(Digest blob) {
        byte[] content = registry.content(registry.blobKey(blob)).clone();
        content[0] ^= 1;
        loseAllVersions(registry.blobKey(blob));
        fixture.backupBucket().seed(registry.blobKey(blob), content);
        return content;
    }

    private void loseAllVersions(String key) {
        fixture.backupBucket().deleteVersions(key, Instant.MAX);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @CsvSource({"missing, 1", "missing, 4", "missing, 16", "repair, 4"})
    void theResultIsThatOfOneProcess(String mode, int completions) {
        // Given
        Result expected = runAlone(mode);
        fill();

        // When
        List<Optional<Result>> results = runSideBySide(mode, completions, Map.of());

        // Then
        List<Result> merged = results.stream().flatMap(Optional::stream).toList();
        assertTrue(!merged.isEmpty(), "no index merged");
        merged.forEach(result -> assertEquals(expected, result));
        assertFalse(expected.isComplete());
        assertTrue(expected.findings().size() > 2, expected.findings()::toString);
        assertEquals(Set.of(), brokenLinks());
    }

    @ParameterizedTest
    @CsvSource({"missing, 4, 1", "missing, 4, 2", "missing, 4, 3", "missing, 16, 4", "repair, 4, 5"})
    void theResultIsThatOfOneProcessThoughIndexesAreKilled(String mode, int completions, long seed) {
        // Given
        Result expected = runAlone(mode);
        fill();
        Random random = new Random(seed);
        Map<Integer, Long> kills = new TreeMap<>();
        IntStream.range(0, completions).forEach(index -> kills.put(index, 3L + random.nextInt(120)));

        // When
        List<Optional<Result>> results = runSideBySide(mode, completions, kills);

        // Then
        List<Result> merged = results.stream().flatMap(Optional::stream).toList();
        assertTrue(!merged.isEmpty(), "no index merged");
        merged.forEach(result -> assertEquals(expected.withoutCounts(), result.withoutCounts()));
        assertEquals(Set.of(), brokenLinks());
    }

    @Test
    void theResultIsIncompleteIfOneIndexMissesSomething() {
        // Given
        CompletionIndex last = new CompletionIndex(3, 4);
        String repository = IntStream.range(0, 20)
                .mapToObj("team-%d/app"::formatted)
                .filter(name -> !last.includes(name))
                .findFirst()
                .orElseThrow();
        fixture.close();
        fixture = new RestoreFixture();
        registry = RandomRegistry.random(8);
        Digest lost = registry.layer(repository, 77);
        registry.image(repository, lost);
        fixture.withBackupOf(registry);
        loseAllVersions(registry.blobKey(lost));

        // When
        List<Optional<Result>> results = runSideBySide("missing", 4, Map.of());

        // Then
        List<Boolean> complete = results.stream()
                .flatMap(Optional::stream)
                .map(Result::isComplete)
                .distinct()
                .toList();
        assertEquals(List.of(false), complete);
    }

    @Test
    void noLinkIsWrittenWhileAnIndexIsRestoringItsBlobs() {
        // Given
        CompletionIndex first = new CompletionIndex(0, 2);
        CompletionIndex second = new CompletionIndex(1, 2);
        fixture.backup().beforeRequest((operation, key) -> {
            if (key.equals(REPORTS + "blobs-1-summary.json")
                    && fixture.backup().requests().size() > 0) {
                // Then
                assertEquals(
                        List.of(),
                        fixture.target().writtenKeys().stream()
                                .filter(written -> written.endsWith("/link"))
                                .toList());
                fixture.backup().beforeRequest((o, k) -> {});
                CompletableFuture.runAsync(() -> run("missing", second, Map.of()));
            }
        });

        // When
        run("missing", first, Map.of());

        // Then
        assertTrue(fixture.target().writtenKeys().stream().anyMatch(written -> written.endsWith("/link")));
        assertEquals(Set.of(), brokenLinks());
    }

    @Test
    void nothingIsSaidToBeCompleteWhileAnIndexIsMissing() {
        // Given
        CompletableFuture<Optional<Result>> second =
                CompletableFuture.supplyAsync(() -> run("missing", new CompletionIndex(1, 2), Map.of(1, 1_000_000L)));
        fixture.backup().beforeRequest((operation, key) -> {
            if (key.equals(REPORTS + "share-1-summary.json") && operation == RecordingObjectStore.Operation.PUT) {
                throw new IllegalStateException("This process was killed");
            }
        });

        // When
        Optional<Result> first = run("missing", new CompletionIndex(0, 2), Map.of());

        // Then
        assertEquals(Optional.empty(), first);
        assertEquals(Optional.empty(), second.join());
        fixture.backup().beforeRequest((operation, key) -> {});
        assertTrue(run("missing", new CompletionIndex(1, 2), Map.of()).isPresent());
    }

    @Test
    void whoeverMergesAgainGetsTheSame() {
        // Given
        List<Optional<Result>> results = runSideBySide("missing", 3, Map.of());

        // When
        Optional<Result> again = run("missing", new CompletionIndex(1, 3), Map.of());

        // Then
        assertTrue(results.contains(again));
        assertTrue(again.isPresent());
    }

    @Test
    void eachBlobIsWrittenByOneIndex() {
        // When
        runSideBySide("missing", 4, Map.of());

        // Then
        List<String> written = fixture.target().writtenKeys().stream()
                .filter(key -> key.endsWith("/data"))
                .toList();
        assertTrue(written.size() > 20, written::toString);
        assertEquals(written.size(), Set.copyOf(written).size());
    }

    private Result runAlone(String mode) {
        ProgressTracker progress = new ProgressTracker();
        RestoreResult result =
                fixture.restore().run(request(mode), new OperationContext(RestoreFixture.OPEN_FENCE, progress));
        return result(result, progress);
    }

    private RestoreRequest request(String mode) {
        return fixture.request("{'scope':{'all':true},'mode':'%s'}".formatted(mode));
    }

    /** Each index has its own thread and pools, and dies once it has sent that many requests. Then it is repeated. */
    private List<Optional<Result>> runSideBySide(String mode, int completions, Map<Integer, Long> kills) {
        return SideBySide.run(completions, index -> {
            Optional<Result> first = run(mode, index, kills);
            return kills.containsKey(index.number()) ? run(mode, index, Map.of()) : first;
        });
    }

    private Optional<Result> run(String mode, CompletionIndex index, Map<Integer, Long> kills) {
        ProgressTracker progress = new ProgressTracker();
        long last = kills.getOrDefault(index.number(), Long.MAX_VALUE);
        AtomicLong sent = new AtomicLong();
        BooleanSupplier isKilled = () -> sent.incrementAndGet() > last;
        ObjectStore backup = RecordingObjectStore.mortal(fixture.backup(), isKilled);
        ObjectStore target = RecordingObjectStore.mortal(fixture.target(), isKilled);
        try (WorkerPools workerPools = new WorkerPools(2, 1)) {
            OperationContext operation = new OperationContext(RestoreFixture.OPEN_FENCE, progress).withIndex(index);
            return new Restore(
                            new RegistryStore(backup, layout),
                            new RegistryStore(target, layout),
                            workerPools,
                            RateLimiter.unlimited(),
                            fixture.clock())
                    .runShare(request(mode), operation, new IndexReports(backup, ID, false, operation, workerPools))
                    .map(result -> result(result, progress));
        } catch (IllegalStateException e) {
            return Optional.empty();
        }
    }

    private Result result(RestoreResult result, ProgressTracker progress) {
        ObjectNode counts = result.summary().deepCopy();
        Set<String> listed = new TreeSet<>();
        counts.path("findings").forEach(finding -> listed.add(finding.toString()));
        counts.put("findings", listed.toString());
        return new Result(
                result.isComplete(),
                fixture.restoredContent(),
                counts,
                new TreeMap<>(progress.progress().findingCounts()));
    }

    /** The links in the target whose target is missing there. */
    private Set<String> brokenLinks() {
        Set<String> present = Set.copyOf(fixture.targetBucket().keys(""));
        return present.stream()
                .filter(key -> !key.equals(registry.tagLink("team-9/app", "latest")))
                .flatMap(key -> registry.reachableKeys(key).stream()
                        .filter(below -> !present.contains(below))
                        .map(below -> key + " leads to " + below))
                .collect(Collectors.toSet());
    }
}
