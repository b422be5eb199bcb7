package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Runs rclone, one process per call. Safe for use by several threads at a time. */
final class RcloneProcess {
    private static final Pattern UNQUOTED = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

    private final String program;
    private final Map<String, String> environment;
    private final Optional<CredentialsEndpoint.Source> credentials;
    private final Optional<Path> certificates;
    private final Path scratch;

    /**
     * Runs the program with this name on the PATH, or at this path.
     *
     * @param environment the environment of the process; credentials are here and never in its arguments
     * @param credentials our own process's credentials, if a store takes them
     * @param certificates the file of all trusted certificates, if a store has its own
     * @param scratch the directory for logs while it runs
     */
    RcloneProcess(
            String program,
            Map<String, String> environment,
            Optional<CredentialsEndpoint.Source> credentials,
            Optional<Path> certificates,
            Path scratch) {
        this.program = program;
        this.environment = Map.copyOf(environment);
        this.credentials = credentials;
        this.certificates = certificates;
        this.scratch = scratch;
    }

    /**
     * The result of a run.
     *
     * @param exitCode the process's exit code; 128 and a signal's number if it was killed
     * @param isComplete whether its output ended with a complete line
     */
    record Result(int exitCode, boolean isComplete, RcloneLog log) {
        /** Why its output is not reliable, or what it did is not done. */
        Optional<String> problem() {
            if (exitCode != 0) {
                return Optional.of("rclone exited with %d%s"
                        .formatted(
                                exitCode, log.error().map(error -> ": " + error).orElse(" and logged no reason")));
            }
            if (log.error().isPresent()) {
                return log.error().map(error -> "rclone logged: " + error);
            }
            return isComplete ? Optional.empty() : Optional.of("the output of rclone ends in the middle of a line");
        }
    }

    /** A command with these arguments and the common ones. */
    List<String> command(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(arguments);
        // JSON has the level, which separates errors from notices, and keeps messages of several lines together.
        command.add("--use-json-log");
        // How many requests for hashes or directory listings run at once.
        if (!arguments.contains("--checkers")) {
            command.addAll(List.of("--checkers", "16"));
        }
        // A second round would report every key again.
        command.addAll(List.of("--retries", "1"));
        // Retries of one request; the default of 10 takes minutes if a store is down.
        command.addAll(List.of("--low-level-retries", "4"));
        // For idle connections and hosts that do not answer; the defaults are 5 minutes and 1 minute.
        command.addAll(List.of("--timeout", "60s", "--contimeout", "15s"));
        // rclone 1.60 accepts one file for both stores, and then ignores the system's roots.
        certificates.ifPresent(file -> command.addAll(List.of("--ca-cert", file.toString())));
        return command;
    }

    /** Runs the command to its end and passes on each line as it comes. Returns the problem. */
    Optional<String> run(List<String> command, Consumer<String> lines) {
        return attempt(() -> runToEnd(command, lines).problem());
    }

    /** Reads what rclone prints, and returns why that is not reliable. */
    @FunctionalInterface
    interface Reading {
        Optional<String> run() throws IOException, InterruptedException;
    }

    /** Returns the problem, also if there is nothing to read; an interrupted thread stays interrupted. */
    static Optional<String> attempt(Reading reading) {
        try {
            return reading.run();
        } catch (IOException e) {
            return Optional.of("rclone could not be run or read: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("it was interrupted, and rclone was stopped");
        }
    }

    /**
     * Lists the names directly below a path; those of directories end in {@code /}. They are reliable only if no problem
     * is returned.
     */
    Optional<String> listNames(String place, Consumer<String> names) {
        // One request per 1,000 names, however much is below them.
        return run(command(List.of("lsf", place, "--max-depth", "1")), names);
    }

    /**
     * Runs the command to its end and passes on each line as it comes. The process never outlives this call.
     *
     * @throws IOException if it cannot be started, or its output or log cannot be read
     */
    Result runToEnd(List<String> command, Consumer<String> lines) throws IOException, InterruptedException {
        try (RunningRclone running = start(command)) {
            for (Optional<String> line = running.readLine(UTF_8); line.isPresent(); line = running.readLine(UTF_8)) {
                lines.accept(line.get());
            }
            return running.awaitEnd();
        }
    }

    /**
     * Starts the command.
     *
     * @throws IOException if it cannot be started
     */
    RunningRclone start(List<String> command) throws IOException {
        if (credentials.isEmpty()) {
            return RunningRclone.start(command, environment, scratch, Optional.empty());
        }
        CredentialsEndpoint endpoint = CredentialsEndpoint.start(credentials.get());
        Map<String, String> all = new HashMap<>(environment);
        all.putAll(endpoint.environment());
        try {
            return RunningRclone.start(command, all, scratch, Optional.of(endpoint));
        } catch (IOException e) {
            endpoint.close();
            throw e;
        }
    }

    /** The command, quoted to paste into a shell. */
    static String quote(List<String> command) {
        return command.stream()
                .map(argument ->
                        UNQUOTED.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
    }
}
