package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.SnapshotTaker;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.verify.Depth;
import dev.registrybackup.verify.Verification;
import dev.registrybackup.verify.VerifyRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A registry, its backup, and runs over both. */
final class ReconcileFixture implements AutoCloseable {
    static final Fence OPEN_FENCE = () -> {};

    private static final ReconcilePolicy KEEP_ALL =
            new ReconcilePolicy(false, Duration.ofDays(30), 0.1, 10_000, Duration.ofMinutes(15), Duration.ZERO);

    private final RegistryLayout layout = new RegistryLayout("");
    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("registry", false, clock);
    private final InMemoryObjectStore backupBucket;
    private final ObjectStore registryView;
    private final ObjectStore backupView;
    private final RecordingObjectStore registry;
    private final RecordingObjectStore backup;
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final Path scratch;
    private ReconcilePolicy reconcilePolicy = KEEP_ALL;
    private StoreComparer comparer;
    private ProgressTracker progressTracker = new ProgressTracker();
    private int runs;
    private Optional<Cluster> cluster = Optional.empty();

    ReconcileFixture(Path scratch) {
        this(scratch, true);
    }

    ReconcileFixture(Path scratch, boolean versioned) {
        this(scratch, versioned, UnaryOperator.identity(), UnaryOperator.identity());
    }

    /** What the stores show is made of the buckets by these. */
    ReconcileFixture(
            Path scratch,
            boolean versioned,
            UnaryOperator<ObjectStore> ofRegistry,
            UnaryOperator<ObjectStore> ofBackup) {
        this.scratch = scratch;
        this.backupBucket = new InMemoryObjectStore("backup", versioned, clock);
        this.registryView = ofRegistry.apply(registryBucket);
        this.backupView = ofBackup.apply(backupBucket);
        this.registry = new RecordingObjectStore(registryView);
        this.backup = new RecordingObjectStore(backupView);
        this.comparer = new StoreComparer(registryView, backupView);
    }

    /** The registry has all of that; what it has already stays as it is. */
    ReconcileFixture withContent(RandomRegistry content) {
        content.objects().forEach((key, bytes) -> {
            boolean isThere = registryBucket.head(key).isPresent() && Arrays.equals(registryBucket.bytes(key), bytes);
            if (!isThere) {
                registryBucket.seed(key, bytes);
            }
        });
        return this;
    }

    ReconcileFixture withPolicy(ReconcilePolicy other) {
        reconcilePolicy = other;
        return this;
    }

    /** What the registry has lacked for thirty days leaves the backup. */
    ReconcileFixture withMirror() {
        return withPolicy(
                new ReconcilePolicy(true, Duration.ofDays(30), 0.9, 10_000, Duration.ofMinutes(15), Duration.ZERO));
    }

    /** As on OpenShift, with that cluster. */
    ReconcileFixture withCluster(Cluster openShift) {
        cluster = Optional.of(openShift);
        return this;
    }

    SettableClock clock() {
        return clock;
    }

    InMemoryObjectStore registryBucket() {
        return registryBucket;
    }

    InMemoryObjectStore backupBucket() {
        return backupBucket;
    }

    RecordingObjectStore registry() {
        return registry;
    }

    RecordingObjectStore backup() {
        return backup;
    }

    /** What compares in the next run, fresh. */
    StoreComparer comparer() {
        comparer = new StoreComparer(registryView, backupView);
        return comparer;
    }

    /** The keys of the registry that came into the backup, in order. */
    List<String> writtenKeys() {
        return backup.writtenKeys().stream()
                .filter(key -> key.startsWith(layout.prefix()))
                .toList();
    }

    /** The problems that the last run reported. */
    List<String> problems() {
        return progress().firstFindings().stream().map(Finding::problem).toList();
    }

    /** What the last run reported. */
    ProgressTracker.Progress progress() {
        return progressTracker.progress();
    }

    Reconciliation.ReconcileResult run() {
        return run(OPEN_FENCE);
    }

