package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The arguments of a run, each with its reason. */
final class CommandLine {
    private static final Pattern UNQUOTED = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

    private final String program;
    private final Optional<Path> certificates;

    CommandLine(String program, Optional<Path> certificates) {
        this.program = program;
        this.certificates = certificates;
    }

    /** Compares what is below two paths; {@code keys} is a file of the only ones to compare. */
    List<String> check(String registry, String backup, Shard shard, boolean hashes, Optional<Path> keys) {
        List<String> arguments = new ArrayList<>(List.of(program, "check", registry, backup));
        // One line a key on stdout while it compares, the equal ones too: they prove that both stores were listed.
        add(arguments, "--combined", "-");
        if (shard.compareBy() == CompareBy.SIZE) {
            // A blob's key is its digest, and a multipart ETag no MD5.
            add(arguments, "--size-only");
        } else if (!hashes) {
            // Without it objects of the same size count as the same, and all links have 71 bytes.
            add(arguments, "--download");
        }
        if (keys.isPresent()) {
            // As they are: no comments, no blanks cut. Without --no-traverse, which asks by HEAD and takes every
            // failure,
            // a refusal too, for "not there".
            add(arguments, "--files-from-raw", keys.get().toString());
        } else {
            shard.excludes().forEach(pattern -> add(arguments, "--exclude", pattern));
            if (shard.isFastList()) {
                // A thousand keys a request: each object of a registry has a directory of its own.
                add(arguments, "--fast-list");
            }
        }
        addCommonFlags(arguments);
        return arguments;
    }

    /** Lists the names of the directories directly below a path. */
    List<String> listDirectories(String path) {
        List<String> arguments = new ArrayList<>(List.of(program, "lsf", path));
        add(arguments, "--dirs-only");
        // One request a thousand names, however much is below them.
        add(arguments, "--max-depth", "1");
        addCommonFlags(arguments);
        return arguments;
    }

    /** Copies a class of objects, or has it mirrored; {@code aside} is where what is replaced or leaves goes. */
    List<String> mirror(String verb, String from, String to, Archive.Step step, Optional<String> aside) {
        List<String> arguments = new ArrayList<>(List.of(program, verb, from, to));
        step.includes().forEach(pattern -> add(arguments, "--include", pattern));
        arguments.addAll(step.compareFlags());
        aside.ifPresent(place -> add(arguments, "--backup-dir", place));
        add(arguments, "--fast-list");
        // On Ceph to set a time is to copy the object onto itself.
        add(arguments, "--no-update-modtime");
        // The time from the listing: it costs no HEAD an object.
        add(arguments, "--use-server-modtime");
        if (verb.equals("sync")) {
            // Nothing leaves if anything could not be listed or copied.
            add(arguments, "--delete-after");
        }
        add(arguments, "--transfers", "8");
        addCommonFlags(arguments);
        return arguments;
    }

    /** Removes a directory with all that is in it. */
    List<String> purge(String path) {
        List<String> arguments = new ArrayList<>(List.of(program, "purge", path));
        addCommonFlags(arguments);
        return arguments;
    }

    private void addCommonFlags(List<String> arguments) {
        // The level tells errors from notices, and a message may have several lines.
        add(arguments, "--use-json-log");
        // Requests under way at once where hashes are asked for or directories listed.
        add(arguments, "--checkers", "16");
        // A second round would tell of every key again.
        add(arguments, "--retries", "1");
        // Of one request; the ten of the default take minutes where a store is down.
        add(arguments, "--low-level-retries", "4");
        // An idle connection and a silent host end within these, and not after 5 minutes and 1 minute.
        add(arguments, "--timeout", "60s");
        add(arguments, "--contimeout", "15s");
        // One file for both stores in 1.60, and instead of the system's roots.
        certificates.ifPresent(file -> add(arguments, "--ca-cert", file.toString()));
    }

    private static void add(List<String> arguments, String... more) {
        arguments.addAll(List.of(more));
    }

    /** For a human to paste into a shell. */
    static String quote(List<String> command) {
        return command.stream().map(CommandLine::quote).collect(Collectors.joining(" "));
    }

    private static String quote(String argument) {
        return UNQUOTED.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }
}
