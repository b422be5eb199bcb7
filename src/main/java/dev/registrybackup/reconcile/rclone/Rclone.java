package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
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
    private final RcloneRemote registry;
    private final RcloneRemote backup;
    private final Path scratch;
    private final CommandLine commandLine;
    private final ShardLocations shardLocations;
    private final RcloneRunner rcloneRunner;
    private final DirectoryNames directoryNames;

    private Rclone(String program, RcloneRemote registry, RcloneRemote backup, Path scratch) {
        this.registry = registry;
        this.backup = backup;
        this.scratch = scratch;
        RcloneSetup rcloneSetup = new RcloneSetup(program, List.of(registry, backup), Optional.empty(), scratch);
        RcloneProcess runnable = rcloneSetup.prepare();
        this.version = rcloneSetup.readVersion(runnable);
        this.commandLine = new CommandLine(program, rcloneSetup.writeCertificates());
        this.shardLocations = new ShardLocations(rcloneSetup.emptyDirectory());
        this.rcloneRunner = new RcloneRunner(runnable);
        this.directoryNames = new DirectoryNames(rcloneRunner, commandLine);
    }

    /**
     * Finds the program and asks for its version. No store is asked anything yet.
     *
     * @param program its name on the PATH, or its path
     * @param scratch a directory of our own for logs, lists of keys and certificates; made if absent
     * @throws RcloneUnusableException if it is missing, cannot be run or is older than 1.60, if the scratch directory cannot
     *     be written, or a store's file of certificates cannot be read
     */
    public static Rclone create(String program, RcloneRemote registry, RcloneRemote backup, Path scratch) {
        return new Rclone(program, registry, backup, scratch);
    }

    /**
     * Looks whether the program can be used, and tells its version; with no stores.
     *
     * @param scratch a directory of our own; made if absent
     * @throws RcloneUnusableException as {@link #create}
     */
    public static String version(String program, Path scratch) {
        RcloneSetup rcloneSetup = new RcloneSetup(program, List.of(), Optional.empty(), scratch);
        return rcloneSetup.readVersion(rcloneSetup.prepare());
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
    public Comparison compare(Shard shard, Consumer<Difference> found) {
        return compare(shard, Optional.empty(), found);
    }

    /**
     * Compares only these keys, as they are now; otherwise as {@link #compare}. A key that neither store has is not told of,
     * and what the part leaves out does not matter. It takes a request for each directory on a key's way, in each store.
     *
     * @param keys full keys below the part's prefix
     * @throws IllegalArgumentException if a key is not below the prefix, or has a line break in it
     */
    @Override
    public Comparison compareKeys(Shard shard, Collection<String> keys, Consumer<Difference> found) {
        if (keys.isEmpty()) {
            return new Comparison(true, "", 0, "");
        }
        try {
            Path list = KeyList.write(scratch, shard.prefix(), keys);
            try {
                return compare(shard, Optional.of(list), found);
            } finally {
                Files.deleteIfExists(list);
            }
        } catch (IOException e) {
            return failed(shard, "the list of keys could not be written or removed: " + e, 0, "");
        }
    }

    private Comparison compare(Shard shard, Optional<Path> keys, Consumer<Difference> found) {
        boolean hashes = registry.hasHashes() && backup.hasHashes();
        String left = shardLocations.locate(registry, shard.prefix());
        String right = shardLocations.locate(backup, shard.prefix());
        List<String> command = commandLine.check(left, right, shard, hashes, keys);
        CombinedReportReader combinedReportReader = new CombinedReportReader(shard.prefix(), found);
        Optional<String> problem = shardLocations
                .problem(registry)
                .or(() -> shardLocations.problem(backup))
                .or(() -> run(command, combinedReportReader))
                .or(() -> combinedReportReader.sawRegistryKey() ? Optional.empty() : listingProblem(left))
                .or(() -> combinedReportReader.sawBackupKey() ? Optional.empty() : listingProblem(right));
        String quoted = CommandLine.quote(command);
        return problem.map(reason -> failed(shard, reason, combinedReportReader.keys(), quoted))
                .orElseGet(() -> new Comparison(true, "", combinedReportReader.keys(), quoted));
    }

    private Optional<String> run(List<String> command, CombinedReportReader combinedReportReader) {
        return rcloneRunner.run(
                command,
                combinedReportReader::accept,
                processResult -> Stream.of(
                                combinedReportReader.problem(),
                                processResult.comparisonProblem(
                                        combinedReportReader.differing(), combinedReportReader.same()))
                        .flatMap(Optional::stream)
                        .reduce((first, second) -> first + "; " + second));
    }

    /** A bucket that is not there looks empty to a comparison, and does not to a listing. */
    private Optional<String> listingProblem(String place) {
        return directoryNames
                .list(place, name -> {})
                .map(reason -> "nothing was found in %s, and to list it failed: %s".formatted(place, reason));
    }

    private static Comparison failed(Shard shard, String reason, long keys, String command) {
        String problem = "Failed to compare \"%s\" of the registry with the backup: %s; run the command to see more"
                .formatted(shard.prefix(), reason);
        return new Comparison(false, problem, keys, command);
    }

    /**
     * The names of the directories directly below the prefix in either store, without slash.
     *
     * @param prefix ends in {@code /}, or is empty
     * @throws ObjectStoreException as UNAVAILABLE if one of the stores could not be listed
     */
    @Override
    public SortedSet<String> listDirectories(String prefix) {
        NavigableSet<String> all = new TreeSet<>();
        for (RcloneRemote rcloneRemote : List.of(registry, backup)) {
            Optional<String> problem = shardLocations
                    .problem(rcloneRemote)
                    .or(() -> directoryNames.list(shardLocations.locate(rcloneRemote, prefix), all::add));
            if (problem.isPresent()) {
                throw new ObjectStoreException(
                        StoreError.UNAVAILABLE,
                        "Failed to list the directories of \"%s\" in the %s with rclone: %s"
                                .formatted(prefix, rcloneRemote.name(), problem.get()));
            }
        }
        return all;
    }
}
