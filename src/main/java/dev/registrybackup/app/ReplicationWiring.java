package dev.registrybackup.app;

import dev.registrybackup.app.config.Configuration.RegistryProperties.UnknownObjectMode;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.reconcile.ReplicationTools;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.BlockedLinks;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.UnknownObjects;
import dev.registrybackup.replication.VerifiedMarker;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Builds the replication of keys, for events and reconciliations. */
@Singleton
class ReplicationWiring {
    private final Settings settings;
    private final WorkerPools workerPools;
    private final Clock clock;

    ReplicationWiring(Settings settings, WorkerPools workerPools, Clock clock) {
        this.settings = settings;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /**
     * Builds the replication between two stores, with caches of its own.
     *
     * @param onUnblocked receives each link that is retried on its own, and the result
     */
    ReplicationTools tools(StorePair stores, BiConsumer<String, CompletableFuture<ReplicationResult>> onUnblocked) {
        ObjectStore from = stores.registry();
        ObjectStore to = stores.backup();
        ExpiringKeySet durable = new ExpiringKeySet(clock, Wiring.DURABLE_KEY_TTL, Wiring.MAX_DURABLE_KEYS);
        VerifiedMarker verified = new VerifiedMarker(to, stores.layout(), clock);
        BlobReplicator blobReplicator = new BlobReplicator(stores.layout(), from, to, verified, workerPools, durable);
        BlockedLinks blockedLinks = new BlockedLinks(to, clock);
        Replicator replicator = new Replicator(
                new Replicator.Dependencies(
                        stores.layout(),
                        from,
                        to,
                        blobReplicator,
                        new UnknownObjects(
                                from,
                                to,
                                workerPools,
                                settings.configuration().registry().unknownObjects() == UnknownObjectMode.COPY),
                        blockedLinks,
                        durable,
                        workerPools,
                        // OpenShift's registry serves layers without layer links, for example after "oc tag".
                        !settings.isOpenShift()),
                onUnblocked);
        return new ReplicationTools(replicator, blobReplicator, verified, durable, blockedLinks);
    }
}
