package dev.registrybackup.app.cli;

import dev.registrybackup.operation.ProgressTracker;
import java.io.PrintWriter;
import java.util.function.LongSupplier;

/** Shows how far an operation is: a bar on a terminal, a line every ten seconds otherwise. */
final class ProgressDisplay {
    private static final int WIDTH = 30;
    private static final long LINE_EVERY_NANOS = 10_000_000_000L;

    private final PrintWriter out;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private final long begun;
    private long lastLine;

    ProgressDisplay(PrintWriter out, boolean terminal, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
        this.lastLine = begun;
    }

    void show(ProgressTracker.Reading reading) {
        if (terminal) {
            out.print("\r" + bar(reading) + " " + text(reading) + "\033[K");
            out.flush();
        } else if (nanoTime.getAsLong() - lastLine >= LINE_EVERY_NANOS) {
            lastLine = nanoTime.getAsLong();
            out.println(text(reading));
            out.flush();
        }
    }

    void end() {
        if (terminal) {
            out.print("\r\033[K");
            out.flush();
        }
    }

    private static String bar(ProgressTracker.Reading reading) {
        int filled = reading.objectsTotal() == 0
                ? 0
                : (int) Math.min(WIDTH, WIDTH * reading.objectsDone() / reading.objectsTotal());
        return "[" + "#".repeat(filled) + "-".repeat(WIDTH - filled) + "]";
    }

    private String text(ProgressTracker.Reading reading) {
        double seconds = Math.max(1, (nanoTime.getAsLong() - begun) / 1e9);
        return "%s: %d of %d objects, %.1f of %.1f MiB, %.1f MiB/s"
                .formatted(
                        reading.phase(),
                        reading.objectsDone(),
                        reading.objectsTotal(),
                        mebibytes(reading.bytesDone()),
                        mebibytes(reading.bytesTotal()),
                        mebibytes(reading.bytesDone()) / seconds);
    }

    private static double mebibytes(long bytes) {
        return bytes / 1048576.0;
    }
}
