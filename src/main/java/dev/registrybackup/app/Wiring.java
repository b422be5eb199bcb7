package dev.registrybackup.app;

import dev.registrybackup.app.auth.Authorizer;
import dev.registrybackup.app.auth.KubernetesTokenAuthorizer;
import dev.registrybackup.app.auth.SharedSecret;
import dev.registrybackup.app.auth.TokenAuthorizer;
import dev.registrybackup.app.config.Configuration.ConcurrencyProperties;
import dev.registrybackup.app.config.Configuration.LoggingProperties.LogFormat;
import dev.registrybackup.app.config.Configuration.RegistryProperties.UnknownObjectMode;
import dev.registrybackup.app.config.RegistryStoreSettings;
import dev.registrybackup.app.config.RuntimeEnvironment;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.app.metrics.CaptureMetrics;
import dev.registrybackup.app.metrics.StoreHealth;
import dev.registrybackup.app.ui.Pages;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.CompletionIndex;
import dev.registrybackup.operation.InProcessRunner;
import dev.registrybackup.operation.OperationExecution;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRunner;
import dev.registrybackup.operation.OperationService;
import dev.registrybackup.operation.kubernetes.JobRunner;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.CanaryProbe;
import dev.registrybackup.replication.DeadLetterHandler;
import dev.registrybackup.replication.LatencyRecorder;
import dev.registrybackup.replication.NotificationHandler;
import dev.registrybackup.replication.RejectionRecorder;
import dev.registrybackup.replication.ReplicationListener;
import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.ReplicationService;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.pending.PendingKey;
import dev.registrybackup.replication.pending.PendingStore;
import dev.registrybackup.replication.pending.PendingWriter;
import dev.registrybackup.replication.pending.RejectionStore;
import dev.registrybackup.replication.pending.RetryWorker;
import dev.registrybackup.restore.RestoreRequest;
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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Builds the program from its settings, once, at start. The one place where the real clock and randomness come in. */
@Singleton
public class Wiring {
    private static final Duration HOUSEKEEPING_INTERVAL = Duration.ofMinutes(1);
    /** Connections besides those of the worker pools: for records and store health. */
    private static final int OTHER_CONNECTIONS = 16;

    private final Settings settings;
    private final Clock clock = Clock.systemUTC();
    private final WorkerPools workerPools;
    private final RegistryStore registry;
    private final RegistryStore backup;
    private final StoreRegistry storeRegistry;

    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    Wiring(Settings settings) {
        if (settings.configuration().logging().format() == LogFormat.JSON) {
            JsonLogFormatter.install();
        }
        this.settings = settings;
        ConcurrencyProperties concurrency = settings.configuration().concurrency();
        this.workerPools = new WorkerPools(concurrency.smallObjects(), concurrency.largeObjects());
        int connections = concurrency.smallObjects() + concurrency.largeObjects() + OTHER_CONNECTIONS;
        RegistryStoreSettings from = settings.registryStore();
        this.storeRegistry =
                new StoreRegistry(from, settings.targets(), settings.drillStore(), settings.timeouts(), connections);
        this.registry = storeRegistry.get(RestoreRequest.REGISTRY);
        this.backup = new RegistryStore(
                RegistryStoreSettings.openBucket(settings.backupStore(), settings.timeouts(), connections),
                new RegistryLayout(from.rootDirectory()));
    }

    @Produces
    @Singleton
    static RuntimeEnvironment runtimeEnvironment() {
        return RuntimeEnvironment.current();
    }

    @Produces
    @Singleton
    Clock clock() {
        return clock;
    }

    @Produces
    @Singleton
    WorkerPools workerPools() {
        return workerPools;
    }

    /** The one bandwidth limit of this process, shared by restore, verify and reconcile. */
    @Produces
    @Singleton
    RateLimiter rateLimiter() {
        return new RateLimiter(settings.configuration().bandwidth().bytesPerSecond(), System::nanoTime);
    }

