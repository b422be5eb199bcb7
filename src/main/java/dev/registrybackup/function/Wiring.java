package dev.registrybackup.function;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.intake.Copies;
import dev.registrybackup.intake.DeadLetters;
import dev.registrybackup.intake.Intake;
import dev.registrybackup.intake.Journal;
import dev.registrybackup.intake.OnRecord;
import dev.registrybackup.intake.Watch;
import dev.registrybackup.kube.JobRunner;
import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.ledger.OwedBatches;
import dev.registrybackup.ledger.OwedShelf;
import dev.registrybackup.ledger.OwedWorker;
import dev.registrybackup.ledger.Rejections;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.operation.InProcessRunner;
import dev.registrybackup.operation.OperationDesk;
import dev.registrybackup.operation.OperationExecution;
import dev.registrybackup.operation.Operations;
import dev.registrybackup.operation.Runner;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.reconcile.Sides;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replicate.ForeignObjects;
import dev.registrybackup.replicate.Outcome;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.restore.RestoreRequest;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.s3.S3ObjectStore;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import dev.registrybackup.transfer.RecentlyDurable;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Builds the program from its settings, once, at start. The one place where the real clock and randomness come in. */
@Singleton
class Wiring {
    /** For so long what was seen durable is taken for that. */
    static final Duration REMEMBERED = Duration.ofMinutes(5);

    static final int MOST_REMEMBERED = 100_000;
    private static final Duration HOUSEKEEPING = Duration.ofMinutes(1);
    /** Beside the lanes' own: our records, and looking after the stores' state. */
    private static final int OTHER_CONNECTIONS = 8;

