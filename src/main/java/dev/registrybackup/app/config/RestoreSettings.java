package dev.registrybackup.app.config;

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
public class RestoreSettings {
    /** The target that the command line names by a path. */
    static final String DIRECTORY = "directory";

    private static final Set<String> RESERVED = Set.of(RestoreRequest.REGISTRY, "backup", DIRECTORY);

    private final RestoreConfiguration restore;
    private final OperationsConfiguration operations;
    private final BandwidthConfiguration bulk;
    private final RegistryConfiguration registry;
    private final Optional<String> commandDirectory;
    private final boolean isCommand;

    RestoreSettings(
            RestoreConfiguration restore,
            OperationsConfiguration operations,
            BandwidthConfiguration bulk,
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

    /** Checks everything. Throws {@link ConfigurationException} for the first thing that cannot work. */
    public void check() {
        targets();
        runsJobs();
        isOpenShift();
        bytesPerSecond();
        scheduledContentShare();
    }

    /** The configured targets by name, and that of the command line if it gave one. */
    public Map<String, RegistryStoreSettings> targets() {
        Map<String, RegistryStoreSettings> settled = new TreeMap<>();
        restore.targets().forEach((name, target) -> {
            String prefix = "restore.targets." + name;
            if (RESERVED.contains(name)) {
                throw new ConfigurationException(prefix, "has a name that means something else: " + RESERVED);
            }
            settled.put(name, RegistryStoreSettings.of(prefix, target));
        });
        commandDirectory.ifPresent(path -> settled.put(
                DIRECTORY, new RegistryStoreSettings(DIRECTORY, Optional.empty(), Optional.of(Path.of(path)), "/")));
        return settled;
    }

    /** Whether this process is a command, which looks after nothing but its own work. */
    public boolean isCommand() {
        return isCommand;
    }

    /** Whether operations run in Kubernetes Jobs. */
    public boolean runsJobs() {
        return switch (operations.runner()) {
            case "job" -> true;
            case "process" -> false;
            case "auto" -> RuntimeEnvironment.current().isCluster();
            default ->
                throw new ConfigurationException(
                        "operations.runner",
                        "is \"%s\" but can be auto, job or process".formatted(operations.runner()));
        };
    }

    public Map<OperationKind, String> cronJobs() {
        return Map.of(
                OperationKind.RESTORE,
                operations.restoreCronJob(),
                OperationKind.VERIFY,
                operations.verifyCronJob(),
                OperationKind.RECONCILE,
                operations.reconcileCronJob());
    }

    public double scheduledContentShare() {
        double share = operations.scheduledContentShare();
        if (!(share >= 0 && share <= 1)) {
            throw new ConfigurationException(
                    "operations.scheduled-content-share", "is %s but has to be from 0 to 1".formatted(share));
        }
        return share;
    }

    public boolean isOpenShift() {
        return switch (registry.kind()) {
            case "openshift" -> true;
            case "plain" -> false;
            default ->
                throw new ConfigurationException(
                        "registry.kind", "is \"%s\" but can be plain or openshift".formatted(registry.kind()));
        };
    }

    public long bytesPerSecond() {
        if (bulk.bytesPerSecond() < 0) {
            throw new ConfigurationException(
                    "bandwidth.bytes-per-second", "is %d but has to be 0 or more".formatted(bulk.bytesPerSecond()));
        }
        return bulk.bytesPerSecond();
    }
}