    @Produces
    @Singleton
    StorePair storePair() {
        return new StorePair(registry.store(), backup.store(), registry.layout());
    }

    @Produces
    @Singleton
    StoreHealth storeHealth() {
        return new StoreHealth(
                settings.readsRegistry() ? Optional.of(registry.store()) : Optional.empty(),
                backup.store(),
                workerPools,
                clock);
    }

    @Produces
    @Singleton
    LatencyRecorder latencyRecorder() {
        return new LatencyRecorder(backup.store(), instance(), clock);
    }

    @Produces
    @Singleton
    @Startup
    Service service(
            LatencyRecorder latencyRecorder,
            ReplicationListener replicationListener,
            ImageStreamWiring openShift,
            CaptureMetrics captureMetrics) {
        RejectionStore rejectionStore = new RejectionStore(
                backup.store(), clock, rejection -> replicationListener.rejected(rejection.reason()));
        RejectionRecorder rejectionRecorder = new RejectionRecorder(rejectionStore, workerPools);
        if (settings.isOnDemand() || settings.isCapture()) {
            return new Service(
                    Optional.empty(),
                    Optional.empty(),
                    settings.isCapture()
                            ? Optional.of(openShift.eventHandler(backup, replicationListener, captureMetrics))
                            : Optional.empty(),
                    settings.isOperations(),
                    rejectionRecorder,
                    () -> 0);
        }
        RegistryLayout layout = registry.layout();
        PendingStore pendingStore = new PendingStore(backup.store(), instance(), clock);
        if (settings.isDeadLetter()) {
            PendingWriter pending = new PendingWriter(pendingStore, workerPools, (batch, justFailed) -> {});
            DeadLetterHandler deadLetterHandler =
                    new DeadLetterHandler(registry.store().bucket(), layout, pending, workerPools, replicationListener);
            return new Service(
                    Optional.empty(),
                    Optional.of(deadLetterHandler),
                    Optional.empty(),
                    false,
                    rejectionRecorder,
                    pending::waitingKeys);
        }
        ReplicationService replicationService = replicationService(replicationListener);
        RetryWorker worker = new RetryWorker(pendingStore, rejectionStore, replicationService, workerPools, clock);
        PendingWriter pending = new PendingWriter(pendingStore, workerPools, worker::add);
        NotificationHandler notificationHandler = new NotificationHandler(
                registry.store().bucket(),
                replicationService,
                pending,
                workerPools,
                replicationListener,
                settings.configuration().events().maxInFlight());
        worker.start();
        workerPools.scheduleAtFixedRate("latency record", HOUSEKEEPING_INTERVAL, latencyRecorder::flush);
        return new Service(
                Optional.of(notificationHandler),
                Optional.empty(),
                Optional.empty(),
                false,
                rejectionRecorder,
                () -> worker.pendingKeys() + pending.waitingKeys());
    }

    private ReplicationService replicationService(ReplicationListener replicationListener) {
        Replicator replicator = replicator(
                storePair(),
                (key, copying) -> replicationListener.observe(
                        Trigger.UNBLOCKED, new PendingKey(key, Optional.empty()), copying, clock));
        workerPools.scheduleAtFixedRate("retry of blocked links", HOUSEKEEPING_INTERVAL, replicator::retryBlocked);
        return new ReplicationService(
                replicator,
                replicationListener,
                new CanaryProbe(registry.store(), backup.store(), clock),
                workerPools,
                clock);
    }

    /**
     * Builds the replication between two stores, with caches of its own, for events or a reconciliation.
     *
     * @param onUnblocked receives each link that is retried on its own, and the result
     */
    Replicator replicator(StorePair stores, BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked) {
        return new Replicator(
                stores.layout(),
                stores.registry(),
                stores.backup(),
                settings.configuration().registry().unknownObjects() == UnknownObjectMode.COPY,
                // OpenShift's registry serves layers without layer links, for example after "oc tag".
                !settings.isOpenShift(),
                workerPools,
                clock,
                onUnblocked);
    }