    private final Settings settings;
    private final RestoreSettings restoreSettings;
    private final ReconcileSettings reconcileSettings;
    private final Clock clock = Clock.systemUTC();
    private final Lanes lanes;
    private final Place registry;
    private final Place backup;
    private final Targets targets;

    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    Wiring(Settings settings, RestoreSettings restoreSettings, ReconcileSettings reconcileSettings) {
        settings.check();
        restoreSettings.check();
        reconcileSettings.policy();
        reconcileSettings.archive();
        if (settings.isCapture() && !restoreSettings.isOpenShift()) {
            throw new ConfigurationProblem(
                    "registry.kind", "is plain, but the role capture is for ImageStreams, which only OpenShift has");
        }
        this.settings = settings;
        this.restoreSettings = restoreSettings;
        this.reconcileSettings = reconcileSettings;
        this.lanes = new Lanes(settings.smallLane(), settings.largeLane());
        int connections = settings.smallLane() + settings.largeLane() + OTHER_CONNECTIONS;
        PlaceSettings from = settings.registryPlace();
        this.targets = new Targets(from, restoreSettings.targets(), settings.timeouts(), connections);
        this.registry = targets.named(RestoreRequest.REGISTRY);
        this.backup = new Place(
                S3ObjectStore.of(settings.backupStore(), settings.timeouts(), connections),
                new RegistryLayout(from.rootDirectory()));
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

    /** The one bandwidth limit of this process: whatever restores, verifies or reconciles shares it. */
    @Produces
    @Singleton
    Pace pace() {
        return new Pace(restoreSettings.bytesPerSecond(), System::nanoTime);
    }

    @Produces
    @Singleton
    Sides sides() {
        return new Sides(registry.store(), backup.store(), registry.layout());
    }

    @Produces
    @Singleton
    StoreStates storeStates() {
        return new StoreStates(
                settings.readsRegistry() ? Optional.of(registry.store()) : Optional.empty(),
                backup.store(),
                lanes,
                clock);
    }

    @Produces
    @Singleton
    @Startup
    Service service(Journal journal, OpenShiftWiring openShift, CaptureJournal captureJournal) {
        Rejections rejections =
                new Rejections(backup.store(), clock, rejection -> journal.rejected(rejection.reason()));
        OnRecord onRecord = new OnRecord(rejections, lanes);
        if (settings.isOnDemand()) {
            return withoutEvents(Optional.empty(), onRecord);
        }
        if (settings.isCapture()) {
            return withoutEvents(Optional.of(openShift.hints(backup, journal, captureJournal)), onRecord);
        }
        lanes.every(Duration.ofMinutes(10), rejections::recount);
        RegistryLayout layout = registry.layout();
        OwedShelf shelf = new OwedShelf(backup.store(), instance(), clock);
        if (settings.isDeadLetter()) {
            OwedBatches owed = new OwedBatches(shelf, lanes, (record, goesOn) -> {});
            DeadLetters letters = new DeadLetters(registry.store().bucket(), layout, owed, lanes, journal);
            return new Service(
                    Optional.empty(), Optional.of(letters), Optional.empty(), false, onRecord, owed::waiting);
        }
        Copies copies = copies(new Watch(journal, clock));
        OwedWorker worker = new OwedWorker(shelf, rejections, copies, lanes, clock);
        OwedBatches owed = new OwedBatches(shelf, lanes, worker::accept);
        Intake intake = new Intake(registry.store().bucket(), copies, owed, lanes, journal, settings.inFlight());
        worker.start();
        return new Service(
                Optional.of(intake),
                Optional.empty(),
                Optional.empty(),
                false,
                onRecord,
                () -> worker.owed() + owed.waiting());
    }

    /** One that takes no events about the registry's objects. */
    private Service withoutEvents(Optional<StreamHints> hints, OnRecord onRecord) {
        return new Service(Optional.empty(), Optional.empty(), hints, settings.isOperations(), onRecord, () -> 0);
    }

    private Copies copies(Watch watch) {
        OpenLinks openLinks = new OpenLinks(backup.store(), clock);
        Replicator replicator = replicator(openLinks, watch::woken);
        lanes.every(HOUSEKEEPING, () -> {
            openLinks.refresh();
            replicator.wakeWaiting();
        });
        return new Copies(replicator, watch, new Canaries(registry.store(), backup.store(), clock), lanes);
    }

    private Replicator replicator(OpenLinks openLinks, BiConsumer<String, CompletableFuture<Outcome>> onWoken) {
        ObjectStore from = registry.store();
        ObjectStore to = backup.store();
        RegistryLayout layout = registry.layout();
        RecentlyDurable durable = new RecentlyDurable(clock, REMEMBERED, MOST_REMEMBERED);
        Blobs blobs = new Blobs(layout, from, to, new AdoptedMark(to, layout, clock), lanes, durable);
        ForeignObjects foreign = new ForeignObjects(from, to, lanes, settings.copiesForeign());
        return new Replicator(
                new Replicator.Parts(layout, from, to, blobs, foreign, openLinks, durable, lanes), onWoken);
    }

    @Produces
    @Singleton
    Fill fill() {
        return new Fill(registry, replicator(new OpenLinks(backup.store(), clock), (link, again) -> {}));
    }

    @Produces
    @Singleton
    Attempts attempts(Reconciliation reconciliation, OpenShiftWiring openShift, Pace pace) {
        return new Attempts(
                work(reconciliation, openShift, pace).byKind(),
                work -> new OperationExecution(operations(), lanes, clock, work),
                instance());
    }

    @Produces
    @Singleton
    OnDemand onDemand(
            Attempts attempts,
            Reconciliation reconciliation,
            OpenShiftWiring openShift,
            Pace pace,
            PreflightWiring preflight,
            Instance<KubernetesClient> kubernetes) {
        Runner runner = restoreSettings.runsJobs()
                ? jobs(kubernetes.get())
                : new InProcessRunner(attempts.execution(), lanes, instance());
        if (settings.isOnDemand() && !restoreSettings.isCommand()) {
            lanes.every(Duration.ofDays(1), () -> operations().dropOld());
        }
        return new OnDemand(
                operations(),
                new OperationDesk(operations(), runner),
                work(reconciliation, openShift, pace),
                new Catalog(backup.store(), backup.layout(), lanes, clock, captures()),
                preflight);
    }

    /** In the namespace of this pod. */
    private Runner jobs(KubernetesClient cluster) {
        return new JobRunner(
                cluster, Optional.ofNullable(cluster.getNamespace()).orElse("default"), restoreSettings.cronJobs());
    }

    private Operations operations() {
        return new Operations(backup.store(), clock, Wiring::random);
    }

    private BulkWork work(Reconciliation reconciliation, OpenShiftWiring openShift, Pace pace) {
        return new BulkWork(
                backup,
                targets,
                lanes,
                pace,
                restoreSettings.isOpenShift(),
                clock,
                captures(),
                openShift::cluster,
                reconciliation);
    }

    private Optional<Captures> captures() {
        return restoreSettings.isOpenShift()
                ? Optional.of(new Captures(backup.store(), reconcileSettings.scratch()))
                : Optional.empty();
    }

    /** New with each start: what an instance owes is told from what its successor of the same host name owes. */
    private static String instance() {
        String host = Optional.ofNullable(System.getenv("HOSTNAME")).orElse("local");
        return host.replaceAll("[^A-Za-z0-9.-]", "-") + "-" + random();
    }

    static String random() {
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    @PreDestroy
    void close() {
        lanes.close();
        targets.close();
        backup.close();
    }
}
