package dev.registrybackup.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a process to its end and measures memory and processor time of it and its children, from {@code /proc}. */
final class MeasuredProcess {
    private static final int LOOK_MILLIS = 50;
    /** Of the fields behind the name, those of utime, stime, cutime and cstime. */
    private static final int FIRST_TICKS = 11;

    private static final double TICKS = 100;

    private final Process process;
    private final Duration limit;
    private long own;
    private long children;
    private double processor;

    /**
     * The measurement.
     *
     * @param isOver whether it came to its end by itself within the limit
     * @param code its exit code
     * @param seconds how long it took
     * @param processor seconds of processors that it and those it started used
     * @param own the most kibibytes that it had
     * @param children the most kibibytes that an rclone which it started had
     */
    record ProcessMeasurement(boolean isOver, int code, double seconds, double processor, long own, long children) {}

    private MeasuredProcess(Process process, Duration limit) {
        this.process = process;
        this.limit = limit;
    }

    /** Runs the command until the limit at most; writes its output to the file. */
    static ProcessMeasurement run(List<String> command, Map<String, String> environment, Path output, Duration limit) {
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

    private ProcessMeasurement watch() throws InterruptedException {
        long begun = System.nanoTime();
        try {
            boolean isOver = false;
            while (!isOver && System.nanoTime() - begun < limit.toNanos()) {
                look();
                isOver = process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
            double seconds = (System.nanoTime() - begun) / 1e9;
            return new ProcessMeasurement(isOver, isOver ? process.exitValue() : -1, seconds, processor, own, children);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    private void look() {
        own = Math.max(own, mostKibibytes(process.pid()));
        // A shell's children count as its own only once they have ended.
        double running = process.descendants()
                .mapToDouble(child -> processorSeconds(child.pid()))
                .sum();
        processor = Math.max(processor, processorSeconds(process.pid()) + running);
        process.descendants()
                .filter(MeasuredProcess::isRclone)
                .forEach(child -> children = Math.max(children, mostKibibytes(child.pid())));
    }

    /** Whether it is rclone by now: a forked process has its parent's memory until it runs another program. */
    private static boolean isRclone(ProcessHandle child) {
        return child.info()
                .command()
                .filter(program -> program.endsWith("/rclone"))
                .isPresent();
    }

    /** Processor seconds of the process and of its children that have ended. */
    private static double processorSeconds(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return Arrays.stream(fields, FIRST_TICKS, FIRST_TICKS + 4)
                            .mapToLong(Long::parseLong)
                            .sum()
                    / TICKS;
        } catch (IOException itHasEnded) {
            return 0;
        }
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
