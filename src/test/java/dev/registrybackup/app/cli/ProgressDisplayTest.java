package dev.registrybackup.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.operation.ProgressTracker;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {
    private static final long SECOND = 1_000_000_000L;

    private final StringWriter printed = new StringWriter();
    private final ProgressTracker tracker = new ProgressTracker();
    private long now = 5 * SECOND;

    private ProgressDisplay display(boolean isTerminal) {
        tracker.phase("copy");
        tracker.addExpected(4, 8 << 20);
        tracker.addDone(2, 4 << 20);
        return new ProgressDisplay(new PrintWriter(printed), isTerminal, () -> now);
    }

    @Test
    void aTerminalGetsABarThatReplacesItselfAndIsErasedAtTheEnd() {
        // Given
        ProgressDisplay display = display(true);
        now += 2 * SECOND;

        // When
        display.show(tracker.progress());
        display.clear();

        // Then
        assertEquals(
                "\r\033[?7l[" + "#".repeat(15) + "-".repeat(15)
                        + "] copy: 2 of 4 objects, 4.0 of 8.0 MiB, 2.0 MiB/s\033[K\033[?7h\r\033[K",
                printed.toString());
    }

    @Test
    void elsewhereThereIsAPlainLineEachTenSeconds() {
        // Given
        ProgressDisplay display = display(false);

        // When
        for (int second = 0; second < 25; second++) {
            now += SECOND;
            display.show(tracker.progress());
        }
        display.clear();

        // Then
        assertEquals(
                "copy: 2 of 4 objects, 4.0 of 8.0 MiB, 0.4 MiB/s\ncopy: 2 of 4 objects, 4.0 of 8.0 MiB, 0.2 MiB/s\n",
                printed.toString());
    }
}
