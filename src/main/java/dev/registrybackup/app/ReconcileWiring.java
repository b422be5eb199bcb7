package dev.registrybackup.app;

import dev.registrybackup.app.config.Settings;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.reconcile.rclone.Archive;
import dev.registrybackup.reconcile.rclone.Rclone;
import dev.registrybackup.reconcile.rclone.RcloneRemote;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.ThrottledObjectStore;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;

/** Builds the reconciliation from the settings. */
@Singleton
class ReconcileWiring {
    /** One for all runs of rclone, so that a role is not requested anew with each of them. */
    private final ProcessCredentials processCredentials = new ProcessCredentials();

    @Produces
    @Singleton
    Reconciliation reconciliation(
            Settings settings,
            StorePair storePair,
            ImageStreamWiring openShift,
            Wiring wiring,
            WorkerPools workerPools,
            RateLimiter rateLimiter,
            Clock clock) {
        String rclone = settings.configuration().reconcile().rclone();
        RcloneRemote registry = new RcloneRemote(
                "registry",
                settings.registryStore().bucket(),
                settings.registryStore().directory());
        RcloneRemote backup = new RcloneRemote("backup", Optional.of(settings.backupStore()), Optional.empty());
        return new Reconciliation(
                storePair,
                new Reconciliation.Tools(
                        scratch -> Rclone.create(rclone, registry, backup, processCredentials, scratch),
                        (stores, limit) -> throttledReplicator(wiring, stores, limit),
                        openShift.snapshots(),
                        settings.archive()
                                .map(destination -> scratch ->
                                        Archive.create(rclone, backup, destination, processCredentials, scratch)),
                        workerPools,
                        rateLimiter,
                        clock,
                        settings.scratch()),
                settings.reconcilePolicy(),
                settings.isOpenShift());
    }

    /** The replication of events with caches of its own and the bandwidth limit. */
    private static Replicator throttledReplicator(Wiring wiring, StorePair stores, RateLimiter rateLimiter) {
        Replicator replicator = wiring.replicator(
                new StorePair(
                        new ThrottledObjectStore(stores.registry(), rateLimiter),
                        new ThrottledObjectStore(stores.backup(), rateLimiter),
                        stores.layout()),
                (link, again) -> {});
        replicator.blockedLinks().refresh();
        return replicator;
    }

    @PreDestroy
    void close() {
        processCredentials.close();
    }
}
