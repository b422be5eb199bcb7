package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that ends by itself, or is ended. */
final class Command {

    private Command() {}

    /** What it wrote to its standard output; fails, with what it wrote to either, unless it exits with 0 in time. */
    static byte[] run(Duration bound, List<String> command) {
        try (TemporaryDirectory directory = TemporaryDirectory.create("command")) {
            Path output = directory.path().resolve("output");
            Path errors = directory.path().resolve("errors");
            Process process = new ProcessBuilder(command)
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile())
                    .start();
            if (!endsWithin(bound, process)) {
                throw new IllegalStateException(command + " did not end within " + bound + "; "
                        + ChildProcess.tail(output) + ChildProcess.tail(errors));
            }
            if (process.exitValue() != 0) {
                throw new IllegalStateException(command + " ended with " + process.exitValue() + ":\n"
                        + ChildProcess.tail(output) + ChildProcess.tail(errors));
            }
            return Files.readAllBytes(output);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to run " + command, cause);
        }
    }

    private static boolean endsWithin(Duration bound, Process process) {
        Runnable atExit = () -> end(process);
        AtExit.remember(atExit);
        try {
            return process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            AtExit.forget(atExit);
            end(process);
        }
    }

    /** With what it started, but for daemons that detached themselves. */
    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