    @Produces
    @Singleton
    OnDemandOperations onDemandOperations(
            Reconciliation reconciliation,
            ImageStreamWiring openShift,
            RateLimiter rateLimiter,
            PreflightWiring preflight,
            Instance<KubernetesClient> kubernetes) {
        CompletionIndex index = settings.environment().completionIndex();
        OperationHandlers handlers = new OperationHandlers(
                backup,
                storeRegistry,
                workerPools,
                rateLimiter,
                settings.isOpenShift(),
                clock,
                captures(),
                () -> openShift.withRightsFor(OperationKind.RESTORE),
                reconciliation,
                settings.configuration().operations().drillImages(),
                () -> new SecureRandom().nextLong(),
                index);
        OperationExecution execution =
                new OperationExecution(backup.store(), workerPools, clock, Wiring::random, handlers.byKind(), index);
        OperationRunner operationRunner = settings.runsJobs()
                ? new JobRunner(
                        kubernetes.get(),
                        namespace(kubernetes.get()),
                        settings.cronJobs(),
                        request -> OperationHandlers.isDivisible(request)
                                ? settings.configuration().operations().completions()
                                : 1)
                : new InProcessRunner(execution, workerPools, instance());
        OperationService operationService =
                new OperationService(backup.store(), operationRunner, clock, Wiring::random);
        if (settings.isOnDemand() && !settings.isCommand()) {
            workerPools.scheduleAtFixedRate(
                    "deletion of expired operations", Duration.ofDays(1), operationService::deleteExpired);
        }
        return new OnDemandOperations(
                operationService,
                handlers,
                execution,
                instance(),
                new AcknowledgedFindings(backup.store(), clock),
                new Catalog(backup, workerPools, clock, captures()),
                preflight,
                workerPools);
    }

    /** The namespace of this pod. */
    static String namespace(KubernetesClient cluster) {
        return Optional.ofNullable(cluster.getNamespace()).orElse("default");
    }

    /** Creates the client of the cluster with the first call that needs it. */
    @Produces
    @Singleton
    Authorizer authorizer(Instance<KubernetesClient> kubernetes) {
        return authorizer(
                settings,
                (token, verb) -> new KubernetesTokenAuthorizer(
                                kubernetes.get(),
                                namespace(kubernetes.get()),
                                settings.configuration().auth().audience().orElse(List.of()))
                        .authorize(token, verb),
                workerPools,
                clock);
    }

    /** Authorizes callers by the cluster, by the configured token, or otherwise from this machine only. */
    static Authorizer authorizer(Settings settings, TokenAuthorizer cluster, WorkerPools workerPools, Clock clock) {
        if (settings.isClusterAuth()) {
            return Authorizer.of(cluster, workerPools, clock);
        }
        return settings.configuration()
                .auth()
                .token()
                .map(token -> Authorizer.of(new SharedSecret(token)))
                .orElseGet(() -> settings.environment().hasProxy() ? Authorizer.denyAll() : Authorizer.loopback());
    }

    /** Built with the first request for a page. */
    @Produces
    @Singleton
    Pages pages(OnDemandOperations onDemandOperations, Instance<KubernetesClient> kubernetes) {
        return new Pages(
                backup.store(),
                onDemandOperations,
                settings.environment().isCluster() ? Optional.of(namespace(kubernetes.get())) : Optional.empty(),
                settings.isOpenShift(),
                workerPools,
                clock);
    }

    private Optional<CaptureReader> captures() {
        return settings.isOpenShift()
                ? Optional.of(new CaptureReader(backup.store(), settings.scratch()))
                : Optional.empty();
    }

    /**
     * New with each start, to distinguish the pending keys of an instance from those of its successor with the same
     * host name.
     */
    static String instance() {
        return hostName().replaceAll("[^A-Za-z0-9.-]", "-") + "-" + random();
    }

    static String hostName() {
        return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("local");
    }

    static String random() {
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    @PreDestroy
    void close() {
        workerPools.close();
        storeRegistry.close();
        StoreRegistry.close(backup);
    }
}
