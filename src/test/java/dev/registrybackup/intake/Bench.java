package dev.registrybackup.intake;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.ledger.OwedBatches;
import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.ledger.OwedShelf;
import dev.registrybackup.ledger.OwedWorker;
import dev.registrybackup.ledger.Rejections;
import dev.registrybackup.ledger.TestClock;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replicate.ForeignObjects;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.RecordingObjectStore;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.RecentlyDurable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/** The program as it is wired, over two buckets in memory, with the worker of debts not started. */
final class Bench implements AutoCloseable {
    static final String BUCKET = "image-registry";

    /** How much later than promised a busy machine may be. */
    private static final Duration LOADED_MACHINE = Duration.ofSeconds(10);

    final TestClock clock = new TestClock();
    final InMemoryObjectStore registryBucket = new InMemoryObjectStore(BUCKET, false, clock);
    final InMemoryObjectStore backupBucket = new InMemoryObjectStore("backup", true, clock);
    final RecordingObjectStore registry = new RecordingObjectStore(registryBucket);
    final RecordingObjectStore backup = new RecordingObjectStore(backupBucket);
    final RegistryLayout layout = new RegistryLayout("");
    final Lanes lanes = new Lanes(4, 1);
    final RecordingJournal journal = new RecordingJournal();
    /** The keys last recorded as owed, and for each whether its copy was said to go on. */
    final Map<String, Boolean> goesOn = new ConcurrentHashMap<>();

    final OwedShelf shelf = new OwedShelf(backup, "pod-1", clock);
    final Rejections rejections = new Rejections(backup, clock, rejection -> {});
    final Copies copies;
    final OwedWorker worker;
    final OwedBatches owed;
    private final CountDownLatch released = new CountDownLatch(1);

    Bench() {
        RecentlyDurable durable = new RecentlyDurable(clock, Duration.ofMinutes(5), 100_000);
        Blobs blobs = new Blobs(layout, registry, backup, new AdoptedMark(backup, layout, clock), lanes, durable);
        ForeignObjects foreign = new ForeignObjects(registry, backup, lanes, true);
        OpenLinks openLinks = new OpenLinks(backup, clock);
        Watch watch = new Watch(journal, clock);
        Replicator replicator = new Replicator(
                new Replicator.Parts(layout, registry, backup, blobs, foreign, openLinks, durable, lanes),
                watch::woken);
        copies = new Copies(replicator, watch, new Canaries(registry, backup, clock), lanes);
        worker = new OwedWorker(shelf, rejections, copies, lanes, clock);
        owed = new OwedBatches(shelf, lanes, (record, going) -> {
            goesOn.putAll(going);
            worker.accept(record, going);
        });
    }

    Intake intake(int mostInFlight) {
        return new Intake(BUCKET, copies, owed, lanes, journal, mostInFlight);
    }

    /** Puts a blob into the registry and tells its key. */
    String blob(String content) {
        String key = blobKey(content);
        registryBucket.seed(key, bytes(content));
        return key;
    }

    /** Puts a blob into the registry that is not what its key says. */
    String corruptBlob(String content) {
        String key = blobKey(content);
        registryBucket.seed(key, bytes("not " + content));
        return key;
    }

    String blobKey(String content) {
        return layout.blobKey(Digest.of(DigestAlgorithm.SHA256, bytes(content)));
    }

    /** Lets requests wait until {@link #release}, which is never longer than a test may take. */
    void hang() {
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

    static ObjectStoreException down() {
        return new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
    }

    static boolean isOwedRecord(String key) {
        return key.startsWith(OwedShelf.PREFIX);
    }

    /** Every key that is on record as owed; records may go while they are read. */
    List<String> owedKeys() {
        return backupBucket.keys(OwedShelf.PREFIX).stream()
                .filter(name -> !name.endsWith("/alive"))
                .flatMap(name -> shelf.read(name).stream())
                .flatMap(record -> record.keys().stream())
                .map(OwedKey::key)
                .sorted()
                .toList();
    }

    List<String> rejected() {
        return backupBucket.keys(Rejections.PREFIX);
    }

    /** A notification that these objects were written. */
    static byte[] created(String bucket, String... keys) {
        return records(Arrays.stream(keys).map(key -> record(bucket, key)).toArray(String[]::new));
    }

    static byte[] records(String... records) {
        return bytes(Arrays.stream(records).collect(Collectors.joining(",", "{\"Records\":[", "]}")));
    }

    static String record(String bucket, String key) {
        return """
            {"eventVersion":"2.2","eventSource":"ceph:s3","eventTime":"2026-03-04T05:06:00Z",
             "eventName":"ObjectCreated:Put",
             "s3":{"bucket":{"name":"%s"},"object":{"key":"%s","size":1}}}""".formatted(bucket, key);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static <T> T within(Duration limit, CompletableFuture<T> future) throws Exception {
        return future.get(limit.plus(LOADED_MACHINE).toMillis(), MILLISECONDS);
    }

    static void until(Callable<Boolean> condition) {
        await().atMost(30, SECONDS).pollInterval(Duration.ofMillis(10)).until(condition);
    }

    @Override
    public void close() {
        release();
        lanes.close();
    }
}
