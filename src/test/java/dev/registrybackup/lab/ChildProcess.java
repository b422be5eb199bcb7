package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A program in a child process: a server, or a command that ends by itself. Its output goes to files in a folder of its own,
 * and the last lines of these into the message of a failure.
 */
final class ChildProcess implements AutoCloseable {

    private static final int LOG_TAIL_CHARACTERS = 4_000;
    private static final Duration GRACE = Duration.ofSeconds(5);

    /**
     * The lab speaks to loopback only, and Debian's docker-registry panics when it finds AWS_CA_BUNDLE; a proxy setting
     * would lead all of them astray.
     */
    private static final List<String> UNWANTED_VARIABLES =
            List.of("AWS_CA_BUNDLE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "JAVA_TOOL_OPTIONS");

    private final String name;
    private final TemporaryDirectory directory;
    private final Path output;
    private final Path errors;
    private final Process process;
    private final Runnable atExit = this::stop;

    private ChildProcess(String name, TemporaryDirectory directory, ProcessBuilder builder) {
        this.name = name;
        this.directory = directory;
        output = directory.path().resolve(name + ".out");
        errors = directory.path().resolve(name + ".err");
        builder.redirectOutput(output.toFile()).redirectError(errors.toFile());
        try {
            process = builder.start();
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to start " + name + " as " + builder.command(), cause);
        }
        AtExit.remember(atExit);
    }

    /**
     * Starts it in the directory, which is closed with it, with the environment of the tests and what is set beyond it.
     */
    static ChildProcess start(
            String name, TemporaryDirectory directory, List<String> command, Map<String, String> environment) {
        ProcessBuilder builder = builder(command).directory(directory.path().toFile());
        builder.environment().putAll(environment);
        return new ChildProcess(name, directory, builder);
    }

    private static ProcessBuilder builder(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeAll(UNWANTED_VARIABLES);
        return builder;
    }

    /**
     * Runs a command in the directory of the tests, and returns what it wrote to its standard output; fails, with what it
     * wrote to either, unless it exits with 0 in time.
     */
    static byte[] run(Duration bound, List<String> command) {
        try (ChildProcess child = new ChildProcess("command", TemporaryDirectory.create("command"), builder(command))) {
            if (child.awaitExit(bound) != 0) {
                throw child.failure("ended with " + child.process.exitValue() + " as " + command);
            }
            return Files.readAllBytes(child.output);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to read what " + command + " wrote", cause);
        }
    }

    /** Returns once the condition holds; a child that ended, or is not ready in time, is closed and reported. */
    void awaitReady(Duration bound, BooleanSupplier ready) {
        try {
            Awaitility.await(name)
                    .atMost(bound)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> !process.isAlive() || ready.getAsBoolean());
        } catch (ConditionTimeoutException tooLate) {
            throw failure("was not ready within " + bound);
        }
        if (!process.isAlive()) {
            throw failure("ended with " + process.exitValue());
        }
    }

    private IllegalStateException failure(String reason) {
        String wrote = logTail();
        close();
        return new IllegalStateException(name + " " + reason + "; what it wrote ends with:\n" + wrote);
    }

    /** The ends of its standard output and its standard error. */
    String logTail() {
        return tail(output) + tail(errors);
    }

    /** Its standard output so far. */
    String output() {
        return read(output);
    }

    /** Its standard error so far. */
    String errors() {
        return read(errors);
    }

    private String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to read what " + name + " wrote", cause);
        }
    }

    /** Sends it a signal by name. */
    void signal(String name) {
        run(Duration.ofSeconds(10), List.of("kill", "-" + name, Long.toString(process.pid())));
    }

    /** Kills it and its children with SIGKILL, as a power failure would. */
    void kill() {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroyForcibly();
        started.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
    }

    /** Its exit status, once it has ended within the bound. */
    int awaitExit(Duration bound) {
        try {
            if (process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
        throw failure("did not end within " + bound);
    }

    static String tail(Path log) {
        try {
            String all = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
            return all.substring(Math.max(0, all.length() - LOG_TAIL_CHARACTERS));
        } catch (IOException cause) {
            return "(unreadable: " + cause + ")";
        }
    }

    @Override
    public void close() {
        AtExit.forget(atExit);
        stop();
        directory.close();
    }

    private void stop() {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroy();
        try {
            process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
        started.forEach(ProcessHandle::destroyForcibly);
        kill();
    }
}
