package dev.registrybackup.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.check.CheckedStore;
import dev.registrybackup.check.ClusterChecks;
import dev.registrybackup.check.Preflight;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.RequestFields;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.reconcile.rclone.Rclone;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Builds the preflight of the backup's prerequisites for this process's role. Sends no request before it runs. */
@Singleton
class PreflightWiring {
    private static final String CANARY = "canary";

    private final StorePair storePair;
    private final Settings settings;
    private final ImageStreamWiring openShift;
    private final Instance<KubernetesClient> kubernetes;
    private final WorkerPools workerPools;
    private final Clock clock;

    PreflightWiring(
            StorePair storePair,
            Settings settings,
            ImageStreamWiring openShift,
            Instance<KubernetesClient> kubernetes,
            WorkerPools workerPools,
            Clock clock) {
        this.storePair = storePair;
        this.settings = settings;
        this.openShift = openShift;
        this.kubernetes = kubernetes;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /** Whether the request is for this preflight and not for that of a restore. */
    boolean isMeant(JsonNode body) {
        boolean namesNoRestore =
                body.properties().stream().allMatch(field -> field.getKey().equals(CANARY));
        return settings.isOperations() || (settings.isCommand() && namesNoRestore);
    }

    /**
     * Runs the preflight.
     *
     * @throws IllegalArgumentException if the request is invalid
     */
    ObjectNode run(JsonNode body) {
        RequestFields.requireKnown(
                body,
                Set.of(CANARY),
                "\"%s\" is not a field of a preflight request: send {} or {\"canary\":true}. The role restore serves"
                        + " the preflight of a restore");
        if (body.has(CANARY) && !body.get(CANARY).isBoolean()) {
            throw new IllegalArgumentException("\"canary\" must be true or false");
        }
        return preflight().run(body.path(CANARY).asBoolean()).json();
    }

    /** As {@link Preflight#sendCanary}. */
    ObjectNode canary() {
        return preflight().sendCanary();
    }

    private Preflight preflight() {
        Optional<S3Settings> registry = settings.registryStore().bucket();
        return new Preflight(
                new CheckedStore(
                        "registry",
                        storePair.registry(),
                        storePair.layout(),
                        registry.flatMap(S3Settings::endpoint),
                        registry.isEmpty()),
                new CheckedStore(
                        "backup",
                        storePair.backup(),
                        storePair.layout(),
                        settings.backupStore().endpoint(),
                        false),
                settings.isCommand(),
                () -> Rclone.version(
                        settings.configuration().reconcile().rclone(),
                        settings.scratch().resolve("preflight")),
                cluster(),
                clock,
                Wiring::random,
                workerPools::sleep);
    }

    private Optional<ClusterChecks> cluster() {
        boolean isOnCluster = settings.environment().isCluster();
        if (!isOnCluster && !settings.runsJobs() && !settings.isOpenShift()) {
            return Optional.empty();
        }
        String namespace = Wiring.namespace(kubernetes.get());
        boolean isCommand = settings.isCommand();
        return Optional.of(new ClusterChecks(
                openShift.cluster(),
                () -> openShift.withRightsFor(OperationKind.RECONCILE),
                namespace,
                settings.runsJobs() || (isCommand && isOnCluster) ? templates(isCommand) : List.of(),
                isOnCluster && !isCommand,
                settings.isOpenShift()));
    }

    /** The role operations creates no restore Jobs and may not read their template. */
    private List<String> templates(boolean isCommand) {
        Map<OperationKind, String> all = settings.cronJobs();
        Set<OperationKind> own = Set.of(OperationKind.VERIFY, OperationKind.RECONCILE, OperationKind.DRILL);
        return Stream.of(OperationKind.values())
                .filter(kind -> isCommand || own.contains(kind))
                .map(all::get)
                .toList();
    }
}
