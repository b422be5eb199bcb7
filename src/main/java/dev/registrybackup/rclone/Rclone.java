package dev.registrybackup.rclone;

import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The rclone program, which tells in what the registry's store and the backup differ. It only lists and reads. What it
 * reports counts only if nothing at all went wrong: it tells of a bucket that is not there as of one without objects.
 *
 * <p>Safe for use by several threads at a time: each call is a process of its own.
 */
public final class Rclone implements Comparer {
    private final String version;
    private final Remote registry;
    private final Remote backup;
    private final Path scratch;
    private final CommandLine commands;
    private final Places places;
    private final Runs runs;
    private final DirectoryNames names;

    private Rclone(String program, Remote registry, Remote backup, Path scratch) {
        this.registry = registry;
        this.backup = backup;
        this.scratch = scratch;
        Startup startup = new Startup(program, List.of(registry, backup), Optional.empty(), scratch);
        Program runnable = startup.prepare();
        this.version = startup.version(runnable);
        this.commands = new CommandLine(program, startup.certificates());
        this.places = new Places(startup.emptyDirectory());
        this.runs = new Runs(runnable);
        this.names = new DirectoryNames(runs, commands);
    }

    /**
     * Finds the program and asks for its version. No store is asked anything yet.
     *
     * @param program its name on the PATH, or its path
     * @param scratch a directory of our own for logs, lists of keys and certificates; made if absent
     * @throws RcloneUnusableException if it is missing, cannot be run or is older than 1.60, if the scratch directory cannot
     *     be written, or a store's file of certificates cannot be read
     */
    public static Rclone start(String program, Remote registry, Remote backup, Path scratch) {
        return new Rclone(program, registry, backup, scratch);
    }

    /**
     * Looks whether the program can be used, and tells its version; with no stores.
     *
     * @param scratch a directory of our own; made if absent
     * @throws RcloneUnusableException as {@link #start}
     */
    public static String version(String program, Path scratch) {
        Startup startup = new Startup(program, List.of(), Optional.empty(), scratch);
        return startup.version(startup.prepare());
    }

    /** The program's version, such as {@code v1.60.1-DEV}. */
    @Override
    public String version() {
        return version;
    }

    /**
     * Compares one part in full, both directions. The consumer is told of every key, the equal ones too, while rclone
     * compares; until this has returned a comparison that counts, nothing may be concluded from it. Should the consumer throw,
     * rclone is ended and the exception passed on; if this thread is interrupted, rclone is ended too, the comparison does
     * not count and the thread stays interrupted.
     *
     * <p>A prefix below which a store has nothing is no problem. A bucket that is not there is one.
     */
    @Override
    public Comparison compare(Part part, Consumer<Difference> found) {
        return compare(part, Optional.empty(), found);
    }

    /**
     * Compares only these keys, as they are now; otherwise as {@link #compare}. A key that neither store has is not told of,
     * and what the part leaves out does not matter. It takes a request for each directory on a key's way, in each store.
     *
     * @param keys full keys below the part's prefix
     * @throws IllegalArgumentException if a key is not below the prefix, or has a line break in it
     */
    @Override
    public Comparison confirm(Part part, Collection<String> keys, Consumer<Difference> found) {
        if (keys.isEmpty()) {
            return new Comparison(true, "", 0, "");
        }
        try {
            Path list = KeyList.write(scratch, part.prefix(), keys);
            try {
                return compare(part, Optional.of(list), found);
            } finally {
                Files.deleteIfExists(list);
            }
        } catch (IOException e) {
            return failed(part, "the list of keys could not be written or removed: " + e, 0, "");
        }
    }

    private Comparison compare(Part part, Optional<Path> keys, Consumer<Difference> found) {
        boolean hashes = registry.knowsHashes() && backup.knowsHashes();
        String left = places.of(registry, part.prefix());
        String right = places.of(backup, part.prefix());
        List<String> command = commands.check(left, right, part, hashes, keys);
        Report report = new Report(part.prefix(), found);
        Optional<String> problem = places.problem(registry)
                .or(() -> places.problem(backup))
                .or(() -> run(command, report))
                .or(() -> report.provesRegistry() ? Optional.empty() : unlistable(left))
                .or(() -> report.provesBackup() ? Optional.empty() : unlistable(right));
        String quoted = CommandLine.quoted(command);
        return problem.map(reason -> failed(part, reason, report.keys(), quoted))
                .orElseGet(() -> new Comparison(true, "", report.keys(), quoted));
    }

    private Optional<String> run(List<String> command, Report report) {
        return runs.run(
                command,
                report::take,
                ending -> Stream.of(report.problem(), ending.problemOfComparison(report.differing(), report.same()))
                        .flatMap(Optional::stream)
                        .reduce((first, second) -> first + "; " + second));
    }

    /** A bucket that is not there looks empty to a comparison, and does not to a listing. */
    private Optional<String> unlistable(String place) {
        return names.list(place, name -> {})
                .map(reason -> "nothing was found in %s, and to list it failed: %s".formatted(place, reason));
    }

    private static Comparison failed(Part part, String reason, long keys, String command) {
        String problem = "Failed to compare \"%s\" of the registry with the backup: %s; run the command to see more"
                .formatted(part.prefix(), reason);
        return new Comparison(false, problem, keys, command);
    }

    /**
     * The names of the directories directly below the prefix in either store, without slash.
     *
     * @param prefix ends in {@code /}, or is empty
     * @throws ObjectStoreException as UNAVAILABLE if one of the stores could not be listed
     */
    @Override
    public SortedSet<String> directories(String prefix) {
        NavigableSet<String> all = new TreeSet<>();
        for (Remote remote : List.of(registry, backup)) {
            Optional<String> problem = places.problem(remote).or(() -> names.list(places.of(remote, prefix), all::add));
            if (problem.isPresent()) {
                throw new ObjectStoreException(
                        StoreError.UNAVAILABLE,
                        "Failed to list the directories of \"%s\" in the %s with rclone: %s"
                                .formatted(prefix, remote.name(), problem.get()));
            }
        }
        return all;
    }
}
