package dev.registrybackup.reconcile;

import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.AbsenceUpdate;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.rclone.Comparer;
import dev.registrybackup.rclone.Part;
import dev.registrybackup.rclone.Part.By;
import dev.registrybackup.reconcile.Figures.Count;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.store.ObjectStoreException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Compares and brings all parts, one after the other in key order, and keeps the record of absences. For one thread. */
final class Comparing {
    /** So many commands and failures are kept whole. */
    private static final int MOST_KEPT = 20;

    private static final int MOST_REPOSITORIES = 100;
    private static final int MOST_LEFT = 10_000;

    private final Sides sides;
    private final Comparer comparer;
    private final Bringing bringing;
    private final Figures figures;
    private final Meter meter;
    private final Consumer<Finding> found;
    private final List<String> failed = new ArrayList<>();
    private final List<String> commands = new ArrayList<>();
    private final TreeSet<String> repositories = new TreeSet<>();
    private final Set<String> left = new HashSet<>();
    private long keys;
    private int parts;

    Comparing(
            Sides sides, Comparer comparer, Bringing bringing, Figures figures, Meter meter, Consumer<Finding> found) {
        this.sides = sides;
        this.comparer = comparer;
        this.bringing = bringing;
        this.figures = figures;
        this.meter = meter;
        this.found = found;
    }

    /** Why parts could not be compared; empty if all were. */
    List<String> failed() {
        return List.copyOf(failed);
    }

    /** What rclone was run with, the first of it. */
    List<String> commands() {
        return List.copyOf(commands);
    }

    /** Of how many keys rclone spoke. */
    long keys() {
        return keys;
    }

    /** How many parts there were. */
    int parts() {
        return parts;
    }

    /** The repositories of which something was brought; more than {@value #MOST_REPOSITORIES} of them are not all told. */
    SortedSet<String> repositories() {
        return new TreeSet<>(repositories);
    }

    /** The keys that are left; empty if there are so many that nobody keeps them, or parts were not compared. */
    Optional<Set<String>> left() {
        return failed.isEmpty() && left.size() < MOST_LEFT ? Optional.of(Set.copyOf(left)) : Optional.empty();
    }

    /** Whether those are not all. */
    boolean isManyRepositories() {
        return repositories.size() > MOST_REPOSITORIES;
    }

    /**
     * Does it.
     *
     * @param sizes how many links each part had before, and is told how many each has
     */
    void run(long partKeys, PartSizes sizes, AbsenceUpdate absences) {
        meter.phase("comparing");
        boolean areHashes =
                ETags.areHashes(sides.registry(), sides.layout()) && ETags.areHashes(sides.backup(), sides.layout());
        List<Part> plan = new Parts(sides, comparer, partKeys, areHashes ? By.CONTENT : By.SIZE).plan(sizes);
        parts = plan.size();
        for (Part part : plan) {
            PartRun.Result result = new PartRun(part, comparer, sides.layout(), bringing, figures, !areHashes).run();
            keep(part, result);
            record(part, result, absences);
            if (isOfLinks(part)) {
                sizes.add(part.prefix(), result.there());
            }
            if (!result.counts() && isStoreUnreachable(part)) {
                break;
            }
        }
        if (failed.isEmpty()) {
            sizes.write();
            absences.known(end(sides.layout().repositoriesPrefix()), new TreeSet<>(), key -> {});
        }
    }

    /** Whether a bucket does not answer: each of the other shards would fail after time-outs of its own. */
    private boolean isStoreUnreachable(Part after) {
        try {
            sides.registry().requireBucket();
            sides.backup().requireBucket();
            return false;
        } catch (ObjectStoreException e) {
            String problem = "Gave up comparing after %s: %s".formatted(after.prefix(), e.getMessage());
            failed.add(problem);
            found.accept(new Finding(FindingCode.COULD_NOT_TELL, "comparison", problem));
            return true;
        }
    }

    private boolean isOfLinks(Part part) {
        return part.wholeListing() && part.prefix().startsWith(sides.layout().repositoriesPrefix());
    }

    private void keep(Part part, PartRun.Result result) {
        keys += result.keys();
        result.commands().stream()
                .limit(Math.max(0, MOST_KEPT - commands.size()))
                .forEach(commands::add);
        if (!result.counts()) {
            failed.add(part.prefix() + ": " + result.problem());
            found.accept(new Finding(FindingCode.COULD_NOT_TELL, part.prefix(), result.problem()));
        }
        result.fates().forEach(this::tell);
    }

    private void tell(String key, Fate fate) {
        fate.problem().ifPresent(problem -> found.accept(new Finding(problem.code(), key, problem.text())));
        if (fate.state() == Fate.State.LEFT && left.size() < MOST_LEFT) {
            left.add(key);
        }
        RegistryPath path = sides.layout().parse(key);
        if (fate.isBrought() && path instanceof Link link && !isManyRepositories()) {
            repositories.add(link.repository().value());
        }
    }

    /** Only whole parts of links and blobs say what is absent: the others hold what no registry wrote. */
    private void record(Part part, PartRun.Result result, AbsenceUpdate absences) {
        if (part.prefix().equals(sides.layout().rootPrefix())) {
            return;
        }
        if (result.counts()) {
            absences.known(
                    end(part.prefix()),
                    result.absent(),
                    key -> figures.add(sides.layout().parse(key).kind(), Count.NEWLY_ABSENT, 1));
        } else {
            absences.unknown(end(part.prefix()));
        }
    }

    /** The first key after all that start with the prefix, which ends in a slash. */
    private static String end(String prefix) {
        return prefix.substring(0, prefix.length() - 1) + (char) ('/' + 1);
    }
}
