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
 * Settles owed keys: this instance's own, and those left by instances that have been silent for three minutes. Runs in
 * the replicate role only.
 */
public final class RetryWorker {
    /** An instance without a sign of life for so long has left its records to the others. */
    public static final Duration HEARTBEAT_TIMEOUT = Duration.ofMinutes(3);

    private static final System.Logger LOGGER = System.getLogger(RetryWorker.class.getName());
    private static final Duration HEARTBEAT_INTERVAL = Duration.ofMinutes(1);
    private static final Duration COLLECTION = Duration.ofMinutes(1);
    private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);
    private static final int MAX_KEYS = 20_000;
    private static final int CONCURRENCY = 32;
    /** A try that lasts longer, of a large blob say, gives its place to another; it waits in the lane of large objects. */
    private static final Duration LONG_TRY = Duration.ofSeconds(5);

    private static final int MOST_UNDER_WAY = 1_024;
    private static final int READS_AT_ONCE = 8;

    private final PendingStore pendingStore;
    private final RejectionStore rejectionStore;
    private final RetryHandler retryHandler;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final RetryState retryState = new RetryState(MAX_KEYS);
    private final AtomicInteger attemptsRunning = new AtomicInteger();
    /** Those that are not long. */
    private final AtomicInteger shortTries = new AtomicInteger();

    /** Works the shelf as its instance, through the debtor. */
    public RetryWorker(
            PendingStore shelf,
            RejectionStore rejectionStore,
            RetryHandler retryHandler,
            WorkerPools workerPools,
            Clock clock) {
        this.pendingStore = shelf;
        this.rejectionStore = rejectionStore;
        this.retryHandler = retryHandler;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /** Starts to show life and to work, in the background. */
    public void start() {
        workerPools.scheduleAtFixedRate(HEARTBEAT_INTERVAL, this::showLife);
        workerPools.scheduleAtFixedRate(COLLECTION, this::claimBatches);
        workerPools.scheduleAtFixedRate(RETRY_INTERVAL, this::retryDue);
    }

    /** Takes on a record just written by this instance; without room for it, it is collected from the shelf later. */
    public void add(PendingBatch record, Map<String, Boolean> goesOn) {
        if (retryState.hasCapacity()) {
            retryState.add(record, goesOn, clock.instant());
        }
    }

    /** How many keys this instance holds as owed. */
    public int pendingKeys() {
        return retryState.size();
    }

    /** Apart from the collection, which may last: whoever shows no life has its records taken over. */
    void showLife() {
        pendingStore.writeHeartbeat();
    }

    /** Takes on from the shelf what is this instance's, or was left by a silent one and falls to this instance. */
    void claimBatches() {
        Optional<Instant> storeNow = pendingStore.lastHeartbeat(pendingStore.instance());
        BoundedTaskGroup reads = new BoundedTaskGroup(workerPools, READS_AT_ONCE);
        Map<String, Instant> alive = new HashMap<>();
        List<ObjectInfo> others = new ArrayList<>();
        boolean isCut;
        try (Stream<ObjectInfo> listing = pendingStore.list()) {
            Iterator<ObjectInfo> objects = listing.iterator();
            while (retryState.hasCapacity() && others.size() < MAX_KEYS && objects.hasNext()) {
                ObjectInfo object = objects.next();
                String instance = PendingStore.instanceOf(object.key());
                if (PendingStore.isHeartbeat(object.key())) {
                    alive.put(instance, object.lastModified());
                } else if (instance.equals(pendingStore.instance())) {
                    reads.submit(0, () -> claim(object.key()));
                } else {
                    others.add(object);
                }
            }
            isCut = objects.hasNext();
        }
        if (isCut) {
            // An instance's sign of life is listed after its records: that of the last one may be among the rest.
            others.stream()
                    .map(record -> PendingStore.instanceOf(record.key()))
                    .distinct()
                    .filter(instance -> !alive.containsKey(instance))
                    .forEach(instance ->
                            pendingStore.lastHeartbeat(instance).ifPresent(sign -> alive.put(instance, sign)));
        }
        // Before its first sign of life this instance does not know the store's time, by which alone others are silent.
        storeNow.ifPresent(now -> takeOver(others, alive, now, reads));
        reads.await();
    }

    /**
     * Takes on records that fall to this instance: each record has an order of its own of the living instances (rendezvous
     * hashing). The first takes it on after one silence, the next after one more, so that nobody copies what another does.
     */
    private void takeOver(List<ObjectInfo> others, Map<String, Instant> alive, Instant now, BoundedTaskGroup reads) {
        List<String> living = alive.entrySet().stream()
                .filter(sign -> !isSilent(sign.getValue(), now, 1))
                .map(Map.Entry::getKey)
                .toList();
        Set<String> withRecords = new HashSet<>();
        for (ObjectInfo record : others) {
            String instance = PendingStore.instanceOf(record.key());
            withRecords.add(instance);
            Instant heard = alive.getOrDefault(instance, record.lastModified());
            Instant since = heard.isAfter(record.lastModified()) ? heard : record.lastModified();
            if (retryState.hasCapacity() && isSilent(since, now, 1 + rank(record.key(), living))) {
                reads.submit(0, () -> claim(record.key()));
            }
        }
        if (others.size() < MAX_KEYS) {
            alive.forEach((instance, sign) -> {
                if (!withRecords.contains(instance) && isSilent(sign, now, 1)) {
                    pendingStore.deleteHeartbeat(instance);
                }
            });
        }
    }

    /** By the store's clock alone: ours may be off by any time. */
    private static boolean isSilent(Instant since, Instant storeNow, long silences) {
        return Duration.between(since, storeNow).compareTo(HEARTBEAT_TIMEOUT.multipliedBy(silences)) >= 0;
    }

    private long rank(String record, List<String> living) {
        String own = weight(record, pendingStore.instance());
        return living.stream()
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
                retryState.add(record, Map.of(), clock.instant());
                LogEvent.of("pending-batch-claimed")
                        .with("record", name)
                        .with("keys", record.keys().size())
                        .log(LOGGER, Level.INFO);
            });
        }
    }

    /** Begins what is due, as far as there is room for it beside the events. */
    synchronized void retryDue() {
        int room = Math.min(CONCURRENCY - shortTries.get(), MOST_UNDER_WAY - attemptsRunning.get());
        retryState.startDue(clock.instant(), room).forEach(this::begin);
    }

    private void begin(RetryAttempt due) {
        attemptsRunning.incrementAndGet();
        shortTries.incrementAndGet();
        AtomicBoolean isShort = new AtomicBoolean(true);
        CompletableFuture<Boolean> attempt = retryHandler
                .retry(due.key())
                .thenCompose(rejection -> workerPools.submitMetadata(() -> finish(due, rejection)));
        workerPools.scheduleUnlessDone(attempt, LONG_TRY, () -> giveUpPlace(isShort));
        attempt.whenComplete((done, failure) -> {
            attemptsRunning.decrementAndGet();
            giveUpPlace(isShort);
            if (failure != null) {
                reschedule(due, failure);
            }
            // Not after each: to find what is due takes a look at all keys.
            if (shortTries.get() <= CONCURRENCY / 2) {
                retryDue();
            }
        });
    }

    private void giveUpPlace(AtomicBoolean isShort) {
        if (isShort.compareAndSet(true, false)) {
            shortTries.decrementAndGet();
        }
    }

    private boolean finish(RetryAttempt done, Optional<Rejection> rejection) {
        rejection.ifPresent(rejectionStore::save);
        retryState.succeeded(done, clock.instant()).forEach(this::deleteBatch);
        return true;
    }

    /** Not held any more even if it could not be removed: it is then collected and settled once more. */
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
