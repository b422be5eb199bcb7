package dev.registrybackup.operation;

/** Starts operations somewhere. Safe for use by many threads. */
public interface OperationRunner {
    /**
     * Starts the operation and returns without waiting for it. It continues if the caller goes away.
     *
     * @throws OperationNotStartedException if it could not be started
     */
    void start(OperationRequest request);

    /** Withdraws an operation that was cancelled before it started running. Never throws. */
    void abandon(OperationRequest request);

    /** Whether some process works on it. Called only for operations without a recent heartbeat; never throws. */
    Liveness liveness(OperationRequest request);
}
