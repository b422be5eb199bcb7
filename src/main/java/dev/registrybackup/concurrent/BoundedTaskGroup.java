package dev.registrybackup.concurrent;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Submits tasks to the worker pools, a bounded number at a time, for one thread with more tasks than fit into memory.
 * After the first failure running tasks finish and no more are accepted.
 */
public final class BoundedTaskGroup {
    private final WorkerPools workerPools;
    private final int concurrency;
    private final Semaphore permits;
    /** The first failure; written by the pools' threads, read by the submitting thread. Guarded by this. */
    private @Nullable Throwable failure;

    /**
     * A group without tasks.
     *
     * @param most how many tasks run at once at most
     */
    public BoundedTaskGroup(WorkerPools workerPools, int most) {
        this.workerPools = workerPools;
        this.concurrency = most;
        this.permits = new Semaphore(most);
    }

    /**
     * Submits the task to the pool for objects of this size in bytes, and returns once there is room for the next task.
     *
     * @throws RuntimeException the failure of an earlier task
     */
    public void submit(long bytes, Runnable work) {
        acquire(1);
        if (hasFailed()) {
            permits.release();
            await();
        }
        workerPools
                .submitForSize(bytes, () -> {
                    work.run();
                    return true;
                })
                .whenComplete((done, failed) -> {
                    if (failed != null) {
                        recordFailure(failed);
                    }
                    permits.release();
                });
    }

    /**
     * Returns once all submitted tasks are done.
     *
     * @throws RuntimeException the first failure
     */
    public void await() {
        acquire(concurrency);
        permits.release(concurrency);
        throwFailure();
    }

    private void acquire(int places) {
        try {
            permits.acquire(places);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for running tasks", e);
        }
    }

    private synchronized void recordFailure(Throwable failed) {
        failure = failure == null ? WorkerPools.unwrap(failed) : failure;
    }

    private synchronized boolean hasFailed() {
        return failure != null;
    }

    private synchronized void throwFailure() {
        Throwable failed = failure;
        if (failed instanceof RuntimeException unchecked) {
            throw unchecked;
        } else if (failed instanceof Error error) {
            throw error;
        }
    }
}
