package dev.registrybackup.app.config;

import dev.registrybackup.app.Wiring;
import dev.registrybackup.reconcile.ReconcilePolicy;
import dev.registrybackup.reconcile.rclone.Archive;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** What reconcile is configured with, settled and checked. */
@ApplicationScoped
public class ReconcileSettings {
    private static final Duration MIN_RETENTION = Duration.ofHours(1);
    /** More than any process remembers what it has seen durable, and what their clocks differ by. */
    private static final Duration MEMORY = Wiring.DURABLE_KEY_TTL.plusMinutes(1);

    private final ReconcileConfiguration configuration;
    private final ArchiveConfiguration archive;

    ReconcileSettings(ReconcileConfiguration given, ArchiveConfiguration archive) {
        this.configuration = given;
        this.archive = archive;
    }

    /** Settles where else the backup goes. Throws {@link ConfigurationException} for the first thing that cannot work. */
    public Optional<Archive.Destination> archive() {
        boolean mirrors = mirrors("archive.deletes", archive.deletes());
        if (archive.remote().isEmpty() && archive.backupDir().isPresent()) {
            throw new ConfigurationException("archive.backup-dir", "is set, but archive.remote is not");
        }
        if (archive.backupDir()
                .filter(removed -> archive.remote().filter(removed::equals).isPresent())
                .isPresent()) {
            throw new ConfigurationException("archive.backup-dir", "is archive.remote itself: name another directory");
        }
        return archive.remote()
                .map(place -> new Archive.Destination(place, archive.backupDir(), mirrors, archive.retention()));
    }

    /** Settles it. Throws {@link ConfigurationException} for the first thing that cannot work. */
    public ReconcilePolicy policy() {
        if (configuration.retention().compareTo(MIN_RETENTION) < 0) {
            throw new ConfigurationException(
                    "reconcile.retention", "is %s but has to be an hour or more".formatted(configuration.retention()));
        }
        if (!(configuration.alarmShare() > 0 && configuration.alarmShare() <= 1)) {
            throw new ConfigurationException(
                    "reconcile.alarm-share",
                    "is %s but has to be above 0 and up to 1".formatted(configuration.alarmShare()));
        }
        if (configuration.eventLagThreshold().isNegative()) {
            throw new ConfigurationException(
                    "reconcile.event-lag-threshold",
                    "is %s but has to be 0 or more".formatted(configuration.eventLagThreshold()));
        }
        return new ReconcilePolicy(
                mirrors("reconcile.deletes", configuration.deletes()),
                configuration.retention(),
                configuration.alarmShare(),
                atLeastOne("reconcile.alarm-number", configuration.alarmNumber()),
                configuration.eventLagThreshold(),
                atLeastOne("reconcile.shard-size", configuration.shardSize()),
                MEMORY);
    }

    private static boolean mirrors(String property, String deletes) {
        return switch (deletes) {
            case "keep" -> false;
            case "mirror" -> true;
            default ->
                throw new ConfigurationException(property, "is \"%s\" but can be keep or mirror".formatted(deletes));
        };
    }

    private static long atLeastOne(String property, long number) {
        if (number < 1) {
            throw new ConfigurationException(property, "is %d but has to be 1 or more".formatted(number));
        }
        return number;
    }

    public String rclone() {
        return configuration.rclone();
    }

    public Path scratch() {
        return Path.of(configuration.scratch());
    }
}
