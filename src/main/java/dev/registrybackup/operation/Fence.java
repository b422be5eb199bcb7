package dev.registrybackup.operation;

/** Tells an operation's work to stop. Costs no request, so work asks before each write and between reads. */
@FunctionalInterface
public interface Fence {
    /**
     * Returns if the work may go on.
     *
     * @throws FencedException if it has to stop, since its operation was cancelled or replaced
     */
    void check();
}
