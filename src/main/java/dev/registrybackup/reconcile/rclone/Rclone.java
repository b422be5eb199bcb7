package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Compares the registry's store with the backup by the listings of the rclone program. They are reliable only if rclone
 * logged no error.
 *
 * <p>Safe for use by several threads at a time: each call runs processes of its own.
 */
public final class Rclone implements Comparer {
    private final String version;
    private final RcloneRemote registry;
    private final RcloneRemote backup;
    private final Path scratch;
    private final RcloneProcess process;
    private final Path emptyDirectory;

    private Rclone(RcloneSetup setup, RcloneRemote registry, RcloneRemote backup, Path scratch) {
        this.version = setup.version();
        this.process = setup.process();
        this.emptyDirectory = setup.emptyDirectory();
        this.registry = registry;
        this.backup = backup;
        this.scratch = scratch;
    }

    /**
     * Finds the program and reads its version. Sends no request to the stores.
     *
     * @param program its name on the PATH, or its path
     * @param credentials for a store without an access key in its settings; has to outlive the result
     * @param scratch a directory that nothing else uses, for logs, lists of keys and certificates; created if missing
     * @throws RcloneUnusableException if it is missing, cannot be run or is older than 1.60, if the scratch directory
     * cannot be written, or a store's file of certificates cannot be read
     */
    public static Rclone create(
            String program, RcloneRemote registry, RcloneRemote backup, ProcessCredentials credentials, Path scratch) {
        RcloneSetup setup = RcloneSetup.prepare(
                program, List.of(registry, backup), Optional.empty(), Optional.of(credentials::current), scratch);
        return new Rclone(setup, registry, backup, scratch);
    }

    /**
     * Checks that the program can be used and returns its version, without any store.
     *
     * @param scratch a directory that nothing else uses; created if missing
     * @throws RcloneUnusableException as {@link #create}
     */
    public static String version(String program, Path scratch) {
        return RcloneSetup.prepare(program, List.of(), Optional.empty(), Optional.empty(), scratch)
                .version();
    }

    /** The program's version, such as {@code v1.60.1-DEV}. */
    @Override
    public String version() {
        return version;
    }

    @Override
    public boolean comparesContent() {
        return registry.listsHashes() && backup.listsHashes();
    }

    @Override
    public boolean listsInOrder() {
        return registry.isBucket() && backup.isBucket();
    }

    /**
     * Compares one complete shard in both directions. The consumer receives every key, including equal ones, while
     * rclone runs. A key that it reports as missing from a store was not listed there; nothing else may be concluded
     * before this returns a reliable comparison. If the consumer throws, rclone is stopped and the exception passed on;
     * if this thread is interrupted, rclone is stopped too, the comparison is not reliable and the thread stays
     * interrupted.
     *
     * <p>A prefix without keys is not a problem. A missing bucket is.
     */
    @Override
    public Comparison compare(Shard shard, Consumer<Difference> found) {
        return compare(shard, Optional.empty(), found);
    }

    /**
     * Compares only these keys in their current state; otherwise as {@link #compare}. Does not report a key that
     * neither store has, and ignores the shard's excludes. Takes a request for each directory above a key, in each
     * store.
     *
     * @param keys full keys below the shard's prefix
     * @throws IllegalArgumentException if a key is not below the prefix, or has a line break in it
     */
    @Override
    public Comparison compareKeys(Shard shard, Collection<String> keys, Consumer<Difference> found) {
        if (keys.isEmpty()) {
            return new Comparison("", 0, "");
        }
        keys.forEach(key -> requireListable(shard.prefix(), key));
        try {
            Path list = Files.createTempFile(scratch, "rclone-", ".keys");
            try {
                Files.write(
                        list,
                        keys.stream()
                                .map(key -> key.substring(shard.prefix().length()))
                                .toList());
                return compare(shard, Optional.of(list), found);
            } finally {
                Files.deleteIfExists(list);
            }
        } catch (IOException e) {
            return failed(shard, "the list of keys could not be written or removed: " + e, 0, "");
        }
    }

