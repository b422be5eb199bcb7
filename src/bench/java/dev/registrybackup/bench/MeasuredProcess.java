package dev.registrybackup.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a process to its end, and watches how much memory it and what it starts have at most (Linux: {@code VmHWM}). */
final class MeasuredProcess {
    private static final int LOOK_MILLIS = 50;

    private final Process process;
    private final Duration limit;
    private long own;
    private long children;

    /**
     * How it went.
     *
     * @param isOver whether it came to its end by itself within the limit
     * @param code its exit code
     * @param seconds how long it took
     * @param own the most kibibytes that it had
     * @param children the most kibibytes that one of those it started had
     */
    record Measured(boolean isOver, int code, double seconds, long own, long children) {}

    private MeasuredProcess(Process process, Duration limit) {
        this.process = process;
        this.limit = limit;
    }

    /** Runs it for so long at most, with what it prints in that file. */
    static Measured run(List<String> command, Map<String, String> environment, Path output, Duration limit) {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        // rclone cannot take one from the environment, and none is needed over http.
        builder.environment().remove("AWS_CA_BUNDLE");
        builder.environment().putAll(environment);
        try {
            return new MeasuredProcess(builder.start(), limit).watch();
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to run " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while a process ran", e);
        }
    }

    private Measured watch() throws InterruptedException {
        long begun = System.nanoTime();
        try {
            boolean isOver = false;
            while (!isOver && System.nanoTime() - begun < limit.toNanos()) {
                look();
                isOver = process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
            double seconds = (System.nanoTime() - begun) / 1e9;
            return new Measured(isOver, isOver ? process.exitValue() : -1, seconds, own, children);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    private void look() {
        own = Math.max(own, mostKibibytes(process.pid()));
        process.descendants().forEach(child -> children = Math.max(children, mostKibibytes(child.pid())));
    }

    private static long mostKibibytes(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException | UncheckedIOException itHasEnded) {
            return 0;
        }
    }
}
