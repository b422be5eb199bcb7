package dev.registrybackup.operation;

/** Where operations run: each on its own, and one at a time of each kind and slot. Safe for use by many threads. */
public interface OperationRunner {
    /**
     * Has the operation run, and returns without waiting for it. It goes on if whoever asked goes away.
     *
     * @throws ConflictException if another one of its kind has its slot
     * @throws OperationNotStartedException if it could not be started
     */
    void start(OperationRequest request);

    /**
     * Takes back the start of an operation that was cancelled before anybody began it, so that what it waits for holds its
     * slot no longer. Does nothing if that is not so any more; never throws.
     */
    void abandon(OperationRequest request);

    /** Whether anybody works on it. Asked only of operations that have shown no life for a while; never throws. */
    Liveness liveness(OperationRequest request);
}
