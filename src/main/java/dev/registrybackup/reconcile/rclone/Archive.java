package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.objectstore.s3.ProcessCredentials;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Copies the verified backup to any rclone remote: another S3 store, a cloud, a disk. Copies children before parents,
 * and again after them, because a link pushed meanwhile points to objects that the first pass did not copy. A mirror
 * deletes parents before children. Moves replaced and deleted objects to one directory a day. For one thread at a time.
 */
public final class Archive {
    private final RcloneRemote backup;
    private final Destination destination;
    private final RcloneProcess process;

    /**
     * The location of the archive.
     *
     * @param remote in rclone's form, {@code remote:bucket/path} or a directory; the environment has the remote's
     * settings, {@code RCLONE_CONFIG_<REMOTE>_…}
     * @param backupDir the directory in the same remote for replaced and deleted objects; without it they are deleted
     * permanently
     * @param isMirror whether to delete objects that are no longer in the backup
     * @param retention how long objects in {@code backupDir} are kept
     */
    public record Destination(String remote, Optional<String> backupDir, boolean isMirror, Duration retention) {}

    private Archive(RcloneProcess process, RcloneRemote backup, Destination destination) {
        this.process = process;
        this.backup = backup;
        this.destination = destination;
    }

    /**
     * Finds the program; sends no request to the stores.
     *
     * @param credentials for a backup without an access key in its settings; has to outlive the result
     * @param scratch a directory that nothing else uses
     * @throws RcloneUnusableException if it cannot be used
     */
    public static Archive create(
            String program,
            RcloneRemote backup,
            Destination destination,
            ProcessCredentials credentials,
            Path scratch) {
        RcloneSetup setup = RcloneSetup.prepare(
                program,
                List.of(backup),
                Optional.of(destination.remote()),
                Optional.of(credentials::current),
                scratch);
        return new Archive(setup.process(), backup, destination);
    }

    /**
     * Updates the archive from the backup.
     *
     * @param registryPrefix the prefix of registry objects
     * @param bookkeepingPrefix the prefix of this program's records, of which it copies those that a restore can use
     * @param now the current time, UTC
     * @param pause called between the runs; may throw to stop
     * @return the first problem, before which everything was copied; empty if there was none
     */
    public Optional<String> update(String registryPrefix, String bookkeepingPrefix, Instant now, Runnable pause) {
        String day = LocalDate.ofInstant(now, ZoneOffset.UTC).toString();
        List<List<String>> all = new ArrayList<>();
        Step.all(registryPrefix).forEach(step -> all.add(command("copy", step, day)));
        all.add(command("copy", Step.records(bookkeepingPrefix), day));
        if (destination.isMirror()) {
            Step.parentsFirst(registryPrefix).forEach(step -> all.add(command("sync", step, day)));
        } else {
            Step.parentsFirst(registryPrefix).stream()
                    .filter(step -> !step.isOfTags())
                    .forEach(step -> all.add(command("copy", step, day)));
        }
        for (List<String> command : all) {
            pause.run();
            Optional<String> problem = process.run(command, line -> {});
            if (problem.isPresent()) {
                return Optional.of("%s failed: %s".formatted(RcloneProcess.quote(command), problem.get()));
            }
        }
        return destination.backupDir().flatMap(removed -> purgeExpired(removed, now));
    }

    private List<String> command(String verb, Step step, String day) {
        List<String> arguments =
                new ArrayList<>(List.of(verb, backup.path(step.prefix()), child(destination.remote(), step.prefix())));
        step.includes().forEach(pattern -> arguments.addAll(List.of("--include", pattern)));
        arguments.addAll(step.compareFlags());
        destination
                .backupDir()
                .map(removed -> child(child(removed, day + "/"), step.prefix()))
                .ifPresent(aside -> arguments.addAll(List.of("--backup-dir", aside)));
        arguments.add("--fast-list");
        // On Ceph, setting a time copies the object onto itself.
        arguments.add("--no-update-modtime");
        // Takes the time from the listing, which saves a HEAD for each object.
        arguments.add("--use-server-modtime");
        if (verb.equals("sync")) {
            // Delete nothing if anything could not be listed or copied.
            arguments.add("--delete-after");
        }
        arguments.addAll(List.of("--transfers", "8"));
        return process.command(arguments);
    }

    private static String child(String place, String prefix) {
        return (place.endsWith("/") || place.endsWith(":") ? place : place + "/") + prefix;
    }

    private Optional<String> purgeExpired(String removed, Instant now) {
        LocalDate oldest = LocalDate.ofInstant(now.minus(destination.retention()), ZoneOffset.UTC);
        List<String> names = new ArrayList<>();
        Optional<String> problem = process.listNames(child(removed, ""), names::add);
        if (problem.isPresent()) {
            // Some remotes have no such directory before the first object is moved there.
            return problem.filter(text -> !text.contains("directory not found"));
        }
        for (String name : names) {
            String day = name.substring(0, name.length() - 1);
            if (name.endsWith("/") && isBefore(day, oldest)) {
                Optional<String> failed =
                        process.run(process.command(List.of("purge", child(removed, day))), line -> {});
                if (failed.isPresent()) {
                    return failed.map(text -> "failed to delete %s: %s".formatted(child(removed, day), text));
                }
            }
        }
        return Optional.empty();
    }

    /** Empty for a directory whose name is not a day, because this program did not create it. */
    private static boolean isBefore(String day, LocalDate oldest) {
        try {
            return LocalDate.parse(day).isBefore(oldest);
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    /**
     * One class of objects.
     *
     * @param prefix the prefix of its keys
     * @param includes rclone filter patterns of the objects to copy; all if empty
     * @param compareFlags how rclone decides what is already there
     */
    record Step(String prefix, List<String> includes, List<String> compareFlags) {
        static List<Step> all(String registryPrefix) {
            String links = registryPrefix + "repositories/";
            // Patterns start at the root; otherwise rclone skips the parent directories on remotes that it lists
            // directory by directory, such as a disk. A blob's or a digest link's content follows from its key, so
            // comparing sizes is enough.
            List<String> bySize = List.of("--size-only");
            return List.of(
                    new Step(registryPrefix + "blobs/", List.of(), bySize),
                    new Step(links, List.of("/**/_layers/**"), bySize),
                    new Step(links, List.of("/**/_manifests/revisions/**"), bySize),
                    new Step(links, List.of("/**/_manifests/tags/*/index/**"), bySize),
                    // These always have 71 bytes, and not every remote supports hashes.
                    new Step(links, List.of("/**/_manifests/tags/*/current/link"), List.of("--ignore-times")));
        }

        /** The steps to delete what was just copied; tags moved since then are left to the next run. */
        static List<Step> parentsFirst(String registryPrefix) {
            List<Step> steps = new ArrayList<>(all(registryPrefix));
            Collections.reverse(steps);
            return steps.stream()
                    .map(step -> new Step(step.prefix(), step.includes(), List.of("--size-only")))
                    .toList();
        }

        boolean isOfTags() {
            return includes.stream().anyMatch(pattern -> pattern.contains("/tags/"));
        }

        static Step records(String bookkeepingPrefix) {
            return new Step(
                    bookkeepingPrefix,
                    List.of("/missing-in-registry", "/verified", "/catalog/**", "/openshift/**"),
                    List.of("--ignore-times"));
        }
    }
}
