package dev.registrybackup.concurrent;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/**
 * Submits tasks to the worker pools, a bounded number at a time, for one thread with more tasks than fit into memory.
 * After the first failure running tasks finish and no more are accepted.
 */
public final class BoundedTaskGroup {
    private final WorkerPools workerPools;
    private final int concurrency;
    private final Semaphore permits;
    /** Fails with the first failure of a task. */
    private final CompletableFuture<Boolean> failure = new CompletableFuture<>();

    /**
     * A group without tasks.
     *
     * @param concurrency how many tasks run at once at most
     */
    public BoundedTaskGroup(WorkerPools workerPools, int concurrency) {
        this.workerPools = workerPools;
        this.concurrency = concurrency;
        this.permits = new Semaphore(concurrency);
    }

    /**
     * Submits the task to the pool for objects of this size in bytes, and returns once there is room for the next task.
     *
     * @throws RuntimeException the failure of an earlier task
     */
    public void submit(long bytes, Runnable work) {
        acquire(1);
        if (failure.isDone()) {
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
                        failure.completeExceptionally(WorkerPools.unwrap(failed));
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
        if (failure.isDone()) {
            WorkerPools.join(failure);
        }
    }

    private void acquire(int places) {
        try {
            permits.acquire(places);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for running tasks", e);
        }
    }
}
