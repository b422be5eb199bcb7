package dev.registrybackup.function;

import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.restore.RestoreRequest;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What restore and verify are configured with, settled and checked. */
@ApplicationScoped
class RestoreSettings {
    /** The target that the command line names by a path. */
    static final String DIRECTORY = "directory";

    private static final Set<String> RESERVED = Set.of(RestoreRequest.REGISTRY, "backup", DIRECTORY);

    private final RestoreConfiguration restore;
    private final OperationsConfiguration operations;
    private final BulkConfiguration bulk;
    private final RegistryConfiguration registry;
    private final Optional<String> commandDirectory;
    private final boolean isCommand;

    RestoreSettings(
            RestoreConfiguration restore,
            OperationsConfiguration operations,
            BulkConfiguration bulk,
            RegistryConfiguration registry,
            @ConfigProperty(name = "command-directory") Optional<String> commandDirectory,
            @ConfigProperty(name = "is-command", defaultValue = "false") boolean isCommand) {
        this.restore = restore;
        this.operations = operations;
        this.bulk = bulk;
        this.registry = registry;
        this.commandDirectory = commandDirectory;
        this.isCommand = isCommand;
    }

    /** Checks everything. Throws {@link ConfigurationProblem} for the first thing that cannot work. */
    void check() {
        targets();
        runsJobs();
        isOpenShift();
        bytesPerSecond();
        scheduledContentShare();
    }

    /** The configured targets by name, and that of the command line if it gave one. */
    Map<String, PlaceSettings> targets() {
        Map<String, PlaceSettings> settled = new TreeMap<>();
        restore.targets().forEach((name, target) -> {
            String prefix = "restore.targets." + name;
            if (RESERVED.contains(name)) {
                throw new ConfigurationProblem(prefix, "has a name that means something else: " + RESERVED);
            }
            settled.put(name, PlaceSettings.of(prefix, target));
        });
        commandDirectory.ifPresent(path -> settled.put(
                DIRECTORY, new PlaceSettings(DIRECTORY, Optional.empty(), Optional.of(Path.of(path)), "/")));
        return settled;
    }

    /** Whether this process is a command, which looks after nothing but its own work. */
    boolean isCommand() {
        return isCommand;
    }

    /** Whether operations run in Kubernetes Jobs. */
    boolean runsJobs() {
        return switch (operations.run()) {
            case "job" -> true;
            case "process" -> false;
            case "auto" -> Surroundings.current().isCluster();
            default ->
                throw new ConfigurationProblem(
                        "operations.run", "is \"%s\" but can be auto, job or process".formatted(operations.run()));
        };
    }

    Map<OperationKind, String> cronJobs() {
        return Map.of(
                OperationKind.RESTORE,
                operations.restoreCronJob(),
                OperationKind.VERIFY,
                operations.verifyCronJob(),
                OperationKind.RECONCILE,
                operations.reconcileCronJob());
    }

    double scheduledContentShare() {
        double share = operations.scheduledContentShare();
        if (!(share >= 0 && share <= 1)) {
            throw new ConfigurationProblem(
                    "operations.scheduled-content-share", "is %s but has to be from 0 to 1".formatted(share));
        }
        return share;
    }

    boolean isOpenShift() {
        return switch (registry.kind()) {
            case "openshift" -> true;
            case "plain" -> false;
            default ->
                throw new ConfigurationProblem(
                        "registry.kind", "is \"%s\" but can be plain or openshift".formatted(registry.kind()));
        };
    }

    long bytesPerSecond() {
        if (bulk.bytesPerSecond() < 0) {
            throw new ConfigurationProblem(
                    "bulk.bytes-per-second", "is %d but has to be 0 or more".formatted(bulk.bytesPerSecond()));
        }
        return bulk.bytesPerSecond();
    }
}