    Reconciliation.ReconcileResult run(Fence fence) {
        return run(new ReconcileRequest(Optional.empty()), fence);
    }

    Reconciliation.ReconcileResult runAcknowledging(String alarm) {
        return run(new ReconcileRequest(Optional.of(alarm)), OPEN_FENCE);
    }

    private Reconciliation.ReconcileResult run(ReconcileRequest request, Fence fence) {
        progressTracker = new ProgressTracker();
        runs++;
        return reconciliation()
                .run(id(), request, "a test", new OperationContext(fence, progressTracker))
                .orElseThrow();
    }

    Reconciliation reconciliation() {
        return reconciliation(new StorePair(registry, backup, layout), workerPools);
    }

    /** As another process does it, with its own connections and threads. */
    Reconciliation reconciliation(StorePair stores, WorkerPools threads) {
        BiFunction<StorePair, RateLimiter, Replicator> copying =
                (storePair, rateLimiter) -> replicator(storePair, threads);
        return new Reconciliation(
                stores,
                new Reconciliation.Tools(
                        directory -> comparer,
                        copying,
                        snapshotTaker(),
                        Optional.empty(),
                        threads,
                        RateLimiter.unlimited(),
                        clock,
                        scratch),
                reconcilePolicy,
                false);
    }

    private Optional<Function<ObjectStore, Optional<SnapshotTaker>>> snapshotTaker() {
        return cluster.map(openShift -> store -> openShift.hasImages()
                ? Optional.of(new SnapshotTaker(openShift, store, workerPools, clock, () -> "%08x".formatted(runs)))
                : Optional.empty());
    }

    /** Has every byte of that store verified, as an operation of its own does. */
    Verification.VerificationResult verify(String store) {
        runs++;
        return new Verification(
                        name -> new RegistryStore(name.equals(VerifyRequest.BACKUP) ? backup : registry, layout),
                        backup,
                        workerPools,
                        RateLimiter.unlimited(),
                        false,
                        clock,
                        Optional.empty())
                .run(
                        id(),
                        new VerifyRequest(store, new Scope.All(), Depth.CONTENT, Optional.empty()),
                        new OperationContext(OPEN_FENCE, new ProgressTracker()))
                .orElseThrow();
    }

    private String id() {
        return "20261122T10%04dZ-00000000".formatted(runs);
    }

    Replicator replicator(StorePair storePair) {
        return replicator(storePair, workerPools);
    }

    private Replicator replicator(StorePair storePair, WorkerPools threads) {
        Replicator replicator = new Replicator(
                layout, storePair.registry(), storePair.backup(), false, true, threads, clock, (link, again) -> {});
        replicator.blockedLinks().refresh();
        return replicator;
    }

    /** What the backup shows of the registry's objects, with their content as text. */
    SortedMap<String, String> backupContent() {
        return texts(backupBucket, backupBucket.keys(layout.prefix()));
    }

    /** What the registry has but for uploads, with its content as text. */
    SortedMap<String, String> registryContent() {
        return texts(
                registryBucket,
                registryBucket.keys(layout.prefix()).stream()
                        .filter(key -> !key.contains("/_uploads/"))
                        .toList());
    }

    private static SortedMap<String, String> texts(InMemoryObjectStore bucket, List<String> keys) {
        SortedMap<String, String> found = new TreeMap<>();
        keys.forEach(
                key -> found.put(key, new String(bucket.bytes(key), java.nio.charset.StandardCharsets.ISO_8859_1)));
        return found;
    }

    /** A figure of one class. */
    static long classCount(Reconciliation.ReconcileResult reconcileResult, String kind, String count) {
        return reconcileResult.summary().path("classes").path(kind).path(count).asLong();
    }

    /** A figure of all classes. */
    static long totalCount(Reconciliation.ReconcileResult reconcileResult, String count) {
        return reconcileResult.summary().path(count).asLong();
    }

    @Override
    public void close() {
        workerPools.close();
    }
}
