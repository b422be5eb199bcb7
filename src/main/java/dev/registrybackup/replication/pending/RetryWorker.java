package dev.registrybackup.replication.pending;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import dev.registrybackup.replication.pending.RetryState.RetryAttempt;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Retries pending keys: those of this instance, and those of instances without a heartbeat for three minutes. Runs only
 * in the role replicate.
 */
public final class RetryWorker {
    /** After this time without a heartbeat, other instances take over an instance's records. */
    public static final Duration HEARTBEAT_TIMEOUT = Duration.ofMinutes(3);

    private static final System.Logger LOGGER = System.getLogger(RetryWorker.class.getName());
    private static final Duration HEARTBEAT_INTERVAL = Duration.ofMinutes(1);
    private static final Duration CLAIM_INTERVAL = Duration.ofMinutes(1);
    private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);
    private static final int MAX_KEYS = 20_000;
    private static final int CONCURRENCY = 32;
    /** An attempt that takes longer, for example of a large blob, no longer counts against {@link #CONCURRENCY}. */
    private static final Duration LONG_ATTEMPT = Duration.ofSeconds(5);

    private static final int MAX_ATTEMPTS = 1_024;
    private static final int READ_CONCURRENCY = 8;

    private final PendingStore pendingStore;
    private final RejectionStore rejectionStore;
    private final RetryHandler retryHandler;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final RetryState retryState = new RetryState(MAX_KEYS);
    private final AtomicInteger attemptsRunning = new AtomicInteger();
    /** The running attempts that have not yet taken longer than {@link #LONG_ATTEMPT}. */
    private final AtomicInteger shortAttempts = new AtomicInteger();

    /** Retries the keys of this store, as its instance, with this handler. */
    public RetryWorker(
            PendingStore pendingStore,
            RejectionStore rejectionStore,
            RetryHandler retryHandler,
            WorkerPools workerPools,
            Clock clock) {
        this.pendingStore = pendingStore;
        this.rejectionStore = rejectionStore;
        this.retryHandler = retryHandler;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /** Starts heartbeats and retries in the background. */
    public void start() {
        workerPools.scheduleAtFixedRate("retry queue heartbeat", HEARTBEAT_INTERVAL, this::writeHeartbeat);
        workerPools.scheduleAtFixedRate("retry queue takeover", CLAIM_INTERVAL, this::claimBatches);
        workerPools.scheduleAtFixedRate("retry queue", RETRY_INTERVAL, this::retryDue);
    }

    /**
     * Adds a record that this instance has just written. If there is no room, {@link #claimBatches} adds it later.
     *
     * @param justFailed the keys whose copy has just failed; they are due after a minute, the others at once
     */
    public void add(PendingBatch record, Set<String> justFailed) {
        if (retryState.hasCapacity()) {
            retryState.add(record, justFailed, clock.instant());
        }
    }

    /** How many pending keys this instance retries. */
    public int pendingKeys() {
        return retryState.size();
    }

    /** Separate from {@link #claimBatches}, which may take long: without a heartbeat, others take over the records. */
    void writeHeartbeat() {
        pendingStore.writeHeartbeat();
    }

    /** Adds this instance's records that are not in memory, and those that it takes over from dead instances. */
    void claimBatches() {
        Optional<Instant> storeNow = pendingStore.lastHeartbeat(pendingStore.instance());
        BoundedTaskGroup reads = new BoundedTaskGroup(workerPools, READ_CONCURRENCY);
        Map<String, Instant> heartbeats = new HashMap<>();
        List<ObjectInfo> others = new ArrayList<>();
        try (Stream<ObjectInfo> listing = pendingStore.list()) {
            Iterator<ObjectInfo> objects = listing.iterator();
            while (retryState.hasCapacity() && others.size() < MAX_KEYS && objects.hasNext()) {
                ObjectInfo object = objects.next();
                String instance = PendingStore.instanceOf(object.key());
                if (PendingStore.isHeartbeat(object.key())) {
                    heartbeats.put(instance, object.lastModified());
                } else if (instance.equals(pendingStore.instance())) {
                    reads.submit(0, () -> claim(object.key()));
                } else {
                    others.add(object);
                }
            }
        }
        // A heartbeat is listed after its instance's records, so that of the last instance may not be listed yet.
        others.stream()
                .map(record -> PendingStore.instanceOf(record.key()))
                .distinct()
                .filter(instance -> !heartbeats.containsKey(instance))
                .forEach(instance -> pendingStore
                        .lastHeartbeat(instance)
                        .ifPresent(heartbeat -> heartbeats.put(instance, heartbeat)));
        // Whether others are dead is decided by the store's clock, which is known only after the first own heartbeat.
        storeNow.ifPresent(now -> takeOver(others, heartbeats, now, reads));
        reads.await();
    }

    /**
     * Takes over records of dead instances. Each record ranks the live instances in its own order (rendezvous hashing):
     * the first takes it over after one {@link #HEARTBEAT_TIMEOUT}, the next after two, so that two do not retry the
     * same keys.
     */
    private void takeOver(
            List<ObjectInfo> others, Map<String, Instant> heartbeats, Instant now, BoundedTaskGroup reads) {
        List<String> live = heartbeats.entrySet().stream()
                .filter(heartbeat -> !isTimedOut(heartbeat.getValue(), now, 1))
                .map(Map.Entry::getKey)
                .toList();
        Set<String> withRecords = new HashSet<>();
        for (ObjectInfo record : others) {
            String instance = PendingStore.instanceOf(record.key());
            withRecords.add(instance);
            Instant heartbeat = heartbeats.getOrDefault(instance, record.lastModified());
            Instant since = heartbeat.isAfter(record.lastModified()) ? heartbeat : record.lastModified();
            if (retryState.hasCapacity() && isTimedOut(since, now, 1 + rank(record.key(), live))) {
                reads.submit(0, () -> claim(record.key()));
            }
        }
        if (others.size() < MAX_KEYS) {
            heartbeats.forEach((instance, heartbeat) -> {
                if (!withRecords.contains(instance) && isTimedOut(heartbeat, now, 1)) {
                    pendingStore.deleteHeartbeat(instance);
                }
            });
        }
    }

    /** Compares times of the store's clock only, since the clock of this machine may be wrong. */
    private static boolean isTimedOut(Instant since, Instant storeNow, long timeouts) {
        return Duration.between(since, storeNow).compareTo(HEARTBEAT_TIMEOUT.multipliedBy(timeouts)) >= 0;
    }

    private long rank(String record, List<String> live) {
        String own = weight(record, pendingStore.instance());
        return live.stream()
                .filter(other -> !other.equals(pendingStore.instance()))
                .filter(other -> weight(record, other).compareTo(own) > 0)
                .count();
    }

    private static String weight(String record, String instance) {
        byte[] both = (record + "\n" + instance).getBytes(StandardCharsets.UTF_8);
        return Digest.of(DigestAlgorithm.SHA256, both).hex();
    }

    private void claim(String name) {
        if (!retryState.contains(name)) {
            pendingStore.read(name).ifPresent(record -> {
                retryState.add(record, Set.of(), clock.instant());
                LogEvent.of("pending-batch-claimed")
                        .with("record", name)
                        .with("keys", record.keys().size())
                        .log(LOGGER, Level.INFO);
            });
        }
    }

    /** Starts the attempts that are due, as far as the limits allow. */
    synchronized void retryDue() {
        int room = Math.min(CONCURRENCY - shortAttempts.get(), MAX_ATTEMPTS - attemptsRunning.get());
        retryState.startDue(clock.instant(), room).forEach(this::startAttempt);
    }

    private void startAttempt(RetryAttempt due) {
        attemptsRunning.incrementAndGet();
        shortAttempts.incrementAndGet();
        AtomicBoolean isShort = new AtomicBoolean(true);
        CompletableFuture<Boolean> attempt = retryHandler
                .retry(due.key())
                .thenCompose(rejection -> workerPools.submitMetadata(() -> finish(due, rejection)));
        workerPools.scheduleUnlessDone(attempt, LONG_ATTEMPT, () -> releaseSlot(isShort));
        attempt.whenComplete((done, failure) -> {
            attemptsRunning.decrementAndGet();
            releaseSlot(isShort);
            if (failure != null) {
                reschedule(due, failure);
            }
            // Not after each attempt, because finding the due keys reads all of them.
            if (shortAttempts.get() <= CONCURRENCY / 2) {
                retryDue();
            }
        });
    }

    private void releaseSlot(AtomicBoolean isShort) {
        if (isShort.compareAndSet(true, false)) {
            shortAttempts.decrementAndGet();
        }
    }

    private boolean finish(RetryAttempt done, Optional<Rejection> rejection) {
        rejection.ifPresent(rejectionStore::save);
        retryState.succeeded(done, clock.instant()).forEach(this::deleteBatch);
        return true;
    }

    /** If the deletion fails, the record is forgotten all the same; it is then claimed and retried again. */
    private void deleteBatch(PendingBatch record) {
        try {
            pendingStore.delete(record);
        } catch (ObjectStoreException e) {
            LogEvent.of("pending-batch-not-deleted")
                    .with("record", record.objectKey())
                    .with("next", "in a minute")
                    .with("reason", e.getMessage())
                    .log(LOGGER, Level.WARNING);
        } finally {
            retryState.removeBatch(record);
        }
    }

    private void reschedule(RetryAttempt failed, Throwable failure) {
        Instant again = retryState.failed(failed, clock.instant());
        LogEvent.of("retry-failed")
                .with("key", failed.key().key())
                .with("next", again)
                .with("reason", failure.getMessage())
                .log(LOGGER, Level.WARNING);
    }
}
