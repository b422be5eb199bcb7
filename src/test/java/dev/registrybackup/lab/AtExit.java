package dev.registrybackup.lab;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes, in reverse order, what a test run has not closed when the JVM ends. */
final class AtExit {

    // Written and read by test threads and the shutdown hook, always under this class' lock.
    private static final Deque<Runnable> OPEN = new ArrayDeque<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(AtExit::closeAll, "lab-at-exit"));
    }

    private AtExit() {}

    static void remember(Runnable close) {
        synchronized (AtExit.class) {
            OPEN.push(close);
        }
    }

    static void forget(Runnable close) {
        synchronized (AtExit.class) {
            OPEN.remove(close);
        }
    }

    private static void closeAll() {
        synchronized (AtExit.class) {
            // A copy: closing forgets.
            for (Runnable close : new ArrayDeque<>(OPEN)) {
                close.run();
            }
        }
    }
}
