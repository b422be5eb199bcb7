package dev.registrybackup.app.config;

import dev.registrybackup.app.Wiring;
import dev.registrybackup.reconcile.Policy;
import dev.registrybackup.reconcile.rclone.Archive;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** What reconcile is configured with, settled and checked. */
@ApplicationScoped
public class ReconcileSettings {
    private static final Duration SHORTEST_RETENTION = Duration.ofHours(1);
    /** More than any process remembers what it has seen durable, and what their clocks differ by. */
    private static final Duration MEMORY = Wiring.REMEMBERED.plusMinutes(1);

    private final ReconcileConfiguration given;
    private final ArchiveConfiguration archive;

    ReconcileSettings(ReconcileConfiguration given, ArchiveConfiguration archive) {
        this.given = given;
        this.archive = archive;
    }

    /** Settles where else the backup goes. Throws {@link ConfigurationException} for the first thing that cannot work. */
    public Optional<Archive.Destination> archive() {
        boolean mirrors = mirrors("archive.deletes", archive.deletes());
        if (archive.place().isEmpty() && archive.removed().isPresent()) {
            throw new ConfigurationException("archive.removed", "is set, but archive.place is not");
        }
        if (archive.removed()
                .filter(removed -> archive.place().filter(removed::equals).isPresent())
                .isPresent()) {
            throw new ConfigurationException("archive.removed", "is archive.place itself: name another directory");
        }
        return archive.place()
                .map(place -> new Archive.Destination(place, archive.removed(), mirrors, archive.retention()));
    }

    /** Settles it. Throws {@link ConfigurationException} for the first thing that cannot work. */
    public Policy policy() {
        if (given.retention().compareTo(SHORTEST_RETENTION) < 0) {
            throw new ConfigurationException(
                    "reconcile.retention", "is %s but has to be an hour or more".formatted(given.retention()));
        }
        if (!(given.alarmShare() > 0 && given.alarmShare() <= 1)) {
            throw new ConfigurationException(
                    "reconcile.alarm-share", "is %s but has to be above 0 and up to 1".formatted(given.alarmShare()));
        }
        if (given.missedAfter().isNegative()) {
            throw new ConfigurationException(
                    "reconcile.missed-after", "is %s but has to be 0 or more".formatted(given.missedAfter()));
        }
        return new Policy(
                mirrors("reconcile.deletes", given.deletes()),
                given.retention(),
                given.alarmShare(),
                atLeastOne("reconcile.alarm-number", given.alarmNumber()),
                given.missedAfter(),
                atLeastOne("reconcile.part-keys", given.partKeys()),
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
        return given.rclone();
    }

    public Path scratch() {
        return Path.of(given.scratch());
    }
}
