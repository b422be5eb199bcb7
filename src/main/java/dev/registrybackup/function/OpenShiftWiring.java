package dev.registrybackup.function;

import dev.registrybackup.intake.Journal;
import dev.registrybackup.kube.OpenShiftCluster;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.PushWatch;
import dev.registrybackup.openshift.Snapshots;
import dev.registrybackup.openshift.StreamCapture;
import dev.registrybackup.openshift.WritableCluster;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.transfer.Lanes;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jboss.logging.Logger;

/** Builds what captures ImageStreams. The cluster is asked for nothing before something is captured. */
@Singleton
class OpenShiftWiring {
    private static final Logger LOGGER = Logger.getLogger(OpenShiftWiring.class.getName());

    private final RestoreSettings settings;
    private final ReconcileSettings reconcileSettings;
    private final Instance<KubernetesClient> kubernetes;
    private final Lanes lanes;
    private final Clock clock;
    private final AtomicBoolean isKnown = new AtomicBoolean();
    private final AtomicBoolean isWarned = new AtomicBoolean();

    OpenShiftWiring(
            RestoreSettings settings,
            ReconcileSettings reconcileSettings,
            Instance<KubernetesClient> kubernetes,
            Lanes lanes,
            Clock clock) {
        this.settings = settings;
        this.reconcileSettings = reconcileSettings;
        this.kubernetes = kubernetes;
        this.lanes = lanes;
        this.clock = clock;
    }

    /** The cluster that this process is on, or is configured for. */
    WritableCluster cluster() {
        return new OpenShiftCluster(kubernetes.get());
    }

    /**
     * Whether the cluster has ImageStreams. Says once in the log if it has not.
     *
     * @throws dev.registrybackup.openshift.ClusterException if the cluster did not tell
     */
    boolean hasImages() {
        if (isKnown.get() || cluster().hasImages()) {
            isKnown.set(true);
            return true;
        }
        if (isWarned.compareAndSet(false, true)) {
            LOGGER.warn(
                    "event=no-imagestreams reason=\"the cluster's API has no image.openshift.io/v1: ImageStreams and Images"
                            + " are not captured\" remedy=\"run this on the cluster whose registry it is; if that is not OpenShift, set"
                            + " registry.kind to plain\"");
        }
        return false;
    }

    /** What takes snapshots into the backup given, if the cluster has ImageStreams; empty if the registry is not OpenShift's. */
    Optional<Function<ObjectStore, Optional<Snapshots>>> snapshots() {
        return settings.isOpenShift() ? Optional.of(this::snapshotsInto) : Optional.empty();
    }

    private Optional<Snapshots> snapshotsInto(ObjectStore backup) {
        return hasImages()
                ? Optional.of(new Snapshots(cluster(), backup, lanes, clock, Wiring::random))
                : Optional.empty();
    }

    /** What captures single ImageStreams into the backup, as hints at them come in. */
    StreamHints hints(Place backup, Journal journal, CaptureJournal told) {
        Captures captures = new Captures(backup.store(), reconcileSettings.scratch());
        return new StreamHints(new StreamHints.Parts(
                        this::hasImages,
                        new StreamCapture(cluster(), backup.store(), clock, Wiring::random),
                        captures,
                        new PushWatch(backup.store(), captures, backup.layout(), lanes, clock, told),
                        lanes,
                        clock,
                        journal,
                        told))
                .start();
    }
}