    private static void requireListable(String prefix, String key) {
        if (!key.startsWith(prefix) || key.length() == prefix.length()) {
            throw new IllegalArgumentException("Failed to compare %s: it is not below %s".formatted(key, prefix));
        }
        if (key.indexOf('\n') >= 0 || key.indexOf('\r') >= 0) {
            throw new IllegalArgumentException("Failed to compare a key: it has a line break in it: "
                    + key.replace("\n", "\\n").replace("\r", "\\r"));
        }
    }

    private Comparison compare(Shard shard, Optional<Path> keys, Consumer<Difference> found) {
        List<String> inRegistry = listing(registry, shard, keys);
        List<String> inBackup = listing(backup, shard, keys);
        String commands = RcloneProcess.quote(inRegistry) + "; " + RcloneProcess.quote(inBackup);
        ListingComparison comparison = new ListingComparison(shard.prefix(), found);
        boolean isFastList = keys.isEmpty() && shard.isFastList();
        Optional<String> problem = registry.problem()
                .or(backup::problem)
                .or(() -> RcloneProcess.attempt(() -> {
                    try (RunningRclone left = process.start(inRegistry);
                            RunningRclone right = process.start(inBackup)) {
                        return comparison.run(
                                new ObjectListing(left, shard.compareBy(), isFastList && registry.isBucket()),
                                new ObjectListing(right, shard.compareBy(), isFastList && backup.isBucket()));
                    }
                }));
        return problem.map(reason -> failed(shard, reason, comparison.keys(), commands))
                .orElseGet(() -> new Comparison("", comparison.keys(), commands));
    }

    /** Lists all objects of the shard, or these, in one store. Fails if the bucket is missing. */
    private List<String> listing(RcloneRemote remote, Shard shard, Optional<Path> keys) {
        List<String> arguments = new ArrayList<>(
                List.of(ObjectListing.command(shard.compareBy()), remote.path(shard.prefix(), emptyDirectory)));
        if (keys.isPresent()) {
            // The raw format has no comments and keeps spaces. --no-traverse is not used, because it sends a HEAD for
            // each key and takes every failure, even a refusal, for a missing key.
            arguments.addAll(List.of("--files-from-raw", keys.get().toString()));
        } else {
            shard.excludes().forEach(pattern -> arguments.addAll(List.of("--exclude", pattern)));
            if (shard.isFastList() && remote.isBucket()) {
                // 1,000 keys per request: each object of a registry has a directory of its own.
                arguments.add("--fast-list");
                // Otherwise md5sum prints several at once, in any order. Versions differ in which one they heed.
                arguments.addAll(List.of("--checkers", "1", "--transfers", "1"));
            }
        }
        return process.command(arguments);
    }

    private static Comparison failed(Shard shard, String reason, long keys, String command) {
        String problem = "Failed to compare \"%s\" of the registry with the backup: %s; run the commands for details"
                .formatted(shard.prefix(), reason);
        return new Comparison(problem, keys, command);
    }

    /**
     * The names directly below the prefix in either store; those of directories end in {@code /}.
     *
     * @param prefix ends in {@code /}, or is empty
     * @throws ObjectStoreException as UNAVAILABLE if one of the stores cannot be listed
     */
    @Override
    public SortedSet<String> listNames(String prefix) {
        NavigableSet<String> all = new TreeSet<>();
        for (RcloneRemote rcloneRemote : List.of(registry, backup)) {
            Optional<String> problem = rcloneRemote
                    .problem()
                    .or(() -> process.listNames(rcloneRemote.path(prefix, emptyDirectory), all::add));
            if (problem.isPresent()) {
                throw new ObjectStoreException(
                        StoreError.UNAVAILABLE,
                        "Failed to list the names below \"%s\" in the %s with rclone: %s"
                                .formatted(prefix, rcloneRemote.name(), problem.get()));
            }
        }
        return all;
    }
}
