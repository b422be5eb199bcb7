package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.restore.Restore.RestoreResult;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** A backup, an empty target, and restores from the one into the other. */
final class RestoreFixture implements AutoCloseable {
    static final Fence OPEN_FENCE = () -> {};

    private final RegistryLayout layout = new RegistryLayout("");
    private final SettableClock clock;
    private final InMemoryObjectStore backupBucket;
    private final InMemoryObjectStore targetBucket = new InMemoryObjectStore("registry");
    private final RecordingObjectStore backup;
    private final RecordingObjectStore target = new RecordingObjectStore(targetBucket);
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private ProgressTracker progressTracker = new ProgressTracker();

    RestoreFixture() {
        this(true);
    }

    RestoreFixture(boolean versioned) {
        this(new SettableClock(), versioned);
    }

    private RestoreFixture(SettableClock clock, boolean versioned) {
        this(clock, new InMemoryObjectStore("backup", versioned, clock));
    }

    private RestoreFixture(SettableClock clock, InMemoryObjectStore backupBucket) {
        this.clock = clock;
        this.backupBucket = backupBucket;
        this.backup = new RecordingObjectStore(backupBucket);
    }

    /** From the same backup into another empty target. */
    RestoreFixture freshTarget() {
        return new RestoreFixture(clock, backupBucket);
    }

    /** The bucket that holds the backup. */
    InMemoryObjectStore backupBucket() {
        return backupBucket;
    }

    /** The bucket that is restored into. */
    InMemoryObjectStore targetBucket() {
        return targetBucket;
    }

    /** The requests to the backup. */
    RecordingObjectStore backup() {
        return backup;
    }

    /** The requests to the target. */
    RecordingObjectStore target() {
        return target;
    }

    SettableClock clock() {
        return clock;
    }

    /** What the last restore reported. */
    ProgressTracker.Progress progress() {
        return progressTracker.progress();
    }

    /** The backup of a registry as if every object had been copied. */
    RestoreFixture withBackupOf(RandomRegistry registry) {
        registry.backedUpObjects().forEach(backupBucket::seed);
        return this;
    }

    Restore restore() {
        return new Restore(
                new RegistryStore(backup, layout),
                new RegistryStore(target, layout),
                workerPools,
                RateLimiter.unlimited(),
                clock);
    }

    /** Drills from the backup into the target. */
    Drill drill(Optional<BiFunction<RegistryStore, RestoreRequest, ObjectNode>> imageStreamPlan) {
        return new Drill(
                new RegistryStore(backup, layout),
                () -> new RegistryStore(target, layout),
                workerPools,
                RateLimiter.unlimited(),
                false,
                clock,
                imageStreamPlan);
    }

    RestoreResult run(String request) {
        return run(request, OPEN_FENCE);
    }

    RestoreResult run(String request, Fence fence) {
        progressTracker = new ProgressTracker();
        return restore().run(request(request), new OperationContext(fence, progressTracker));
    }

    ObjectNode plan(String request) {
        return restore().plan(request(request));
    }

    /** A request in JSON with apostrophes for quotation marks. */
    RestoreRequest request(String json) {
        return RestoreRequest.parse(TestJson.parse(json), clock.instant());
    }

    /** All objects of the target with their content as text. */
    Map<String, String> restoredContent() {
        return texts(targetBucket);
    }

    static Map<String, String> texts(InMemoryObjectStore bucket) {
        Map<String, String> found = new TreeMap<>();
        bucket.keys("").forEach(key -> found.put(key, text(bucket.bytes(key))));
        return found;
    }

    static Map<String, String> texts(Map<String, byte[]> objects) {
        Map<String, String> found = new TreeMap<>();
        objects.forEach((key, bytes) -> found.put(key, text(bytes)));
        return found;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        workerPools.close();
    }
}
