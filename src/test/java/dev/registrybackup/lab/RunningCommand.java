package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The product's jar as a command that is under way, with the environment of the tests and what is set beyond it. */
public final class RunningCommand implements AutoCloseable {

    private static final Duration BOUND = Duration.ofMinutes(5);

    private final TemporaryDirectory directory = TemporaryDirectory.create("command");
    private final Path output = directory.path().resolve("output");
    private final Path errors = directory.path().resolve("errors");
    private final List<String> command;
    private final Process process;
    private final Runnable atExit = this::kill;

    private RunningCommand(List<String> command, Map<String, String> environment) {
        this.command = List.copyOf(command);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        try {
            process = builder.start();
        } catch (IOException cause) {
            directory.close();
            throw new UncheckedIOException("Failed to run " + command, cause);
        }
        AtExit.remember(atExit);
    }

    /** Starts it. */
    public static RunningCommand start(Map<String, String> environment, String... arguments) {
        return start(environment, List.of(), arguments);
    }

    /** Starts it where everything but that directory is read-only ({@link ReadOnlyRoot}). */
    public static RunningCommand startReadOnly(Map<String, String> environment, String writable, String... arguments) {
        return start(environment, ReadOnlyRoot.prefix(Optional.of(writable)), arguments);
    }

    private static RunningCommand start(Map<String, String> environment, List<String> inside, String... arguments) {
        // A command of some seconds ends before code is worth compiling a second time.
        List<String> command = new ArrayList<>(inside);
        command.addAll(Product.command(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1")));
        command.addAll(List.of(arguments));
        return new RunningCommand(command, environment);
    }

    /** What came of it, once it has ended by itself. */
    public ProductCommand ended() {
        try {
            if (!process.waitFor(BOUND.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("%s did not end within %s:%n%s%s"
                        .formatted(command, BOUND, ChildProcess.tail(output), ChildProcess.tail(errors)));
            }
            return new ProductCommand(
                    process.exitValue(),
                    Files.readString(output, StandardCharsets.UTF_8),
                    Files.readString(errors, StandardCharsets.UTF_8));
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to read what " + command + " wrote", cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Stopped while the product ran", e);
        }
    }

    /** Ends it, and what it started, as a node that loses its power does; returns what it had written. */
    public String kill() {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroyForcibly();
        started.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
        return ChildProcess.tail(output) + ChildProcess.tail(errors);
    }

    @Override
    public void close() {
        AtExit.forget(atExit);
        kill();
        directory.close();
    }
}
