package dev.registrybackup.app;

import dev.registrybackup.app.config.Settings;
import dev.registrybackup.app.events.ImageStreamEventHandler;
import dev.registrybackup.app.metrics.CaptureMetrics;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ImageStreamCapture;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.imagestream.PushLatencyTracker;
import dev.registrybackup.imagestream.SnapshotTaker;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.replication.ReplicationListener;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** Builds the capture of ImageStreams. Sends no request to the cluster before the first capture. */
@Singleton
class ImageStreamWiring {
    private static final Logger LOGGER = System.getLogger(ImageStreamWiring.class.getName());

    private final Settings settings;
    private final Instance<KubernetesClient> kubernetes;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final AtomicBoolean isKnown = new AtomicBoolean();
    private final AtomicBoolean isWarned = new AtomicBoolean();

    ImageStreamWiring(Settings settings, Instance<KubernetesClient> kubernetes, WorkerPools workerPools, Clock clock) {
        this.settings = settings;
        this.kubernetes = kubernetes;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /** The cluster that this process runs on or is configured for. */
    OpenShiftCluster cluster() {
        return new OpenShiftCluster(kubernetes.get());
    }

    /**
     * The same cluster, which checks the rights of the account that runs these operations: of their Jobs' service account if
     * Jobs run them, else of this process.
     *
     * @throws dev.registrybackup.imagestream.ClusterException if the Jobs' template cannot be read
     */
    OpenShiftCluster withRightsFor(OperationKind kind) {
        KubernetesClient client = kubernetes.get();
        OpenShiftCluster own = new OpenShiftCluster(client);
        return settings.runsJobs() && !settings.isCommand()
                ? own.withRightsOfJobs(
                        Wiring.namespace(client),
                        Objects.requireNonNull(settings.cronJobs().get(kind)))
                : own;
    }

    /**
     * Whether the cluster has ImageStreams. Logs once if it has none.
     *
     * @throws dev.registrybackup.imagestream.ClusterException if the cluster did not answer
     */
    boolean hasImages() {
        if (isKnown.get() || cluster().hasImages()) {
            isKnown.set(true);
            return true;
        }
        if (isWarned.compareAndSet(false, true)) {
            LogEvent.of("no-imagestreams")
                    .with(
                            "reason",
                            "the cluster's API has no image.openshift.io/v1: ImageStreams and Images are not captured")
                    .with(
                            "remedy",
                            "run this on the cluster whose registry it is; if that is not OpenShift, set registry.kind"
                                    + " to plain")
                    .log(LOGGER, Level.WARNING);
        }
        return false;
    }

    /** Takes snapshots into this backup, if the cluster has ImageStreams; empty if the registry is not OpenShift's. */
    Optional<Function<ObjectStore, Optional<SnapshotTaker>>> snapshots() {
        return settings.isOpenShift() ? Optional.of(this::snapshotsInto) : Optional.empty();
    }

    private Optional<SnapshotTaker> snapshotsInto(ObjectStore backup) {
        return hasImages()
                ? Optional.of(new SnapshotTaker(cluster(), backup, workerPools, clock, Wiring::random))
                : Optional.empty();
    }

    /** Captures single ImageStreams into the backup when their events arrive. */
    ImageStreamEventHandler eventHandler(
            RegistryStore backup, ReplicationListener replicationListener, CaptureMetrics metrics) {
        CaptureReader captureReader = new CaptureReader(backup.store(), settings.scratch());
        return new ImageStreamEventHandler(new ImageStreamEventHandler.Components(
                        this::hasImages,
                        new ImageStreamCapture(cluster(), backup.store(), clock, Wiring::random),
                        captureReader,
                        new PushLatencyTracker(
                                backup.store(), captureReader, backup.layout(), workerPools, clock, metrics),
                        workerPools,
                        clock,
                        replicationListener,
                        metrics))
                .start();
    }
}
