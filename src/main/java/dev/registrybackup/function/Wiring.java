package dev.registrybackup.function;

import dev.registrybackup.intake.Copies;
import dev.registrybackup.intake.DeadLetters;
import dev.registrybackup.intake.Intake;
import dev.registrybackup.intake.Journal;
import dev.registrybackup.intake.OnRecord;
import dev.registrybackup.intake.Watch;
import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.ledger.OwedBatches;
import dev.registrybackup.ledger.OwedShelf;
import dev.registrybackup.ledger.OwedWorker;
import dev.registrybackup.ledger.Rejections;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replicate.ForeignObjects;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.store.s3.S3ObjectStore;
import dev.registrybackup.store.s3.S3Settings;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.RecentlyDurable;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/** Builds the program from its settings, once, at start. The one place where the real clock and randomness come in. */
@Singleton
class Wiring {
    private static final Duration REMEMBERED = Duration.ofMinutes(5);
    private static final int MOST_REMEMBERED = 100_000;
    private static final Duration HOUSEKEEPING = Duration.ofMinutes(1);
    /** Beside the lanes' own: our records, and looking after the stores' state. */
    private static final int OTHER_CONNECTIONS = 8;

    private final Settings settings;
    private final Clock clock = Clock.systemUTC();
    private final Lanes lanes;
    private final S3ObjectStore registry;
    private final S3ObjectStore backup;

    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    Wiring(Settings settings) {
        settings.check();
        this.settings = settings;
        this.lanes = new Lanes(settings.smallLane(), settings.largeLane());
        this.registry = open(settings.registryStore());
        this.backup = open(settings.backupStore());
    }

    @SuppressWarnings("MustBeClosedChecker")
    private S3ObjectStore open(S3Settings store) {
        int connections = settings.smallLane() + settings.largeLane() + OTHER_CONNECTIONS;
        return S3ObjectStore.of(store, settings.timeouts(), connections);
    }

    @Produces
    @Singleton
    Clock clock() {
        return clock;
    }

    @Produces
    @Singleton
    Lanes lanes() {
        return lanes;
    }

    @Produces
    @Singleton
    StoreStates storeStates() {
        return new StoreStates(
                settings.isDeadLetter() ? Optional.empty() : Optional.of(registry), backup, lanes, clock);
    }

    @Produces
    @Singleton
    @Startup
    Service service(Journal journal) {
        RegistryLayout layout = new RegistryLayout(settings.rootDirectory());
        OwedShelf shelf = new OwedShelf(backup, instance(), clock);
        Rejections rejections = new Rejections(backup, clock, rejection -> journal.rejected(rejection.reason()));
        lanes.every(Duration.ofMinutes(10), rejections::recount);
        OnRecord onRecord = new OnRecord(rejections, lanes);
        if (settings.isDeadLetter()) {
            OwedBatches owed = new OwedBatches(shelf, lanes, (record, goesOn) -> {});
            DeadLetters letters = new DeadLetters(registry.bucket(), layout, owed, lanes, journal);
            return new Service(Optional.empty(), Optional.of(letters), onRecord, owed::waiting);
        }
        Copies copies = copies(layout, new Watch(journal, clock));
        OwedWorker worker = new OwedWorker(shelf, rejections, copies, lanes, clock);
        OwedBatches owed = new OwedBatches(shelf, lanes, worker::accept);
        Intake intake = new Intake(registry.bucket(), copies, owed, lanes, journal, settings.inFlight());
        worker.start();
        return new Service(Optional.of(intake), Optional.empty(), onRecord, () -> worker.owed() + owed.waiting());
    }

    private Copies copies(RegistryLayout layout, Watch watch) {
        RecentlyDurable durable = new RecentlyDurable(clock, REMEMBERED, MOST_REMEMBERED);
        OpenLinks openLinks = new OpenLinks(backup, clock);
        Blobs blobs = new Blobs(layout, registry, backup, new AdoptedMark(backup, layout, clock), lanes, durable);
        ForeignObjects foreign = new ForeignObjects(registry, backup, lanes, settings.copiesForeign());
        Replicator replicator = new Replicator(
                new Replicator.Parts(layout, registry, backup, blobs, foreign, openLinks, durable, lanes),
                watch::woken);
        lanes.every(HOUSEKEEPING, () -> {
            openLinks.refresh();
            replicator.wakeWaiting();
        });
        return new Copies(replicator, watch);
    }

    /** New with each start: what an instance owes is told from what its successor of the same host name owes. */
    private static String instance() {
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        String host = Optional.ofNullable(System.getenv("HOSTNAME")).orElse("local");
        return host.replaceAll("[^A-Za-z0-9.-]", "-") + "-" + HexFormat.of().formatHex(random);
    }

    @PreDestroy
    void close() {
        lanes.close();
        registry.close();
        backup.close();
    }
}
