package dev.registrybackup.ledger;

import dev.registrybackup.ledger.OwedWork.Try;
import dev.registrybackup.ledger.Rejections.Rejection;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.transfer.Lanes;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Settles owed keys: this instance's own, and those left by instances that have been silent for three minutes. Runs in
 * the replicate role only.
 */
public final class OwedWorker {
    /** An instance without a sign of life for so long has left its records to the others. */
    public static final Duration SILENCE = Duration.ofMinutes(3);

    private static final System.Logger LOGGER = System.getLogger(OwedWorker.class.getName());
    private static final Duration SIGN_OF_LIFE = Duration.ofMinutes(1);
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int MOST_KEYS = 20_000;
    private static final int MOST_AT_ONCE = 32;

    private final OwedShelf shelf;
    private final Rejections rejections;
    private final Debtor debtor;
    private final Lanes lanes;
    private final Clock clock;
    private final OwedWork work = new OwedWork(MOST_KEYS);
    private final AtomicInteger underWay = new AtomicInteger();

    /** Works the shelf as its instance, through the debtor. */
    public OwedWorker(OwedShelf shelf, Rejections rejections, Debtor debtor, Lanes lanes, Clock clock) {
        this.shelf = shelf;
        this.rejections = rejections;
        this.debtor = debtor;
        this.lanes = lanes;
        this.clock = clock;
    }

    /** Starts to show life and to work, in the background. */
    public void start() {
        lanes.every(SIGN_OF_LIFE, this::collect);
        lanes.every(TICK, this::tryDue);
    }

    /** Takes on a record just written by this instance; without room for it, it is collected from the shelf later. */
    public void accept(OwedRecord record, Map<String, Boolean> goesOn) {
        if (work.hasRoom()) {
            work.add(record, goesOn, clock.instant());
        }
    }

    /** How many keys this instance holds as owed. */
    public int owed() {
        return work.size();
    }

    /** Shows life, then takes on from the shelf what is this instance's or was left by silent ones. */
    void collect() {
        shelf.signalAlive();
        Instant storeNow = shelf.lastAlive(shelf.instance()).orElseGet(clock::instant);
        Map<String, Optional<Instant>> alive = new HashMap<>();
        Set<String> withRecords = new HashSet<>();
        try (Stream<ObjectInfo> listing = shelf.list()) {
            Iterator<ObjectInfo> objects = listing.iterator();
            while (work.hasRoom() && objects.hasNext()) {
                ObjectInfo object = objects.next();
                String instance = OwedShelf.instanceOf(object.key());
                if (OwedShelf.isSignOfLife(object.key())) {
                    forgetIfGone(instance, object, storeNow, withRecords);
                } else {
                    withRecords.add(instance);
                    boolean mine = instance.equals(shelf.instance())
                            || isLeft(object, alive.computeIfAbsent(instance, shelf::lastAlive), storeNow);
                    takeOn(object.key(), mine);
                }
            }
        }
    }

    /** By the store's clock alone: ours may be off by any time. */
    private static boolean isLeft(ObjectInfo record, Optional<Instant> alive, Instant storeNow) {
        Instant heard = alive.filter(record.lastModified()::isBefore).orElse(record.lastModified());
        return Duration.between(heard, storeNow).compareTo(SILENCE) >= 0;
    }

    private void forgetIfGone(String instance, ObjectInfo sign, Instant storeNow, Set<String> withRecords) {
        if (!withRecords.contains(instance) && isLeft(sign, Optional.empty(), storeNow)) {
            shelf.forget(instance);
        }
    }

    private void takeOn(String name, boolean mine) {
        if (mine && !work.holds(name)) {
            shelf.read(name).ifPresent(record -> {
                work.add(record, Map.of(), clock.instant());
                LOGGER.log(
                        Level.INFO,
                        "event=owed-taken-on record={0} keys={1}",
                        name,
                        record.keys().size());
            });
        }
    }

    /** Begins what is due, as far as there is room for it beside the events. */
    void tryDue() {
        for (Try due : work.begin(clock.instant(), MOST_AT_ONCE - underWay.get())) {
            underWay.incrementAndGet();
            debtor.settle(due.key())
                    .thenCompose(rejection -> lanes.record(() -> settled(due, rejection)))
                    .whenComplete((done, failure) -> {
                        underWay.decrementAndGet();
                        if (failure != null) {
                            failed(due, failure);
                        }
                    });
        }
    }

    private boolean settled(Try done, Optional<Rejection> rejection) {
        rejection.ifPresent(rejections::keep);
        work.settled(done, clock.instant()).forEach(this::remove);
        return true;
    }

    /** Not held any more even if it could not be removed: it is then collected and settled once more. */
    private void remove(OwedRecord record) {
        try {
            shelf.remove(record);
        } catch (ObjectStoreException e) {
            LOGGER.log(
                    Level.WARNING,
                    "event=owed-record-not-removed record={0} next=\"in a minute\" reason=\"{1}\"",
                    record.name(),
                    e.getMessage());
        } finally {
            work.removed(record);
        }
    }

    private void failed(Try failed, Throwable failure) {
        Instant again = work.failed(failed, clock.instant());
        LOGGER.log(
                Level.WARNING,
                "event=owed-retry-failed key={0} next={1} reason=\"{2}\"",
                failed.key().key(),
                again,
                failure.getMessage());
    }
}
