package dev.registrybackup.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.check.Check;
import dev.registrybackup.check.Check.State;
import dev.registrybackup.check.CheckReport;
import dev.registrybackup.check.CheckedStore;
import dev.registrybackup.check.ClusterChecks;
import dev.registrybackup.check.Preflight;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.RequestFields;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.reconcile.rclone.Rclone;
import dev.registrybackup.replication.LastCanary;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Builds the preflight of the backup's prerequisites for this process's role. Sends no request before it runs. */
@Singleton
class PreflightWiring {
    private static final System.Logger LOGGER = System.getLogger(PreflightWiring.class.getName());
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
                "\"%s\" is not a field of a preflight request: send {} or {\"canary\":true}. The role restore serves the"
                        + " preflight of a restore");
        if (body.has(CANARY) && !body.get(CANARY).isBoolean()) {
            throw new IllegalArgumentException("\"canary\" must be true or false");
        }
        return preflight().run(body.path(CANARY).asBoolean()).json();
    }

    /**
     * Sends a canary, waits for its event, and records whether it arrived. If the canary cannot be sent, for example
     * because the credentials may not write it, it counts as neither arrived nor lost, and is not recorded.
     *
     * @return the report of the checks, and under {@code lost} how many canaries in a row have been lost
     */
    ObjectNode canary() {
        Instant sentAt = clock.instant();
        CheckReport report = new CheckReport(preflight().canary());
        Check arrival = report.checks().get(0);
        int lost = 0;
        if (arrival.state() == State.PASS || arrival.state() == State.FAIL) {
            lost = new LastCanary(storePair.backup())
                    .write(sentAt, arrival.state() == State.PASS ? Optional.of(clock.instant()) : Optional.empty())
                    .lost();
        }
        LogEvent.of("canary")
                .with("result", arrival.state().name().toLowerCase(Locale.ROOT))
                .with("found", arrival.found())
                .with("lost", lost)
                .log(LOGGER, arrival.state() == State.FAIL ? Level.WARNING : Level.INFO);
        return report.json().put("lost", lost);
    }

    private Preflight preflight() {
        Optional<S3Settings> registry = settings.registryStore().bucket();
        return new Preflight(new Preflight.Components(
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
                () -> Rclone.version(settings.rclone(), settings.scratch().resolve("preflight")),
                cluster(),
                clock,
                Wiring::random,
                workerPools::sleep));
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
                new ClusterChecks.Needs(
                        namespace,
                        settings.runsJobs() || (isCommand && isOnCluster) ? templates(isCommand) : List.of(),
                        isOnCluster && !isCommand,
                        settings.isOpenShift())));
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
