package dev.registrybackup.replication;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingStore;
import dev.registrybackup.replication.pending.PendingWriter;
import dev.registrybackup.replication.pending.RejectionStore;
import dev.registrybackup.replication.pending.RetryWorker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/** The replication as it is wired, over two buckets in memory, with the retry worker not started. */
final class HandlerFixture implements AutoCloseable {
    static final String BUCKET = "image-registry";

    /** How much later than promised a busy machine may be. */
    private static final Duration SLACK = Duration.ofSeconds(10);

    final SettableClock clock = new SettableClock();
    final InMemoryObjectStore registryBucket = new InMemoryObjectStore(BUCKET, false, clock);
    final InMemoryObjectStore backupBucket = new InMemoryObjectStore("backup", true, clock);
    final RecordingObjectStore registry = new RecordingObjectStore(registryBucket);
    final RecordingObjectStore backup = new RecordingObjectStore(backupBucket);
    final RegistryLayout layout = new RegistryLayout("");
    final WorkerPools workerPools = new WorkerPools(4, 1);
    final RecordingListener listener = new RecordingListener();
    /** The keys recorded as pending because their copy had failed. */
    final Set<String> justFailed = ConcurrentHashMap.newKeySet();
    /** The other keys recorded as pending. */
    final Set<String> stillCopying = ConcurrentHashMap.newKeySet();

    final PendingStore pendingStore = new PendingStore(backup, "pod-1", clock);
    final RejectionStore rejectionStore = new RejectionStore(backup, clock, rejection -> {});
    final ReplicationService replicationService;
    final RetryWorker retryWorker;
    final PendingWriter pendingWriter;
    private final CountDownLatch released = new CountDownLatch(1);

    HandlerFixture() {
        Replicator replicator = new Replicator(
                layout,
                registry,
                backup,
                true,
                true,
                workerPools,
                clock,
                (key, copying) ->
                        listener.observe(Trigger.UNBLOCKED, new PendingKey(key, Optional.empty()), copying, clock));
        replicationService = new ReplicationService(
                replicator, listener, new CanaryProbe(registry, backup, clock), workerPools, clock);
        retryWorker = new RetryWorker(pendingStore, rejectionStore, replicationService, workerPools, clock);
        pendingWriter = new PendingWriter(pendingStore, workerPools, (record, failed) -> {
            record.keys().forEach(key -> (failed.contains(key.key()) ? justFailed : stillCopying).add(key.key()));
            retryWorker.add(record, failed);
        });
    }

    /** The answer to an event about these objects, which comes in a moment or when little time is left. */
    EventResult handle(NotificationHandler notificationHandler, Duration left, String... keys) throws Exception {
        return awaitWithin(Duration.ofSeconds(5), notificationHandler.handle(createdEvent(BUCKET, keys), left));
    }

    NotificationHandler notificationHandler(int mostInFlight) {
        return new NotificationHandler(BUCKET, replicationService, pendingWriter, workerPools, listener, mostInFlight);
    }

    /** Puts a blob into the registry and returns its key. */
    String blob(String content) {
        String key = blobKey(content);
        registryBucket.seed(key, bytes(content));
        return key;
    }

    /** Puts a blob into the registry that does not match the digest in its key. */
    String corruptBlob(String content) {
        String key = blobKey(content);
        registryBucket.seed(key, bytes("not " + content));
        return key;
    }

    String blobKey(String content) {
        return layout.blobKey(Digest.of(DigestAlgorithm.SHA256, bytes(content)));
    }

    /** Lets requests wait until {@link #release}, which is never longer than a test may take. */
    void blockUntilReleased() {
        try {
            if (!released.await(20, SECONDS)) {
                throw new IllegalStateException("Never released");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ObjectStoreException(StoreError.UNAVAILABLE, "Interrupted", e);
        }
    }

    void release() {
        released.countDown();
    }

    static ObjectStoreException storeUnavailable() {
        return new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
    }

    static boolean isPendingBatch(String key) {
        return key.startsWith(PendingStore.PREFIX);
    }

    /** Every key that is recorded as pending; records may be deleted while they are read. */
    List<String> pendingKeys() {
        return backupBucket.keys(PendingStore.PREFIX).stream()
                .filter(name -> !name.endsWith("/heartbeat"))
                .flatMap(name -> pendingStore.read(name).stream())
                .flatMap(record -> record.keys().stream())
                .map(PendingKey::key)
                .sorted()
                .toList();
    }

    List<String> rejectionKeys() {
        return backupBucket.keys(RejectionStore.PREFIX);
    }

    /** A notification that these objects were written. */
    static byte[] createdEvent(String bucket, String... keys) {
        return records(Arrays.stream(keys).map(key -> record(bucket, key)).toArray(String[]::new));
    }

    static byte[] records(String... records) {
        return bytes(Arrays.stream(records).collect(Collectors.joining(",", "{\"Records\":[", "]}")));
    }

    static String record(String bucket, String key) {
        return """
            {"eventVersion":"2.2","eventSource":"ceph:s3","eventTime":"2026-03-04T05:06:00Z",
             "eventName":"ObjectCreated:Put",
             "s3":{"bucket":{"name":"%s"},"object":{"key":"%s","size":1}}}\
            """.formatted(bucket, key);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static <T> T awaitWithin(Duration limit, CompletableFuture<T> future) throws Exception {
        return future.get(limit.plus(SLACK).toMillis(), MILLISECONDS);
    }

    static void awaitTrue(Callable<Boolean> condition) {
        await().atMost(30, SECONDS).pollInterval(Duration.ofMillis(10)).until(condition);
    }

    @Override
    public void close() {
        release();
        workerPools.close();
    }
}
