package dev.registrybackup.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.kube.OpenShiftCluster;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.preflight.ClusterPoints;
import dev.registrybackup.preflight.Preflight;
import dev.registrybackup.preflight.Side;
import dev.registrybackup.rclone.Rclone;
import dev.registrybackup.reconcile.Sides;
import dev.registrybackup.store.s3.S3Settings;
import dev.registrybackup.transfer.Lanes;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Builds the preflight of all that the backup needs, as this process's role needs it. Nothing is asked before it is run. */
@Singleton
class PreflightWiring {
    private static final String CANARY = "canary";

    private final Sides sides;
    private final Settings settings;
    private final RestoreSettings restoreSettings;
    private final ReconcileSettings reconcileSettings;
    private final Instance<KubernetesClient> kubernetes;
    private final Lanes lanes;
    private final Clock clock;

    PreflightWiring(
            Sides sides,
            Settings settings,
            RestoreSettings restoreSettings,
            ReconcileSettings reconcileSettings,
            Instance<KubernetesClient> kubernetes,
            Lanes lanes,
            Clock clock) {
        this.sides = sides;
        this.settings = settings;
        this.restoreSettings = restoreSettings;
        this.reconcileSettings = reconcileSettings;
        this.kubernetes = kubernetes;
        this.lanes = lanes;
        this.clock = clock;
    }

    /** Whether it is this preflight that is asked for, and not that of a restore. */
    boolean isMeant(JsonNode body) {
        boolean namesNoRestore =
                body.properties().stream().allMatch(field -> field.getKey().equals(CANARY));
        return settings.isOperations() || (restoreSettings.isCommand() && namesNoRestore);
    }

    /**
     * Runs it.
     *
     * @throws IllegalArgumentException if the request is none
     */
    ObjectNode run(JsonNode body) {
        body.fieldNames().forEachRemaining(field -> {
            if (!field.equals(CANARY)) {
                throw new IllegalArgumentException(
                        "\"%s\" is no part of a preflight's request: it is {} or {\"canary\":true}. That of a restore is asked of the role restore"
                                .formatted(field));
            }
        });
        if (body.has(CANARY) && !body.get(CANARY).isBoolean()) {
            throw new IllegalArgumentException("\"canary\" has to be true or false");
        }
        return preflight().run(body.path(CANARY).asBoolean()).json();
    }

    private Preflight preflight() {
        Optional<S3Settings> registry = settings.registryPlace().bucket();
        return new Preflight(new Preflight.Parts(
                new Side(
                        "registry",
                        sides.registry(),
                        sides.layout(),
                        registry.flatMap(S3Settings::endpoint),
                        registry.isEmpty()),
                new Side(
                        "backup",
                        sides.backup(),
                        sides.layout(),
                        settings.backupStore().endpoint(),
                        false),
                restoreSettings.isCommand(),
                () -> Rclone.version(
                        reconcileSettings.rclone(), reconcileSettings.scratch().resolve("preflight")),
                cluster(),
                clock,
                Wiring::random,
                this::pause));
    }

    /** Without a lane of its own: the caller's thread is one that may wait. */
    private void pause(Duration time) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        lanes.after(time, () -> over.complete(null));
        over.join();
    }

    private Optional<ClusterPoints> cluster() {
        boolean isOnCluster = Surroundings.current().isCluster();
        if (!isOnCluster && !restoreSettings.runsJobs() && !restoreSettings.isOpenShift()) {
            return Optional.empty();
        }
        KubernetesClient client = kubernetes.get();
        String namespace = Optional.ofNullable(client.getNamespace()).orElse("default");
        boolean isCommand = restoreSettings.isCommand();
        return Optional.of(new ClusterPoints(
                new OpenShiftCluster(client),
                new ClusterPoints.Needs(
                        namespace,
                        restoreSettings.runsJobs() || (isCommand && isOnCluster) ? templates(isCommand) : List.of(),
                        isOnCluster && !isCommand,
                        restoreSettings.isOpenShift(),
                        isCommand)));
    }

    /** The role operations makes no restore Jobs, and may not read their template. */
    private List<String> templates(boolean isCommand) {
        Map<OperationKind, String> all = restoreSettings.cronJobs();
        Set<OperationKind> own = Set.of(OperationKind.VERIFY, OperationKind.RECONCILE);
        return Stream.of(OperationKind.values())
                .filter(kind -> isCommand || own.contains(kind))
                .map(all::get)
                .toList();
    }
}
