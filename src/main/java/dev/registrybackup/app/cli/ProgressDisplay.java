package dev.registrybackup.app.cli;

import dev.registrybackup.operation.ProgressTracker;
import java.io.PrintWriter;
import java.util.function.LongSupplier;

/** Shows an operation's progress: a bar on a terminal, otherwise a line every 10 s. */
final class ProgressDisplay {
    private static final int WIDTH = 30;
    /** Cuts a line that is longer than the terminal is wide: a wrapped one could not be overwritten. */
    private static final String NO_WRAP = "\033[?7l";

    private static final String WRAP = "\033[?7h";
    private static final String ERASE_REST = "\033[K";
    private static final long LINE_INTERVAL_NANOS = 10_000_000_000L;

    private final PrintWriter out;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private final long startedAt;
    private long lastLine;

    ProgressDisplay(PrintWriter out, boolean terminal, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
        this.startedAt = nanoTime.getAsLong();
        this.lastLine = startedAt;
    }

    void show(ProgressTracker.Progress progress) {
        if (terminal) {
            out.print("\r" + NO_WRAP + bar(progress) + " " + text(progress) + ERASE_REST + WRAP);
            out.flush();
        } else if (nanoTime.getAsLong() - lastLine >= LINE_INTERVAL_NANOS) {
            lastLine = nanoTime.getAsLong();
            out.println(text(progress));
            out.flush();
        }
    }

    void clear() {
        if (terminal) {
            out.print("\r" + ERASE_REST);
            out.flush();
        }
    }

    private static String bar(ProgressTracker.Progress progress) {
        int filled = progress.objectsTotal() == 0
                ? 0
                : (int) Math.min(WIDTH, WIDTH * progress.objectsDone() / progress.objectsTotal());
        return "[" + "#".repeat(filled) + "-".repeat(WIDTH - filled) + "]";
    }

    private String text(ProgressTracker.Progress progress) {
        double seconds = Math.max(1, (nanoTime.getAsLong() - startedAt) / 1e9);
        return "%s: %d of %d objects, %.1f of %.1f MiB, %.1f MiB/s"
                .formatted(
                        progress.phase(),
                        progress.objectsDone(),
                        progress.objectsTotal(),
                        mebibytes(progress.bytesDone()),
                        mebibytes(progress.bytesTotal()),
                        mebibytes(progress.bytesDone()) / seconds);
    }

    private static double mebibytes(long bytes) {
        return bytes / 1048576.0;
    }
}
