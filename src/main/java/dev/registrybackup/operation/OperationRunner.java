package dev.registrybackup.operation;

/** Where operations run. Safe for use by many threads. */
public interface OperationRunner {
    /**
     * Has the operation run, and returns without waiting for it. It goes on if whoever asked goes away.
     *
     * @throws OperationNotStartedException if it could not be started
     */
    void start(OperationRequest request);

    /** Takes back the start of an operation that was cancelled before anybody began it. Never throws. */
    void abandon(OperationRequest request);

    /** Whether anybody works on it. Asked only of operations that have shown no life for a while; never throws. */
    Liveness liveness(OperationRequest request);
}
