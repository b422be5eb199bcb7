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

/** A server in a process of its own; its output goes to a file and into the message if it doesn't come up. */
final class ChildProcess implements AutoCloseable {

    private static final int LOG_TAIL_CHARACTERS = 4_000;
    private static final Duration GRACE = Duration.ofSeconds(5);

    /**
     * Lab servers speak to loopback only, and Debian's docker-registry panics when it finds AWS_CA_BUNDLE; a proxy
     * setting would lead all of them astray.
     */
    private static final List<String> UNWANTED_VARIABLES =
            List.of("AWS_CA_BUNDLE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "JAVA_TOOL_OPTIONS");

    private final String name;
    private final Path log;
    private final Process process;
    private final Runnable atExit = this::stop;

    private ChildProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
        AtExit.remember(atExit);
    }

    static ChildProcess start(String name, Path directory, List<String> command) {
        return start(name, directory, command, Map.of());
    }

    static ChildProcess start(String name, Path directory, List<String> command, Map<String, String> environment) {
        Path log = directory.resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().keySet().removeAll(UNWANTED_VARIABLES);
        builder.environment().putAll(environment);
        try {
            return new ChildProcess(name, log, builder.start());
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to start " + name + " as " + command, cause);
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
        close();
        return new IllegalStateException(name + " " + reason + "; its log ends with:\n" + logTail());
    }

    String logTail() {
        return tail(log);
    }

    /** All it wrote so far. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to read the log of " + name, cause);
        }
    }

    /** Sends it a signal by name. */
    void signal(String name) {
        Command.run(Duration.ofSeconds(10), List.of("kill", "-" + name, Long.toString(process.pid())));
    }

    /** Ends it as a crash does: SIGKILL. */
    void kill() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
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
    }

    private void stop() {
        process.destroy();
        try {
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupt) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
