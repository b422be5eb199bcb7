package dev.registrybackup.operation;

/** Stops an operation's work. Checking costs no request, so work checks before each write and between reads. */
@FunctionalInterface
public interface Fence {
    /**
     * Returns if the work may continue.
     *
     * @throws FencedException if its operation was cancelled or replaced
     */
    void check();
}
