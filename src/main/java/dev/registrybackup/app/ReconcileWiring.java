package dev.registrybackup.app;

import dev.registrybackup.app.config.RegistryStoreSettings;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.reconcile.ReplicationTools;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.reconcile.rclone.Archive;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Rclone;
import dev.registrybackup.reconcile.rclone.RcloneRemote;
import dev.registrybackup.replication.ThrottledObjectStore;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Function;

/** Builds what reconciles, from the settings. */
@Singleton
class ReconcileWiring {
    private final StorePair storePair;
    private final Settings settings;
    private final ImageStreamWiring openShift;
    private final ReplicationWiring replication;
    private final WorkerPools workerPools;
    private final Clock clock;

    ReconcileWiring(
            StorePair storePair,
            Settings settings,
            ImageStreamWiring openShift,
            ReplicationWiring replication,
            WorkerPools workerPools,
            Clock clock) {
        this.storePair = storePair;
        this.settings = settings;
        this.openShift = openShift;
        this.replication = replication;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    @Produces
    @Singleton
    Reconciliation reconciliation(RateLimiter rateLimiter) {
        return new Reconciliation(
                storePair,
                new Reconciliation.Tools(
                        this::rclone,
                        this::copying,
                        openShift.snapshots(),
                        archive(),
                        workerPools,
                        rateLimiter,
                        clock,
                        settings.scratch()),
                settings.reconcilePolicy(),
                settings.isOpenShift());
    }

    private Comparer rclone(Path scratch) {
        RegistryStoreSettings registry = settings.registryStore();
        return Rclone.create(
                settings.rclone(),
                new RcloneRemote("registry", registry.bucket(), registry.directory()),
                backup(),
                scratch);
    }

    private RcloneRemote backup() {
        return new RcloneRemote("backup", Optional.of(settings.backupStore()), Optional.empty());
    }

    private Optional<Function<Path, Archive>> archive() {
        return settings
                .archive()
                .map(place -> scratch -> Archive.create(settings.rclone(), backup(), place, scratch));
    }

    /** The copier of events, with a memory of its own, and at the pace of bulk work. */
    private ReplicationTools copying(StorePair stores, RateLimiter rateLimiter) {
        ReplicationTools tools = replication.tools(
                new StorePair(
                        new ThrottledObjectStore(stores.registry(), rateLimiter),
                        new ThrottledObjectStore(stores.backup(), rateLimiter),
                        stores.layout()),
                (link, again) -> {});
        tools.blockedLinks().refresh();
        return tools;
    }
}
