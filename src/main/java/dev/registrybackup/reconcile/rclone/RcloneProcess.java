package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Runs rclone, one process per call. Safe for use by several threads at a time. */
final class RcloneProcess {
    // A key has at most 1024 bytes.
    private static final int MAX_LINE_BYTES = 1 << 14;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long POLL_MILLIS = 10;

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
        /** The problem of a run whose only result is its output. */
        Optional<String> problem() {
            return exitCode == 0 ? outputProblem() : Optional.of(exitProblem());
        }

        String exitProblem() {
            return "rclone exited with %d%s"
                    .formatted(exitCode, log.error().map(error -> ": " + error).orElse(" and logged no reason"));
        }

        Optional<String> outputProblem() {
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
        command.addAll(List.of("--checkers", "16"));
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

    /** Runs the command, ignores its output, and returns the problem. */
    Optional<String> run(List<String> command) {
        return run(command, line -> {}, Result::problem);
    }

    /**
     * Runs the command and passes on each line as it comes. Returns the problem in the result, or why there is no
     * result; an interrupted thread stays interrupted.
     */
    Optional<String> run(List<String> command, Consumer<String> lines, Function<Result, Optional<String>> problem) {
        try {
            return problem.apply(runToEnd(command, lines));
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
        return run(command(List.of("lsf", place, "--max-depth", "1")), names, Result::problem);
    }

    /**
     * Runs the command to its end and passes on each line as it comes. The process never outlives this call.
     *
     * @throws IOException if it cannot be started, or its output or log cannot be read
     */
    Result runToEnd(List<String> command, Consumer<String> lines) throws IOException, InterruptedException {
        if (credentials.isEmpty()) {
            return runToEnd(command, environment, lines);
        }
        try (CredentialsEndpoint endpoint = CredentialsEndpoint.start(credentials.get())) {
            Map<String, String> all = new HashMap<>(environment);
            all.putAll(endpoint.environment());
            return runToEnd(command, all, lines);
        }
    }

    private Result runToEnd(List<String> command, Map<String, String> variables, Consumer<String> lines)
            throws IOException, InterruptedException {
        // A second pipe would need a second thread to read it.
        Path log = Files.createTempFile(scratch, "rclone-", ".log");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            builder.environment().clear();
            builder.environment().putAll(variables);
            Process process = builder.start();
            try {
                // It reads no input.
                process.getOutputStream().close();
                boolean isComplete = readLines(process, lines);
                return new Result(process.waitFor(), isComplete, RcloneLog.read(log));
            } finally {
                process.destroyForcibly();
            }
        } finally {
            Files.deleteIfExists(log);
        }
    }

    /** Passes on every line until the process closes its output; returns false if that was in the middle of a line. */
    private static boolean readLines(Process process, Consumer<String> lines) throws IOException, InterruptedException {
        byte[] line = new byte[MAX_LINE_BYTES];
        int length = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = read(process, buffer); count >= 0; count = read(process, buffer)) {
            for (int at = 0; at < count; at++) {
                if (buffer[at] == '\n') {
                    lines.accept(new String(line, 0, length, UTF_8));
                    length = 0;
                } else if (length == MAX_LINE_BYTES) {
                    throw new IOException("it printed a line of more than %d bytes".formatted(MAX_LINE_BYTES));
                } else {
                    line[length++] = buffer[at];
                }
            }
        }
        return length == 0;
    }

    private static int read(Process process, byte[] buffer) throws IOException, InterruptedException {
        InputStream output = process.getInputStream();
        // An interrupt ends this wait but not a blocking read, so reads start only once bytes are available.
        while (output.available() == 0) {
            if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                return output.read(buffer);
            }
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("Interrupted while reading the output of rclone");
        }
        return output.read(buffer, 0, Math.min(buffer.length, Math.max(1, output.available())));
    }

    /** The command, quoted to paste into a shell. */
    static String quote(List<String> command) {
        return command.stream()
                .map(argument ->
                        UNQUOTED.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
    }
}
